"""Cost of fit and of prediction against dimension, tasks and samples, with fitted exponents."""

import dataclasses
import functools

import numpy as np

from experiments.benchmark_random_matrix.fit import ours
from mtrl import random_matrix
from mtrl.harness import BaseConfig, Claim, Figure, between, evaluate, exact, field, jnp, style, timing

AXES = ("dim", "tasks", "samples")
LABELS = {"dim": "dimension d", "tasks": "tasks T", "samples": "samples per task n"}
THEORY = {
    ("fit", "dim"): 1.0,
    ("fit", "tasks"): 1.0,
    ("fit", "samples"): 1.0,
    ("predict", "dim"): 3.0,
    ("predict", "tasks"): 1.0,
}


@dataclasses.dataclass(frozen=True)
class ScalingConfig(BaseConfig):
    """Seconds of one fit and of one prediction with general covariances, along one size at a time."""

    seeds: int = field(1, help="not used", lower=1)
    dims: tuple[int, ...] = field((50, 100, 200, 400), help="dimensions", lower=4)
    tasks: tuple[int, ...] = field((2, 4, 8, 16), help="numbers of tasks", lower=1)
    samples: tuple[int, ...] = field((400, 800, 1600, 3200), help="samples per task", lower=4)
    base: tuple[int, ...] = field((200, 4, 800), help="d, T, n where they are not swept", lower=2, length=3)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def predict(gamma, lam, n, covariance, W, noise):
    """Average predicted test risk, general covariances."""
    return random_matrix.regression.risk_shared_centre(gamma, lam, n, covariance, W, noise).test.mean()


def calls_at(d: int, T: int, n: int):
    """The two timed calls at one size."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(T, n, d)), rng.normal(size=(T, n))
    gap = np.abs(np.arange(d)[:, None] - np.arange(d)[None])
    covariance = np.stack([(0.2 + 0.5 * t / T) ** gap for t in range(T)])
    one = jnp.ones(T)
    predicted = functools.partial(evaluate, predict, one, 0.7, n * one, covariance, rng.normal(size=(T, d)), 0.3 * one)
    return {"fit": functools.partial(evaluate, ours, X, y, np.ones(T), 0.7), "predict": predicted}


def run(config, seeds):
    """One sweep per size."""
    import xarray as xr

    sizes = {"dim": config.dims, "tasks": config.tasks, "samples": config.samples}
    out, coords = {}, {"repeat": np.arange(config.repeats), "work": ["fit", "predict"]}
    for position, axis in enumerate(AXES):
        rows = []
        for value in sizes[axis]:
            where = list(config.base)
            where[position] = value
            seconds = timing.compare(calls_at(*where), config.repeats)
            rows.append([seconds["fit"], seconds["predict"]])
        out[f"seconds_{axis}"] = ((axis, "work", "repeat"), np.array(rows), {"units": "s"})
        coords[axis] = list(sizes[axis])
    return xr.Dataset(out, coords=coords)


def slope(work, axis):
    """Fitted exponent of the median seconds."""

    def measure(data):
        seconds = data[f"seconds_{axis}"].sel(work=work).median("repeat").values
        return exact(timing.exponent(data[axis].values, seconds))

    return measure


def draw(data, config):
    """Log-log lines with fitted and theoretical exponents."""
    figure, axes = style.subplots(1, 3, width=3.8, height=3.4)
    for ax, axis in zip(axes[0], AXES, strict=True):
        for work, color in zip(("fit", "predict"), style.COLORS, strict=False):
            y = data[f"seconds_{axis}"].sel(work=work).median("repeat").values
            fitted, law = slope(work, axis)(data).value, THEORY.get((work, axis), 0.0)
            ax.loglog(data[axis], y, "o", color=color, label=f"{work}: fitted {fitted:.2f}, leading order {law:g}")
            ax.loglog(data[axis], y[-1] * (data[axis] / data[axis][-1]) ** law, color=color)
        ax.set_xticks(data[axis].values, [str(v) for v in data[axis].values])
        ax.minorticks_off()
        ax.set(xlabel=LABELS[axis], ylabel="seconds")
        ax.legend(fontsize=7.5)
    return figure


SLACK = "1 and .3 for caches and the number of iterations; no cost falls with size"
FIGURE = Figure(
    name="scaling",
    title="Cost against dimension, tasks and samples",
    config=ScalingConfig,
    run=run,
    draw=draw,
    presets={"smoke": dict(dims=(8, 16), tasks=(2, 3), samples=(20, 40), base=(8, 2, 20), repeats=2)},
    claims=(
        Claim("the fit is at most linear in tasks (fitted exponent; dense: 3)", "derived: T d n per iteration",
              slope("fit", "tasks"), between(0.0, 1.3), kind="speed", unit="exponent", reason=SLACK),
        Claim("the fit is at most linear in samples (fitted exponent; dense dual: 3)", "derived: T d n per iteration",
              slope("fit", "samples"), between(0.0, 1.3), kind="speed", unit="exponent", reason=SLACK),
        Claim("the fit is at most linear in the dimension (fitted exponent; dense primal: 3)", "derived: T d n per iteration",
              slope("fit", "dim"), between(0.0, 1.3), kind="speed", unit="exponent", reason=SLACK),
        Claim("the prediction is at most linear in tasks up to its T^2 part (fitted exponent; dense: 3)", "derived: T d^3 + T^2 d^2",
              slope("predict", "tasks"), between(0.0, 2.0), kind="speed", unit="exponent", reason="the T^2 part; no cost falls with size"),
    ),
)  # fmt: skip
