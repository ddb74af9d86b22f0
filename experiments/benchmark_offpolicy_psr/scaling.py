"""Cost of the posteriors against the number of tasks, and of the tree recursion against the horizon, with fitted exponents."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_offpolicy_psr import literal, programs
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, evaluate, field, jax, timing
from mtrl.harness.judge.measures import slope, value
from mtrl.harness.judge.quantities import Quantity, log
from mtrl.harness.picture import plots
from mtrl.numerics import moments

LOOK = plots.looks({"ours": "this project", "numpy": "NumPy"})


class ScalingConfig(BaseConfig):
    """Seconds along one size at a time; NumPy loops over tasks, and takes whole stages of the tree at once."""

    seeds: int = field(1, help="not used", lower=1)
    tasks: tuple[int, ...] = field((1000, 2000, 4000, 8000, 16_000), help="tasks m", lower=1, distinct=True)
    dim: int = field(10, help="features d", lower=1)
    rows: int = field(20, help="logged interactions per task", lower=1)
    horizons: tuple[int, ...] = field((5, 6, 7, 8, 9), help="horizons H", lower=2, distinct=True)
    observations: int = field(3, help="observations O", lower=2)
    actions: int = field(2, help="actions A", lower=2)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def tasks_calls(tasks: int, config: ScalingConfig) -> dict[tuple, Any]:
    """Both methods' posteriors of that many tasks, from the sums."""
    rng, n, d = np.random.default_rng(0), config.rows, config.dim
    x, y = rng.uniform(-0.5, 0.5, (tasks, n, d)), rng.normal(size=(tasks, n))
    data = jax.device_put(evaluate(moments.moments, x, y))
    G, B = (np.asarray(part) / literal.NOISE**2 for part in (data.gram, data.cross))
    return {
        ("ours", tasks): functools.partial(evaluate, programs.posteriors, data, programs.prior_of(d)),
        ("numpy", tasks): functools.partial(literal.posteriors, G, B),
    }


def horizon_calls(horizon: int, config: ScalingConfig) -> dict[tuple, Any]:
    """Both methods' total variation and policy of two laws; random ones, since the recursion does not look at them."""
    rng, (first, *more) = np.random.default_rng(0), (config.observations, config.actions)
    shape = (first, *(*more, first) * (horizon - 1))
    p, q = (table / first**horizon for table in rng.uniform(0, 2, (2, *shape)))
    ready = jax.device_put((p, q))
    return {
        ("ours", horizon): functools.partial(evaluate, programs.furthest, *ready),
        ("numpy", horizon): functools.partial(literal.by_stage, p, q),
    }


def run(config: ScalingConfig, seeds: np.ndarray) -> Any:
    """All sizes of an axis in turn."""
    sizes, variables = {"m": sorted(config.tasks), "H": sorted(config.horizons)}, {}
    for axis, make in (("m", tasks_calls), ("H", horizon_calls)):
        calls = {}
        for size in sizes[axis]:
            calls |= make(size, config)
        timed = timing.compare(calls, config.repeats)
        rows = [[timed[method, size] for size in sizes[axis]] for method in LOOK]
        variables[f"seconds_{axis}"] = (("method", axis, "repeat"), rows, "s", "wall time")
    return dataset(None, {**sizes, "method": list(LOOK), "repeat": np.arange(config.repeats)}, **variables)


def stage(data: Any, config: ScalingConfig) -> float:
    """Logarithm of the trajectories that a further stage multiplies, O A."""
    return float(np.log(config.observations * config.actions))


def exponent(method: str, axis: str) -> Any:
    """Fitted exponent of the seconds, in m or in the number of trajectories O^H A^(H-1), with its interval over the timed rounds."""
    seconds = value(f"seconds_{axis}", method=method).then(lambda array: array.rename(repeat="seed"))
    return slope(seconds, axis) if axis == "m" else slope(log(seconds) / Quantity(stage), axis, logs=False)


def draw(data: Any, config: ScalingConfig) -> Any:
    """Seconds on logarithmic axes, with lines of exponent 1 through the last size."""
    figure, axes = plots.panel(1, 2, width=4.8, height=3.6)
    for ax, axis in zip(axes[0], ("m", "H"), strict=True):
        seconds, some = data[f"seconds_{axis}"].rename(repeat="seed"), data.sizes[axis] > 2
        size = "m" if axis == "m" else "N"
        fitted = {k: f": ~{size}^{exponent(k, axis)(data, config).value:.2f}" if some else "" for k in LOOK}
        plots.points(ax, seconds, axis, "method", {k: LOOK[k]._replace(words=LOOK[k].words + fitted[k]) for k in LOOK})
        at = data[axis].astype(float)
        power = at / at[-1] if axis == "m" else np.exp(stage(data, config) * (at - at[-1]))
        law = seconds.mean("seed").isel({axis: -1}) * power
        lines = {k: LOOK[k]._replace(words="" if k != "ours" else "exponent 1") for k in LOOK}
        plots.theory(ax, law, axis, "method", lines)
        tree = f"tree, O = {config.observations}, A = {config.actions}"
        title = f"posteriors, d = {config.dim}" if axis == "m" else tree
        words = "tasks m" if axis == "m" else "horizon H (N = O^H A^(H-1) trajectories)"
        room = dict(ylim=(None, 5 * float(seconds.max())), legend=dict(fontsize=8, loc="upper left"))
        ticks = {"ticks" if axis == "m" else "xticks": data[axis].values}
        plots.finish(ax, x=words, y="wall time [s]", title=title, log="xy" if axis == "m" else "y", **ticks, **room)
    return figure


def at_most_linear(text: str, paper: str, axis: str, bound: float, reason: str) -> Claim:
    """Claim: the fitted exponent is about 1 or below."""
    return Claim.speed(text, paper, exponent("ours", axis), between(0.0, bound), unit="exponent", reason=reason)


FIGURE = Figure(
    __name__,
    title="Cost against tasks and horizon",
    question="How does the cost of posteriors and trees grow with tasks and horizon?",
    presets={"smoke": dict(tasks=(4,), dim=3, rows=4, horizons=(2,), observations=2, repeats=2)},
    claims=(
        at_most_linear("posteriors cost at most linearly in the number of tasks (fitted exponent)", "derived: m d^3", "m", 1.2,
                       "1 and .2 for caches; no cost falls with size"),
        at_most_linear("the tree recursion costs at most linearly in the number of trajectories (fitted exponent)",
                       "derived: O^H A^(H-1) additions", "H", 1.2, "1 and .2 for caches; no cost falls with size"),
    ),
)  # fmt: skip
