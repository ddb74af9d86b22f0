"""Cost of a step against tasks and parameters, with fitted exponents, and the memory of the compiled step."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_optimization import protocol
from experiments.benchmark_optimization.protocol import LOOK, METHODS
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, field, jax, jnp, timing
from mtrl.harness.judge.measures import exact, slope, value
from mtrl.harness.picture import plots

WORDS = ("s", "time per step")
LARGE = ("mean", "MGDA", "PCGrad", "IMTL-G", "Aligned-MTL")


class ScalingConfig(BaseConfig):
    """One size at a time; the largest Jacobian has 8 x 10^6 entries at quick."""

    seeds: int = field(1, help="not used", lower=1)
    tasks: tuple[int, ...] = field((2, 4, 8, 16, 32), help="numbers of tasks, at the smallest P", lower=2)
    parameters: tuple[int, ...] = field(
        (10_000, 30_000, 100_000, 300_000, 1_000_000), help="numbers of parameters, at 8 tasks", lower=10
    )
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def buffers(tasks: int, parameters: int, method: str) -> tuple[int, int]:
    """Bytes of temporaries and results of the compiled step, and of the Jacobian."""
    J = jax.ShapeDtypeStruct((tasks, parameters), jnp.zeros(()).dtype)
    step = functools.partial(protocol.direction, method=method)
    return timing.working_bytes(step, J), tasks * parameters * J.dtype.itemsize


def run(config: ScalingConfig, seeds: np.ndarray) -> Any:
    """Timings and memory."""
    base = min(8, max(config.tasks))
    least = config.parameters[0]
    by_tasks = {(m, t): protocol.ours(protocol.jacobian(t, least), m) for m in METHODS for t in config.tasks}
    by_size = {(m, p): protocol.ours(protocol.jacobian(base, p), m) for m in LARGE for p in config.parameters}
    over_tasks, over_size = timing.compare(by_tasks, config.repeats), timing.compare(by_size, config.repeats)
    memory = np.array([[buffers(base, p, m) for p in config.parameters] for m in LARGE]) / 1e6
    axes = dict(method=METHODS, large=LARGE, tasks=config.tasks, parameters=config.parameters)
    return dataset(
        None,
        axes | {"repeat": np.arange(config.repeats)},
        by_tasks=(("method", "tasks", "repeat"), [[over_tasks[m, t] for t in config.tasks] for m in METHODS], *WORDS),
        by_parameters=(("large", "parameters", "repeat"), [[over_size[m, p] for p in config.parameters] for m in LARGE], *WORDS),
        megabytes=(("large", "parameters"), memory[..., 0], "MB", "memory beside the gradients"),
        gradients=(("parameters",), memory[0, :, 1], "MB", "memory of the gradients"),
    )  # fmt: skip


def draw(data: Any, config: ScalingConfig) -> Any:
    """Seconds against T and P, and megabytes."""
    figure, axes = plots.panel(1, 3, width=4.2)
    first, second, third = axes[0]
    plots.points(first, data["by_tasks"].rename(repeat="seed"), "tasks", "method", LOOK, linestyle="-")
    plots.finish(first, x="tasks T", log="y", ticks=config.tasks, title=f"P = {config.parameters[0]:,}", legend=None)
    plots.points(second, data["by_parameters"].rename(repeat="seed"), "parameters", "large", LOOK, linestyle="-")
    plots.finish(second, x="parameters P", log="xy", title="T = 8", legend=None)
    plots.theory(third, data["gradients"], "parameters", look=plots.Look("the gradients themselves", "0.35", line="--"))
    for name in LARGE:
        part = data["megabytes"].sel(large=name, drop=True)
        plots.curves(third, part, "parameters", look=LOOK[name], marker=LOOK[name].marker)
    title = "T = 8: beside the gradients, all methods alike\n(dashed: the gradients themselves)"
    plots.finish(third, x="parameters P", y="memory [MB]", log="xy", title=title, legend=None)
    for ax, name in ((first, "by_tasks"), (second, "by_parameters")):
        ax.set_ylim(bottom=0.3 * float(data[name].min()))  # bands of a shared machine reach below 0
    figure.legend(*first.get_legend_handles_labels(), loc="outside lower center", ncol=7)
    return figure


def exponent(name: str) -> Claim:
    """Time against P."""
    seconds = value("by_parameters", large=name).then(lambda array: array.rename(repeat="seed"))
    return Claim.speed(text=f"{name}: time grows at most linearly in the parameters (fitted exponent)",
                 paper="one pass over the gradients for the Gramian, one for the direction", measure=slope(seconds, "parameters"),
                 accepts=between(0.0, 1.15, ".15 for leaving the cache; below 1, fixed costs"), unit="exponent")  # fmt: skip


FIGURE = Figure(
    __name__,
    title="Cost and memory of a step against tasks and parameters",
    question="How do time and memory of an aggregation step grow with tasks and parameters?",
    presets={"smoke": dict(tasks=(2,), parameters=(20,), repeats=2)},
    claims=(
        *(exponent(name) for name in LARGE),
        Claim.speed(text="memory beside the gradients over theirs, at the largest size and worst method",
              paper="goal: no copy of the Jacobian",
              measure=exact((value("megabytes") / value("gradients")).then(lambda a: a.isel(parameters=-1).max(skipna=False))),
              accepts=between(0.0, 0.275), unit="ratio",
              reason="a direction is 1/8 of the gradients of 8 tasks: it, one as large beside it, and a tenth for small parts"),
    ),
)  # fmt: skip
