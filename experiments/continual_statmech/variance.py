"""The paper's Figure 2d: generalisation error against the mean squared magnetisation, in theory and along gradient descent."""

from typing import Any

import numpy as np

from experiments.continual_statmech import protocol
from mtrl import continual
from mtrl.harness import Axis, BaseConfig, Figure, dataset, evaluate, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.claims import Claim, less_than_zero
from mtrl.harness.judge.measures import FIRST, LAST, Interval, mean, value
from mtrl.harness.picture import plots

UNIT = "share of inputs"


class VarianceConfig(BaseConfig):
    """Momentum SGD; the paper has N = 1000."""

    seeds: int = field(6, help="trials", lower=1)
    dim: int = field(300, help="inputs N", lower=2)
    load: float = field(2.0, help="load alpha", lower=0.0, strict=True)
    epochs: int = field(500, help="epochs", lower=2)
    every: int = field(10, help="epochs between two records", lower=1)
    rate: float = field(1e-3, help="learning rate", lower=0.0, strict=True)
    momentum: float = field(0.9, help="momentum", lower=0.0, upper=0.999)
    beta: float = field(5.0, help="inverse temperature of the theory", lower=0.0, strict=True)
    nodes: int = field(60, help="nodes of a Gaussian in the theory", lower=15)
    kept: tuple[float, ...] = field((0.75, 0.8, 0.85, 0.9, 0.95, 0.99), help="values of q* at which slow runs are kept",
                                    lower=0.0, upper=1.0, strict=True)  # fmt: skip
    points: int = field(25, help="points of the theory between the least and the largest of them", lower=2)

    validate = protocol.check_records


def trial(
    key: Any, targets: Any, rate: Any, momentum: Any, *, dim: int, rows: int, size: int, epochs: int, every: int
) -> Any:
    """The free run, and one for every target that is brought back to its q* after each step; each (..., record, [eps, q*])."""
    import optax

    keys = split_named(key, "world", "start", "batches")
    teachers, (task, _) = protocol.world(keys["world"], (rows, 1), dim=dim, most=(rows, 1), r0=0.0)
    free = continual.bivcl(optimiser=optax.sgd(rate, momentum))

    def go(target):
        def step(key, state, batch):
            state, info = free.step(key, state, batch)
            return state._replace(
                theta=jnp.where(target > 0, continual.scaled_to(state.theta, target), state.theta)
            ), info

        how = dict(count=epochs, every=every, most=size, size=size)
        begun, rule = free.init(keys["start"], task), free._replace(step=step)
        seen = protocol.epochs(keys["batches"], rule, begun, task, teachers, **how)[1]
        return jnp.stack([seen.eps1, seen.q_star], -1)

    return jax.lax.map(go, targets)


def theory_curve(values: Any, load: Any, beta: Any, *, nodes: int) -> Any:
    """Saddle points at given q*, and the free one from above."""
    how = dict(load=load, beta=beta, nodes=nodes, sites=protocol.sites_for(nodes))
    given = jax.lax.map(lambda q: continual.fixed_variance(q, **how), values)
    return given, continual.saddle_point(**how, start=jnp.array(continual.WARM))


def run(config: VarianceConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    rows = continual.problem.examples_of(config.load, config.dim)
    size = min(max(-(-rows // 20), 10), rows)
    targets = np.array([0.0, *sorted(config.kept)], np.float32)
    numbers = targets, np.float32(config.rate), np.float32(config.momentum)
    sizes = dict(dim=config.dim, rows=rows, size=size, epochs=config.epochs, every=config.every)
    seen = over_seeds(trial, seeds, *numbers, in_turn=True, **sizes)
    grid = np.linspace(min(config.kept), max(config.kept), config.points)
    given, free = evaluate(theory_curve, grid, config.load, config.beta, nodes=config.nodes)
    words = "mean squared magnetisation q*"
    when = np.arange(config.every, config.epochs + 1, config.every)
    return dataset(
        seeds,
        {"epoch": Axis(when, "1", "epoch"), "kept": Axis(sorted(config.kept), "1", words), "q_star": Axis(grid, "1", words)},
        path_eps=(("seed", "epoch"), seen[:, 0, :, 0], UNIT, protocol.EPS),
        path_q_star=(("seed", "epoch"), seen[:, 0, :, 1], "1", words),
        slow=(("seed", "kept"), seen[:, 1:, -1, 0], UNIT, protocol.EPS),
        theory=("q_star", protocol.masked(protocol.error_of(given.p), given.converged), UNIT, protocol.EPS),
        residual=("q_star", given.residual, "1", "residual"),
        phi=("q_star", protocol.masked(given.phi, given.converged), "nat", "Phi"),
        free=((), free.q_star, "1", "q* of the free saddle point"),
    )  # fmt: skip


def draw(data: Any, config: VarianceConfig) -> Any:
    """Error against q*."""
    figure, axes = plots.panel(1, 1, width=5.6, height=4.0)
    ax, table = axes[0, 0], plots.looks(("theory, q* given", "gradient descent, free", "gradient descent, kept at q*"))
    looks = list(table.values())
    plots.theory(ax, data["theory"], "q_star", look=looks[0])
    path = [data[name].mean("seed") for name in ("path_q_star", "path_eps")]
    ax.plot(*path, color=looks[1].color, marker=".", linewidth=1, label=looks[1].words)
    plots.points(ax, data["slow"], "kept", look=looks[2])
    ax.axvline(float(data["free"]), color="0.8", zorder=0, label="free saddle point")
    title, legend = f"alpha = {config.load:g}, beta = {config.beta:g}", dict(fontsize=8, loc="upper right")
    plots.finish(ax, x="mean squared magnetisation q*", ylim=(-0.02, 0.75), title=title, legend=legend)
    return figure


def falls(data: Any, config: Any) -> Any:
    """Last minus first finite value of the theory."""
    found = data["theory"].values[np.isfinite(data["theory"].values)]
    return Interval(*[float(found[-1] - found[0]) if found.size > 1 else np.nan] * 3)


FIGURE = Figure(
    __name__,
    title="Generalisation error against the mean squared magnetisation (Figure 2d)",
    question="Do surer weights, with larger mean squared magnetisation, generalise better?",
    claims=(
        Claim("surer weights, lower error in theory: eps at the largest given q* minus that at the least", "Figure 2d (ordering)", falls,
              less_than_zero, unit=UNIT),
        Claim("surer weights, lower error of descent that is kept there: largest minus least q*", "Figure 2d (ordering)",
              mean(value("slow", kept=LAST) - value("slow", kept=FIRST)), less_than_zero, unit=UNIT),
        Claim("free descent lowers the error as q* grows: last record minus first", "Figure 2d (ordering)",
              mean(value("path_eps", epoch=LAST) - value("path_eps", epoch=FIRST)), less_than_zero, unit=UNIT),
    ),
    optional=("theory", "phi"),
    presets={
        "smoke": dict(seeds=2, dim=20, epochs=4, every=2, kept=(0.75, 0.99), points=2, nodes=15),
        "paper": dict(seeds=20, dim=1000),
    },
)  # fmt: skip
