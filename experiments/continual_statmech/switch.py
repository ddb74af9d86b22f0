"""The paper's Figures 1b, c: errors on both tasks over the epochs, with the switch to the second in the middle."""

from typing import Any

import numpy as np

from experiments.continual_statmech import protocol
from mtrl import continual
from mtrl.harness import Axis, BaseConfig, Claim, Figure, dataset, field, jnp, less_than_zero, over_seeds, split_named
from mtrl.harness.judge.measures import FIRST, LAST, mean, value
from mtrl.harness.picture import plots

UNIT = "share of inputs"


class SwitchConfig(BaseConfig):
    """Full-batch momentum gradient descent; the paper has N = 1000."""

    seeds: int = field(6, help="trials", lower=1)
    dim: int = field(200, help="inputs N", lower=2)
    epochs: int = field(3000, help="epochs of either task", lower=1)
    every: int = field(30, help="epochs between two records", lower=1)
    rate: float = field(1e-3, help="learning rate", lower=0.0, strict=True)
    momentum: float = field(0.9, help="momentum", lower=0.0, upper=0.999)
    gamma: float = field(1.0, help="weight of the KL term", lower=0.0)
    r0: float = field(0.0, help="overlap of the teachers", lower=-1.0, upper=1.0)
    load_first: float = field(2.0, help="load of task 1", lower=0.0, strict=True)
    loads: tuple[float, ...] = field((1.0, 2.0, 4.0), help="loads alpha2", lower=0.0, strict=True, distinct=True)
    beta: float = field(20.0, help="inverse temperature of the theory", lower=0.0, strict=True)
    nodes: int = field(60, help="nodes of a Gaussian in the theory", lower=15)

    validate = protocol.check_records


def both(key: Any, count: Any, numbers: Any, *, dim: int, rows: tuple[int, int], epochs: int, every: int) -> Any:
    """(epoch, task) errors of one trial."""
    import optax

    rate, momentum, gamma, r0 = numbers
    keys = split_named(key, "world", "start", "steps")
    teachers, (first, second) = protocol.world(keys["world"], (rows[0], count), dim=dim, most=rows, r0=r0)
    descent, how = optax.sgd(rate, momentum), dict(count=epochs, every=every)
    plain = continual.bivcl(optimiser=descent)
    state, before = protocol.epochs(keys["steps"], plain, plain.init(keys["start"], first), first, teachers, **how)
    rule = continual.bivcl(optimiser=descent, gamma=gamma, anchor=state.theta, start=state.theta)
    after = protocol.epochs(keys["steps"], rule, rule.init(keys["start"], second), second, teachers, **how)[1]
    return jnp.stack([jnp.concatenate([getattr(x, name) for x in (before, after)]) for name in ("eps1", "eps2")], -1)


def run(config: SwitchConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    loads = np.sort(config.loads)
    counts = [continual.problem.examples_of(float(load), config.dim) for load in (config.load_first, *loads)]
    numbers = tuple(np.float32(x) for x in (config.rate, config.momentum, config.gamma, config.r0))
    fixed = dict(dim=config.dim, rows=(counts[0], counts[-1]), epochs=config.epochs, every=config.every)
    eps = [over_seeds(both, seeds, count, numbers, in_turn=True, **fixed) for count in counts[1:]]
    found, theory = protocol.two_task_theory(loads, (config.r0,), (config.gamma,), config)
    ends = protocol.masked(protocol.error_of(np.stack([theory.p1, theory.p2], -1)), theory.converged[..., None])[0, 0]
    when = np.arange(config.every, 2 * config.epochs + 1, config.every)
    return dataset(
        seeds,
        {"load": Axis(loads, words="alpha2"), "epoch": Axis(when, "1", "epoch"), "task": [1, 2]},
        eps=(("seed", "load", "epoch", "task"), np.stack(eps, 1), UNIT, protocol.EPS),
        eps_theory=(("load", "task"), ends, UNIT, protocol.EPS),
        first_theory=((), protocol.error_of(found.p), UNIT, protocol.EPS),
    )  # fmt: skip


def draw(data: Any, config: SwitchConfig) -> Any:
    """A panel per task, the theory's values after task 2 as levels over its epochs."""
    figure, axes = plots.panel(1, 2, width=5.0, height=3.8)
    table = plots.looks({float(load): f"alpha2 = {load:g}" for load in data["load"].values})
    for ax, task in zip(axes[0], (1, 2), strict=True):
        plots.curves(ax, data["eps"].sel(task=task), "epoch", "load", table)
        for load, look in table.items():
            level = float(data["eps_theory"].sel(task=task, load=load))
            ax.plot([config.epochs, 2 * config.epochs], [level] * 2, color=look.color, linestyle="--", linewidth=1.2)
        ax.axvline(config.epochs, color="0.8", zorder=0)
        plots.finish(ax, x="epoch", y=f"eps{task} [{UNIT}]", title=f"task {task}; dashed: theory after task 2", ylim=(-0.02, 0.56),
                     legend="best" if task == 1 else None)  # fmt: skip
    return figure


def end(task: int, **where: Any) -> Any:
    """Error at the last epoch."""
    return value("eps", task=task, epoch=LAST, **where)


FIGURE = Figure(
    __name__,
    title="Errors on both tasks over the epochs, with the switch in the middle (Figures 1b, c)",
    question="How much of the first task is forgotten after the switch to the second, depending on how much data each had?",
    claims=(
        Claim("more data of task 2, more of task 1 forgotten: smallest alpha2 minus largest", "Figure 1b (ordering)",
              mean(end(1, load=FIRST) - end(1, load=LAST)), less_than_zero, unit=UNIT),
        Claim("more data of task 2, task 2 learnt better: largest alpha2 minus smallest", "Figure 1c (ordering)",
              mean(end(2, load=LAST) - end(2, load=FIRST)), less_than_zero, unit=UNIT),
        protocol.agrees("eps1 at the last epoch", end(1), value("eps_theory", task=1), "Figure 1b"),
        protocol.agrees("eps2 at the last epoch", end(2), value("eps_theory", task=2), "Figure 1c"),
    ),
    optional=("eps_theory",),
    presets={
        "smoke": dict(seeds=2, dim=20, epochs=4, every=2, loads=(0.25, 0.5, 1.0), nodes=15),
        "paper": dict(seeds=20, dim=1000),
    },
)  # fmt: skip
