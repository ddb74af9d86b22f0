"""Cost of fit and of prediction against dimension, tasks and samples, with fitted exponents."""

import functools

import numpy as np

from experiments.benchmark_random_matrix.fit import ours
from mtrl import random_matrix
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, evaluate, field, jnp, timing
from mtrl.harness.judge.measures import slope, value
from mtrl.harness.picture import plots

WORDS = {"dim": "dimension d", "tasks": "tasks T", "samples": "samples per task n"}
LOOK = plots.looks({"fit": "fit", "predict": "prediction"})
LEADING = {"fit": {"dim": 1, "tasks": 1, "samples": 1}, "predict": {"dim": 3, "tasks": 1, "samples": 0}}


class ScalingConfig(BaseConfig):
    """Seconds of one fit and of one prediction with general covariances, along one size at a time."""

    seeds: int = field(1, help="not used", lower=1)
    dims: tuple[int, ...] = field((50, 100, 150, 200, 400), help="dimensions", lower=4)
    tasks: tuple[int, ...] = field((2, 4, 6, 8, 16), help="numbers of tasks", lower=1)
    samples: tuple[int, ...] = field((400, 800, 1200, 1600, 3200), help="samples per task", lower=4)
    base: tuple[int, ...] = field((200, 4, 800), help="d, T, n where they are not swept", lower=2, length=3)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def predict(gamma, lam, n, covariance, W, noise):
    """Average predicted test risk, general covariances."""
    return random_matrix.regression.risk_shared_centre(gamma, lam, n, covariance, W, noise).test.mean()


def calls_at(axis: str, size: int, d: int, T: int, n: int):
    """The two timed calls at one size."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(T, n, d)), rng.normal(size=(T, n))
    gap = np.abs(np.arange(d)[:, None] - np.arange(d)[None])
    covariance = np.stack([(0.2 + 0.5 * t / T) ** gap for t in range(T)])
    one = jnp.ones(T)
    predicted = functools.partial(evaluate, predict, one, 0.7, n * one, covariance, rng.normal(size=(T, d)), 0.3 * one)
    return {
        ("fit", axis, size): functools.partial(evaluate, ours, X, y, np.ones(T), 0.7),
        ("predict", axis, size): predicted,
    }


def run(config, seeds):
    """All sizes of an axis in turn."""
    sizes = dict(zip(WORDS, (config.dims, config.tasks, config.samples), strict=True))
    base, variables = dict(zip(WORDS, config.base, strict=True)), {}
    for axis, values in sizes.items():
        calls = {}
        for size in values:
            calls |= calls_at(axis, size, *(base | {axis: size}).values())
        timed = timing.compare(calls, config.repeats)
        rows = [[timed[work, axis, size] for size in values] for work in LOOK]
        variables[f"seconds_{axis}"] = (("work", axis, "repeat"), rows, "s", "wall time")
    return dataset(None, {**sizes, "work": list(LOOK), "repeat": np.arange(config.repeats)}, **variables)


def exponent(work, axis):
    """Fitted exponent of the seconds, with its interval over the timed rounds."""
    return slope(value(f"seconds_{axis}", work=work).then(lambda array: array.rename(repeat="seed")), axis)


def legend_words(data, config, work, axis):
    """Name, fitted exponent where there are points enough, and the leading order."""
    some = data.sizes[axis] > 2
    fitted = f" ~{exponent(work, axis)(data, config).value:.2f}," if some else ""
    return f"{LOOK[work].words}:{fitted} leading order {LEADING[work][axis]}"


def draw(data, config):
    """Seconds on logarithmic axes with leading-order lines through the last size."""
    import xarray as xr

    figure, axes = plots.panel(1, 3, width=3.8, height=3.4)
    for ax, (axis, words) in zip(axes[0], WORDS.items(), strict=True):
        seconds = data[f"seconds_{axis}"].rename(repeat="seed")
        look = {work: LOOK[work]._replace(words=legend_words(data, config, work, axis)) for work in LOOK}
        plots.points(ax, seconds, axis, "work", look)
        order = xr.DataArray([float(LEADING[work][axis]) for work in LOOK], dims="work")
        law = seconds.mean("seed").isel({axis: -1}) * (data[axis] / data[axis][-1]) ** order
        plots.theory(ax, law.assign_coords(work=list(LOOK)), axis, "work", LOOK)
        handles = [h for h in ax.get_legend_handles_labels()[0] if not hasattr(h, "get_data")]
        room = dict(ylim=(None, 5 * float(seconds.max())), legend=dict(handles=handles, fontsize=7.5, loc="upper left"))
        plots.finish(ax, x=words, y="wall time [s]", log="y", ticks=data[axis].values, **room)
    return figure


def at_most_of(order: float, text: str, paper: str, work: str, axis: str, reason: str) -> Claim:
    """Claim: the fitted exponent is at most an order."""
    region = between(0.0, order)
    return Claim.speed(text, paper, exponent(work, axis), region, unit="exponent", reason=reason)


SLACK = "1 and .3 for caches and the number of iterations; no cost falls with size"
FIT = "derived: T d n per iteration"
FIGURE = Figure(
    __name__,
    title="Cost against dimension, tasks and samples",
    question="How does the cost of a fit and of a prediction grow with dimension, tasks and samples?",
    presets={"smoke": dict(dims=(8, 16), tasks=(2,), samples=(20,), base=(8, 2, 20), repeats=2)},
    claims=(
        *(at_most_of(1.3, f"the fit is at most linear in {words} (fitted exponent; dense{way}: 3)", FIT, "fit", axis, SLACK)
          for axis, words, way in (("tasks", "tasks", ""), ("samples", "samples", " dual"), ("dim", "the dimension", " primal"))),
        at_most_of(2.0, "the prediction is at most linear in tasks up to its T^2 part (fitted exponent; dense: 3)",
                   "derived: T d^3 + T^2 d^2", "predict", "tasks", "the T^2 part; no cost falls with size"),
    ),
)  # fmt: skip
