"""One aggregation step at several numbers of tasks and parameters: ours, NumPy as written, convex programs, TorchJD where installed.

A step is timed as a training makes it: our steps follow each other in one compiled loop, one on each of some Jacobians, the others' in
a loop of Python over the same ones. A compiled call on its own costs some 0.05 ms before it starts, several of TorchJD's shortest steps.
"""

from typing import Any

import numpy as np

from experiments.benchmark_optimization import protocol, yardsticks
from experiments.benchmark_optimization.protocol import METHODS
from experiments.benchmark_optimization.yardsticks import PROGRAMS, TORCH
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, field, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import Absent, exact, times_faster, value
from mtrl.harness.picture import plots

NUMPY = ("mean", "MGDA", "PCGrad", "IMTL-G", "Aligned-MTL")
LOOK = plots.looks({"ours": "this project", "yardstick": "NumPy as written; convex program", "torch": "TorchJD"})
ENTRIES = 2_000_000  # of all Jacobians of a loop
SHOWN = 1000  # entries of a direction that are stored


class AggregationConfig(BaseConfig):
    """Seconds per step on one Jacobian; the yardstick of Nash-MTL and CAGrad is a convex program at equal accuracy."""

    seeds: int = field(1, help="not used", lower=1)
    tasks: tuple[int, ...] = field((2, 8, 40), help="numbers of tasks T", lower=2)
    parameters: tuple[int, ...] = field((10_000,), help="numbers of shared parameters P", lower=10)
    steps: int = field(20, help="steps of a loop, fewer where the Jacobians are large", lower=1)
    program_tasks: int = field(8, help="most tasks at which the convex programs run", lower=0)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def run(config: AggregationConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings of all sides at every size, and their directions."""
    peers = yardsticks.installed()
    sides = [side for side in LOOK if side != "torch" or peers]
    shape = (len(METHODS), len(config.tasks), len(config.parameters), len(sides))
    seconds = np.full((*shape, config.repeats), np.nan)
    kept, least = np.full((*shape, SHOWN), np.nan), np.full((*shape, 2), np.nan)
    for t, tasks in enumerate(config.tasks):
        for p, parameters in enumerate(config.parameters):
            steps = max(1, min(config.steps, ENTRIES // (tasks * parameters)))
            Js = np.stack([protocol.jacobian(tasks, parameters, seed) for seed in range(steps)])
            calls = {}
            for m, method in enumerate(METHODS):
                calls[m, 0] = protocol.ours(Js, method)
                if method in NUMPY or tasks <= config.program_tasks:
                    calls[m, 1] = yardsticks.numpy_step(Js, method)
                if peers and method in TORCH:
                    calls[m, 2] = yardsticks.torch_step(Js, method)
            at_best = limits.least(calls, *(name for name in calls if name[1] == 0))
            for (m, side), rounds in timing.compare(calls, config.repeats).items():
                alone = side == 1 and METHODS[m] in PROGRAMS
                seconds[m, t, p, side] = np.asarray(rounds) / (1 if alone else steps)
                least[m, t, p, side] = at_best[m, side] / steps
                found = np.asarray(calls[m, side]())
                found = found.reshape(-1, parameters)[-1, :SHOWN]  # of the last Jacobian
                kept[m, t, p, side, : len(found)] = found
    dims = ("method", "tasks", "parameters", "side")
    labels = dict(zip(dims, (METHODS, config.tasks, config.parameters, sides), strict=True))
    return dataset(
        None,
        labels | {"repeat": np.arange(config.repeats), "limited_by": limits.BOUNDS},
        seconds=((*dims, "repeat"), seconds, "s", "time per step"),
        seconds_least=((*dims, "limited_by"), least, "s", at_best.words),
        direction=((*dims, "entry"), kept),
    )


def faster(method: str, goal: float, words: str, side: str = "yardstick") -> Claim:
    """Claim on a yardstick's seconds over ours, at every size."""
    seconds = value("seconds", method=method)
    ratio = times_faster(seconds.at(side=side), seconds.at(side="ours"), f"a step of {method}", words)
    return Claim.faster(f"{method} at every size: times faster than {words}", goal, ratio, LIMITS.get(method, ""))


# Bytes, flops and numbers of operations are those of the compiled step by its own cost analysis, P = 10,000 in float64.
LOOP = (
    "the loop of compiled steps copies each Jacobian out of their stack and puts the direction into one, which a training that has the "
    "gradients at hand does not"
)
GRAMIAN = (
    "at T = 40 the Gramian takes four fifths of a step, 1.4 ms in XLA's product of a long matrix with its transpose, .9 to 1.1 ms in "
    "NumPy's BLAS, which makes half of a symmetric product"
)
LIMITS = {
    "mean": "the limit: a mean is one pass over the gradients, .16 MB at T = 2; ours moves .50 MB, since it looks whether every entry is "
    f"finite and writes under that mask; {LOOP}",
    **dict.fromkeys(
        ("MGDA", "PCGrad", "IMTL-G"),
        "the limit: at T = 2 a step has .13 million operations but moves .56 MB, of gradients of .16, for the Gramian, the direction and "
        f"the check of every entry, in 70 to 220 small operations one after the other, and at T = 8 1.5 MB of .64; {GRAMIAN}; {LOOP}",
    ),
    "Aligned-MTL": f"the limit: {GRAMIAN}; an eigenvalue decomposition is what is left, on either side",
}


def draw(data: Any, config: AggregationConfig) -> Any:
    """Seconds per step, a panel per size."""
    figure, axes = plots.panel(data.sizes["parameters"], data.sizes["tasks"], width=4.4, height=3.4, sharey=True)
    room = (0.3 * float(data["seconds"].min()), 30 * float(data["seconds"].max()))
    for row, parameters in zip(axes, config.parameters, strict=True):
        for ax, tasks in zip(row, config.tasks, strict=True):
            here = data["seconds"].sel(tasks=tasks, parameters=parameters)
            for side, look in LOOK.items():
                if side in data["side"].values:
                    part = here.sel(side=side).rename(repeat="seed").assign_coords(method=np.arange(len(METHODS)))
                    plots.points(ax, part, "method", look=look)
            ax.set_xticks(range(len(METHODS)), METHODS, rotation=40, ha="right")
            words = dict(x="aggregator", y="time per step [s]", title=f"T = {tasks}, P = {parameters:,}")
            plots.finish(ax, log="y", ylim=room, legend="upper left" if ax is axes[0, 0] else None, **words)
    return figure


def disagreement(*methods: str) -> Any:
    """Largest distance of the sides' directions over their size, where both ran."""

    def largest(array: Any) -> Any:
        array = array.sel({"method": list(methods)})
        ours, other = array.sel(side="ours", drop=True), array.sel(side="yardstick", drop=True)
        ran = other.notnull().any("entry")
        if not ran.any():
            raise Absent("no yardstick ran")
        gap = abs(ours - other).max("entry") / abs(other).max("entry")
        return gap.where(ran, 0.0).max(skipna=False)

    return exact(value("direction").then(largest))


FIGURE = Figure(
    __name__, headline=True, size=lambda c, at: f"T = {at['tasks']}, P = {at['parameters']:,}", optional=("seconds", "direction"),
    title="One aggregation step against NumPy, convex programs and TorchJD",
    question="How fast is one aggregation step, against NumPy, convex programs and TorchJD at equal accuracy?",
    presets={
        "smoke": dict(tasks=(2,), parameters=(20,), program_tasks=0, repeats=2),
        "paper": dict(parameters=(10_000, 1_000_000), program_tasks=40, repeats=10),
    },
    claims=(
        *(faster(name, 5.0, "NumPy as written") for name in NUMPY),
        *(faster(name, 50.0, "its convex program in cvxpy") for name in PROGRAMS),
        *(faster(name, 5.0, "TorchJD", "torch") for name in TORCH),
        Claim.sanity(text="ours and NumPy give the same directions (largest relative distance)",
              paper="same closed forms, same iteration", measure=disagreement("mean", "MGDA", "IMTL-G", "Aligned-MTL"),
              accepts=between(0.0, 1e-8, "the Gramian squares a condition of up to 1e3"), unit="relative"),
        Claim.sanity(text="ours and the convex programs give the same directions (largest relative distance)", paper="same optimum",
              measure=disagreement(*PROGRAMS),
              accepts=between(0.0, 1e-3, "the conic solver's 1e-8 on the value is about 1e-4 on the point"), unit="relative"),
    ),
)  # fmt: skip
