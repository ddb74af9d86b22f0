"""A sweep of DouExpDes over the number of tasks at many seeds, against NumPy with every pull drawn."""

import functools
import itertools

import numpy as np

from experiments.benchmark_pure_exploration import protocol
from experiments.benchmark_pure_exploration.literal_run import literal_sweep
from experiments.benchmark_pure_exploration.protocol import OURS, times
from mtrl import bandits
from mtrl.harness import Axis, BadInput, BaseConfig, Figure, dataset, field, jax, jnp, over_seeds, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.claims import Claim, between
from mtrl.harness.judge.measures import log, mean, value
from mtrl.harness.picture import plots

LITERAL = "NumPy"
LOOK = plots.looks({OURS: "this project", LITERAL: "NumPy, pull by pull"})


class IdentificationConfig(BaseConfig):
    """The canonical basis as arms; NumPy runs one seed of the sweep per round, its seconds are scaled to all seeds."""

    seeds: int = field(30, help="seeds run together", lower=1)
    tasks: tuple[int, ...] = field((10, 20, 50, 100, 150, 200), help="numbers of tasks M", lower=1, distinct=True)
    dim: int = field(5, help="dimension d, and number of arms", lower=2)
    rank: int = field(2, help="dimension of the shared features k", lower=1, at_most="dim")
    gap: float = field(0.4, help="smallest gap Delta_min", lower=0.0, strict=True)
    delta: float = field(0.005, help="chance of a wrong answer delta", lower=0.0, upper=1.0, strict=True)
    constant: float = field(16.0, help="constant of the number of feature batches c_F", lower=0.0, strict=True)
    repeats: int = field(5, help="interleaved repetitions, and NumPy's seeds", lower=2)

    def validate(self):
        """Fewer tasks than features do not show them."""
        if min(self.tasks) < self.rank:
            raise BadInput(
                f"tasks got {min(self.tasks)}, but must be at least rank={self.rank}: fewer do not span the features"
            )


def sweep(key, counts, omegas, numbers, *, tasks, dim, rank):
    """One seed at every M: pulls, whether an arm is wrong or left open, error of the features; (lane,) each."""
    explore = bandits.exploration

    def one(key, count, omega):
        problem = explore.canonical_tasks(numbers["gap"], tasks=tasks, dim=dim, rank=rank)
        problem = explore.first_tasks(problem, count)
        found = explore.dou_exp_des(
            key, explore.arm_sampler(problem), rank=rank, omega=omega, delta=numbers["delta"], constant=numbers["constant"]
        )  # fmt: skip
        wrong = jnp.any((explore.wrong(problem, found.best) & problem.present) | ~found.separated)
        return found.pulls.astype(float), wrong, explore.subspace_error(found.basis, problem.linear.basis)

    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(counts.shape[0]))
    return jax.vmap(one)(keys, counts, omegas)


def run(config, seeds):
    """Both in turn; a round of NumPy is another seed."""
    tasks = np.array(config.tasks, float)
    numbers = {"gap": config.gap, "delta": config.delta, "constant": config.constant}
    sizes = dict(tasks=max(config.tasks), dim=config.dim, rank=config.rank)
    omegas = bandits.exploration.canonical_diversity(tasks, config.gap, config.rank)
    ours = functools.partial(over_seeds, sweep, seeds, tasks, omegas, numbers, **sizes)
    found, rounds, literal = ours(), itertools.count(), []
    calls = {OURS: ours, LITERAL: lambda: literal.append(literal_sweep(next(rounds), config))}
    seconds = timing.compare(calls, config.repeats, warmup=0, shortest=0.0)
    seconds, least = np.stack([seconds[OURS], seconds[LITERAL] * len(seeds)]), limits.least(calls, OURS)
    names = ("pulls", "wrong", "error")
    words = (("pulls", "samples of all tasks"), ("1", "runs with a wrong arm"), ("1", "error of the features"))
    results = {}
    for name, x, y, w in zip(names, found, np.moveaxis(np.array(literal), 1, 0), words, strict=True):
        results |= {name: (("seed", "tasks"), x.astype(float), *w), f"{name}_literal": (("repeat", "tasks"), y, *w)}
    axes = {"method": list(LOOK), "repeat": np.arange(config.repeats), "limited_by": limits.BOUNDS}
    return dataset(
        seeds,
        axes | {"tasks": Axis(config.tasks, words="number of tasks M")},
        seconds=(("method", "repeat"), seconds, "s", f"wall time per sweep at {len(seeds)} seeds"),
        seconds_least=(("method", "limited_by"), [least[name] for name in LOOK], "s", least.words),
        **results,
    )


def draw(data, config):
    """Seconds, samples and errors of both."""
    figure, axes = plots.panel(1, 3, width=3.5, height=3.5)
    title = f"d = {config.dim}, k = {config.rank}, M from {min(config.tasks)} to {max(config.tasks)}"
    protocol.bars(axes[0, 0], data["seconds"], LOOK, OURS, title=title)
    most = max(config.tasks)
    apart = [m for m in config.tasks if m == most or 1.5 * m <= most]
    for ax, name in zip(axes[0, 1:], ("pulls", "error"), strict=True):
        words = {} if name == "pulls" else {"words": ""}
        plots.points(ax, data[name], "tasks", look=LOOK[OURS]._replace(**words))
        other = data[f"{name}_literal"].rename(repeat="seed")
        plots.points(ax, other, "tasks", look=LOOK[LITERAL]._replace(**words), markersize=9, markerfacecolor="none")
        plots.finish(ax, log="xy", ticks=apart, y=plots.axis_words(data[name]))
    return figure


def rounds_of(name):
    """NumPy's results, its rounds as seeds."""
    return value(f"{name}_literal").then(lambda array: array.rename(repeat="seed"))


def middle(name):
    """Ours, averaged over seeds."""
    return value(name).then(lambda array: array.mean("seed"))


FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.seeds} seeds, d = {c.dim}, M = {min(c.tasks)} to {max(c.tasks)}",
    title="DouExpDes over the number of tasks: time against NumPy, and the same results",
    question="How much time does DouExpDes take over the number of tasks, against NumPy, and are the results the same?",
    claims=(
        protocol.faster("a sweep over M at all seeds: times faster than NumPy", 20.0,
                        times(LITERAL, OURS, "a sweep of DouExpDes", LOOK[LITERAL].words),
                        "NumPy is timed on one seed a round and scaled; it shares a design among tasks with the same active arms"),
        Claim.reference("samples of NumPy over ours, all M (log)", "the same algorithm",
              mean(log(rounds_of("pulls") / middle("pulls")).over("tasks")), between(-0.01, 0.01), 
              unit="log ratio", value=0.0, reason="a percent, for designs at their certificate and rounding up"),
        Claim.reference("error of the features of NumPy over ours, all M (log)", "the same algorithm",
              mean(log(rounds_of("error").over("tasks") / middle("error").over("tasks"))), between(-0.7, 0.7), 
              unit="log ratio", value=0.0, reason="a factor of two: few seeds of NumPy, of a chi-square error"),
        Claim.reference("share of runs of NumPy with a wrong arm, minus ours", "the same algorithm",
              mean((rounds_of("wrong") - middle("wrong")).over("tasks")),
              between(-0.01, 0.01, "both may be wrong in delta = 0.005 of the runs"), unit="share", value=0.0),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=(4, 8), gap=0.8, constant=4.0, repeats=2),
        "paper": dict(repeats=15),
    },
)  # fmt: skip
