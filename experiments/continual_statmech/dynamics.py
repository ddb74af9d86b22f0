"""The paper's Figure 1a: generalisation error of one task over the epochs of stochastic gradient descent."""

from typing import Any

import numpy as np

from experiments.continual_statmech import protocol
from experiments.continual_statmech.protocol import EPS, FULL
from mtrl import continual
from mtrl.harness import Axis, BaseConfig, Claim, Figure, dataset, field, less_than_zero, over_seeds, split_named
from mtrl.harness.judge.measures import FIRST, LAST, mean, value, worst
from mtrl.harness.picture import plots

ABOVE = "from above"


class DynamicsConfig(BaseConfig):
    """Momentum SGD; the paper has N = 1000."""

    seeds: int = field(8, help="trials", lower=1)
    dim: int = field(300, help="inputs N", lower=2)
    epochs: int = field(500, help="epochs", lower=2)
    every: int = field(10, help="epochs between two records", lower=1)
    loads: tuple[float, ...] = field((0.5, 1.0, 1.5, 2.0), help="loads alpha", lower=0.0, strict=True, distinct=True)
    rate: float = field(0.03, help="learning rate", lower=0.0, strict=True)
    momentum: float = field(0.9, help="momentum", lower=0.0, upper=0.999)
    beta: float = field(20.0, help="inverse temperature of the theory", lower=0.0, strict=True)
    nodes: int = field(60, help="nodes of a Gaussian in the theory", lower=15)
    step: float = field(0.1, help="step of the loads along which the theory is followed", lower=0.01, upper=0.5)

    validate = protocol.check_records

    def batch(self, load):
        """max(ceil(P/20), 10) rows, at most P."""
        count = continual.problem.examples_of(float(load), self.dim)
        return min(max(-(-count // 20), 10), count)


def descend(
    key: Any, count: Any, size: Any, rate: Any, momentum: Any, *, dim: int, rows: int, most: int, epoch: int, every: int
) -> Any:
    """One trial."""
    import optax

    keys = split_named(key, "world", "start", "batches")
    teachers, (task, _) = protocol.world(keys["world"], (count, 1), dim=dim, most=(rows, 1), r0=0.0)
    algorithm = continual.bivcl(optimiser=optax.sgd(rate, momentum))
    state = algorithm.init(keys["start"], task)
    how = dict(count=epoch, every=every, most=most, size=size)
    return protocol.epochs(keys["batches"], algorithm, state, task, teachers, **how)[1].eps1


def run(config: DynamicsConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    loads = np.sort(config.loads)
    sizes = [config.batch(load) for load in loads]
    fixed = dict(dim=config.dim, rows=round(loads[-1] * config.dim), most=max(sizes), epoch=config.epochs,
                 every=config.every)  # fmt: skip
    numbers = np.float32(config.rate), np.float32(config.momentum)
    seen = [
        over_seeds(descend, seeds, round(load * config.dim), size, *numbers, in_turn=True, **fixed)
        for load, size in zip(loads, sizes, strict=True)
    ]
    grid = np.unique(np.round(np.r_[np.arange(config.step, 2.01, config.step), loads], 10))
    at = np.searchsorted(grid, np.round(loads, 10))
    up, down = protocol.branches(grid, config)
    theory = np.stack([protocol.masked(protocol.error_of(x.p), x.converged)[at] for x in (up, down)])
    when = np.arange(config.every, config.epochs + 1, config.every)
    return dataset(
        seeds,
        {"load": Axis(loads, words="examples per input, alpha"), "epoch": Axis(when, "1", "epoch"), "theory": [FULL, ABOVE]},
        eps=(("seed", "load", "epoch"), np.stack(seen, 1), "share of inputs", EPS),
        eps_theory=(("theory", "load"), theory, "share of inputs", EPS),
    )  # fmt: skip


def draw(data: Any, config: DynamicsConfig) -> Any:
    """Mean, range of the trials, and the theory's two branches as levels."""
    figure, axes = plots.panel(1, 1, width=6.0, height=4.2)
    ax = axes[0, 0]
    for load, look in plots.looks({a: f"alpha = {a:g}" for a in data["load"].values}).items():
        part = data["eps"].sel(load=load)
        ax.plot(data["epoch"], part.mean("seed"), color=look.color, label=look.words)
        ax.fill_between(data["epoch"], part.min("seed"), part.max("seed"), color=look.color, alpha=0.15, linewidth=0)
        for line, style in zip(data["eps_theory"].sel(load=load).values, ("-", "--"), strict=True):
            ax.axhline(line, color=look.color, linewidth=1, linestyle=style)
    plots.finish(ax, x="epoch", y=f"{EPS} [share of inputs]", ylim=(-0.01, 0.52),
                 title="levels: theory, from above dashed; shade: range of trials",
                 legend=dict(ncol=2, fontsize=8, loc="upper right"))  # fmt: skip
    return figure


END = value("eps", epoch=LAST)
FIGURE = Figure(
    __name__,
    title="Generalisation error over the epochs of stochastic gradient descent (Figure 1a)",
    question="How does the error fall over the epochs of stochastic gradient descent, and does it end where the theory says?",
    claims=(
        Claim("more data, lower error at the end: the next larger alpha minus the smaller one, worst pair", "Figure 1a (ordering)",
              worst(END.then(lambda array: array.diff("load"))), less_than_zero, unit="share of inputs"),
        Claim("learning lowers the error, least alpha: last epoch minus first record", "Figure 1a (ordering)",
              mean(END.at(load=FIRST) - value("eps", epoch=FIRST, load=FIRST)), less_than_zero, unit="share of inputs"),
        protocol.agrees("eps at the last epoch, alpha of at most 1", END.then(lambda a: a.where(a["load"] <= 1, drop=True)),
                        value("eps_theory", theory=FULL).then(lambda a: a.where(a["load"] <= 1, drop=True)), "Figure 1a"),
    ),
    optional=("eps_theory",),
    presets={
        "smoke": dict(seeds=2, dim=20, epochs=4, every=2, loads=(0.5, 1.0), step=0.5, nodes=15),
        "paper": dict(seeds=20, dim=1000),
    },
)  # fmt: skip
