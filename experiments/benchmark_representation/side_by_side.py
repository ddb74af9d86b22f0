"""B1: subspace learners over seeds against literal NumPy loops. B2: convex fits against scikit-learn or literal loops.

Both sides are timed in turn within one process, on the same data; only ratios are reported. Drawing the data is a bar of its own: it
measures two generators of normal numbers, not the learners. The convex fits of both sides stop at the same relative duality gap, looked
at every ten iterations and checked in the figure.
"""

import dataclasses
import functools

import jax.numpy as jnp
import numpy as np

from experiments.benchmark_representation import literal
from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, exact, field, over_seeds, timing
from mtrl.harness.driver import spread
from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import moments
from mtrl.numerics.subspaces import sin_theta
from mtrl.representation import problem
from mtrl.representation.alternating_minimisation import alternating_minimisation
from mtrl.representation.classical import feature_selection, trace_norm
from mtrl.representation.classical.loss import loss_from_moments, loss_shared_design
from mtrl.representation.classical.task_relationship import task_relationship
from mtrl.representation.factored_least_squares import factored_least_squares
from mtrl.representation.method_of_moments import method_of_moments

DRAWING = "drawing the data"
SUBSPACE = ("method of moments", "AltMin", "T2 curve")
CONVEX = ("trace norm", "l2,1", "MTRL")


@dataclasses.dataclass(frozen=True)
class SpeedConfig(BaseConfig):
    """Seconds of this library and of the yardstick, in turn."""

    seeds: int = field(30, help="problems solved at once (this library) or in a loop (yardstick)", lower=1)
    repeats: int = field(3, help="timed rounds", lower=2)
    tasks: tuple[int, ...] = field(
        (100, 200), help="source tasks T; the T2 curve runs all, the others the last", lower=2
    )
    samples: int = field(10, help="samples per task n", lower=2)
    dim: int = field(20, help="input dimension d", lower=2)
    rank: int = field(3, help="dimension of the shared subspace r", lower=1)
    iterations: int = field(10, help="AltMin iterations", lower=1)
    search: int = field(60, help="L-BFGS iterations", lower=1)


def draw_batch(key, *, tasks, samples, dim, rank):
    """One problem of the law of Tripuraneni et al. 2021: basis, x (task, sample, dim), y (task, sample)."""
    keys = split_named(key, "problem", "source")
    params = problem.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank)
    return params.basis, *problem.draw(keys["source"], params, samples=samples)


def moments_sine(key, basis, x, y):
    """Method of moments."""
    return sin_theta(basis, method_of_moments(x, y, rank=basis.shape[1]))


def alternating_sine(key, basis, x, y, *, iterations):
    """AltMin from moments."""
    data = moments(x, y)
    start = method_of_moments(x, y, rank=basis.shape[1])
    return sin_theta(basis, alternating_minimisation(data.gram, data.cross, start, iterations=iterations).basis)


def curve_point(key, basis, x, y, *, search):
    """Moments and factored search: one point of the learning curve."""
    found = factored_least_squares(key, x, y, rank=basis.shape[1], iterations=search, value_tolerance=0.0)
    return moments_sine(key, basis, x, y), sin_theta(basis, found.basis)


def _workloads(config, seeds):
    """Pairs of callables without arguments, this library and the yardstick, on the same data; drawing the data apart."""
    sizes = dict(samples=config.samples, dim=config.dim, rank=config.rank)
    batches = {tasks: over_seeds(draw_batch, seeds, tasks=tasks, **sizes) for tasks in config.tasks}
    # Both sides get the data ready to use: ours as one batch spread over the devices, the yardstick's as lists of tasks.
    ready = {tasks: spread(batch) for tasks, batch in batches.items()}
    listed = {
        tasks: [(basis, list(zip(x, y, strict=True))) for basis, x, y in zip(*batch, strict=True)]
        for tasks, batch in batches.items()
    }
    last = config.tasks[-1]

    def ours(tasks, learner, **static):
        return over_seeds(learner, seeds, per_seed=ready[tasks], in_turn=True, **static)

    def loop(solve, tasks):
        for seed, (basis, data) in zip(seeds, listed[tasks], strict=True):
            solve(np.random.default_rng(seed), basis, data)

    def by_moments(rng, basis, data):
        literal.sine(basis, literal.moments(data, config.rank))

    def alternate(rng, basis, data):
        start = literal.moments(data, config.rank)
        literal.sine(basis, literal.alternating(data, start, config.iterations))

    def point(rng, basis, data):
        by_moments(rng, basis, data)
        literal.sine(basis, literal.factored(rng, data, config.rank, config.search))

    def redraw():
        for seed in seeds:
            literal.draw(np.random.default_rng(seed), last, config.samples, config.dim, config.rank)

    return {
        "method of moments": (lambda: ours(last, moments_sine), lambda: loop(by_moments, last)),
        "AltMin": (
            lambda: ours(last, alternating_sine, iterations=config.iterations),
            lambda: loop(alternate, last),
        ),
        "T2 curve": (
            lambda: [ours(tasks, curve_point, search=config.search) for tasks in config.tasks],
            lambda: [loop(point, tasks) for tasks in config.tasks],
        ),
        DRAWING: (lambda: over_seeds(draw_batch, seeds, tasks=last, **sizes), redraw),
    }


def _timed(workloads, repeats):
    import xarray as xr

    rows = []
    for ours, yardstick in workloads.values():
        seconds = timing.compare({"ours": ours, "yardstick": yardstick}, repeats=repeats)
        rows.append(np.stack([seconds["ours"], seconds["yardstick"]]))
    data = xr.Dataset(
        {"seconds": (("workload", "side", "repeat"), np.stack(rows))},
        coords={"workload": list(workloads), "side": ["ours", "yardstick"], "repeat": np.arange(repeats)},
    )
    data["seconds"].attrs["units"] = "s"
    return data


def run(config, seeds):
    """B1."""
    return _timed(_workloads(config, seeds), config.repeats)


@dataclasses.dataclass(frozen=True)
class ConvexConfig(BaseConfig):
    """Convex fits to one duality gap."""

    seeds: int = field(30, help="problems solved at once (this library) or in a loop (yardstick)", lower=1)
    repeats: int = field(3, help="timed rounds", lower=2)
    tasks: int = field(15, help="tasks T", lower=2)
    samples: int = field(40, help="samples per task n", lower=2)
    dim: int = field(30, help="features d", lower=2)
    strength: float = field(0.1, help="penalty weight relative to the least that gives W = 0", lower=0.0, upper=1.0)
    gap: float = field(1e-6, help="relative duality gap both sides must reach", lower=0.0, strict=True)
    iterations: int = field(1000, help="proximal iterations of both sides, at most", lower=1)
    alternations: int = field(20, help="MTRL alternations of both sides", lower=1)


def convex_data(key, *, tasks, samples, dim, shared):
    """Rank-3 tasks with noise .5; one design for all if `shared`."""
    keys = split_named(key, "problem", "source")
    params = problem.sample(keys["problem"], tasks=tasks, dim=dim, rank=3, noise=0.5)
    x, y = problem.draw(keys["source"], params, samples=samples)
    if shared:
        x = jnp.broadcast_to(x[:1], x.shape)
        y = jnp.einsum("tnd,td->tn", x, params.heads @ params.basis.T) + 0.5 * y
    return x, y


def convex_fit(key, x, y, strength, goal, *, name, iterations):
    """Fit one problem; relative duality gap (or residual of MTRL) with the weights."""
    if name == "MTRL":
        loss = loss_from_moments(moments(x, y))
        found = task_relationship(loss, strength, lam1=0.1 * strength, iterations=iterations, tolerance=1e-8)
        return found.weights, found.residual
    if name == "trace norm":
        loss = loss_from_moments(moments(x, y))
        lam = strength * trace_norm.trace_norm_max(loss)
        weights = trace_norm.trace_norm(loss, lam, iterations=iterations, gap=goal).weights
        return weights, trace_norm.relative_gap(loss, weights, lam)
    loss = loss_shared_design(x[0], y)
    lam = strength * feature_selection.feature_selection_max(loss)
    weights = feature_selection.feature_selection(loss, lam, iterations=iterations, gap=goal).weights
    return weights, feature_selection.relative_gap(loss, weights, lam)


def _convex_workloads(config, seeds):
    from sklearn.linear_model import MultiTaskLasso

    sizes = dict(tasks=config.tasks, samples=config.samples, dim=config.dim)
    batches = {shared: over_seeds(convex_data, seeds, shared=shared, **sizes) for shared in (False, True)}
    drawn = {shared: list(zip(*batch, strict=True)) for shared, batch in batches.items()}
    # Both sides get the data ready to use, ours as one batch spread over the devices.
    ready = {shared: spread(batch) for shared, batch in batches.items()}

    def loss_max(x, y):
        return np.stack([x[t].T @ y[t] / config.samples for t in range(config.tasks)], axis=1)

    def trace():
        for x, y in drawn[False]:
            lam = config.strength * np.linalg.norm(loss_max(x, y), 2)
            literal.trace_norm(x, y, lam, config.iterations, config.gap)

    def rows():
        for x, y in drawn[True]:
            lam = config.strength * np.max(np.linalg.norm(loss_max(x, y), axis=1))
            # scikit-learn stops at a gap of tol ||y||^2 / n, twice tol on our scale, where the objective at zero is ||y||^2 / (2 n).
            MultiTaskLasso(alpha=lam, fit_intercept=False, tol=config.gap / 2, max_iter=100000).fit(x[0], y.T)

    def relation():
        for x, y in drawn[False]:
            literal.task_relationship(x, y, 0.1 * config.strength, config.strength, config.alternations)

    def ours(name, iterations):
        data = ready[name == "l2,1"]
        return lambda: over_seeds(
            convex_fit,
            seeds,
            config.strength,
            config.gap,
            per_seed=data,
            in_turn=True,
            name=name,
            iterations=iterations,
        )

    return {
        "trace norm": (ours("trace norm", config.iterations), trace),
        "l2,1": (ours("l2,1", config.iterations), rows),
        "MTRL": (ours("MTRL", config.alternations), relation),
    }


def run_convex(config, seeds):
    """B2."""
    workloads = _convex_workloads(config, seeds)
    data = _timed(workloads, config.repeats)
    gaps = [np.max(ours()[1]) for ours, _ in workloads.values()]
    return data.assign(gap=("workload", gaps), goal_gap=config.gap)


def draw(data, config, *, goal, title):
    """Bars of the ratio with their intervals."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 1, width=5.2, height=3.4)
    ax = axes[0, 0]
    names = list(data["workload"].values)
    ratios = [ratio(data, name) for name in names]
    centre = np.array([r.value for r in ratios])
    spread = np.abs(np.array([[r.value - r.low, r.high - r.value] for r in ratios]).T)
    ax.barh(names, centre, xerr=spread, color=list(style.COLORS[: len(names)]), capsize=3)
    for place, (r, name) in enumerate(zip(ratios, names, strict=True)):
        seconds = data["seconds"].sel(workload=name).median("repeat").values
        ax.annotate(
            f"{r.value:.1f}x  ({seconds[1]:.2f} s / {seconds[0]:.3f} s)",
            (r.high, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    ax.axvline(goal, color="black", linestyle=":", label=f"goal {goal:g}x")
    ax.set_xlim(right=2.2 * max(max(r.high for r in ratios), goal))
    ax.set_xlabel("times faster than the yardstick")
    ax.set_title(title)
    canvas.legend(*ax.get_legend_handles_labels(), loc="outside lower right")
    return canvas


def ratio(data, workload):
    """Times faster, with interval over the paired rounds."""
    seconds = data["seconds"].sel(workload=workload)
    return timing.ratio_interval(seconds.sel(side="yardstick").values, seconds.sel(side="ours").values)


def _gap(data):
    """Largest relative duality gap of the norm penalties over the goal."""
    return exact(float(data["gap"].sel(workload=["trace norm", "l2,1"]).max() / data["goal_gap"]))


_YARDSTICK = {
    "trace norm": "a literal NumPy loop",
    "l2,1": "scikit-learn's MultiTaskLasso",
    "MTRL": "a literal NumPy loop",
}

FIGURES = (
    Figure(
        name="B1",
        title="Subspace learners over 30 seeds against literal NumPy loops",
        config=SpeedConfig,
        run=run,
        draw=functools.partial(draw, goal=30.0, title="subspace learners, literal NumPy loop as yardstick"),
        claims=tuple(
            Claim(
                text=f"{name} over all seeds is at least 30 times faster than a literal NumPy loop",
                paper="goal of this library on 2 cores",
                measure=functools.partial(ratio, workload=name),
                accepts=at_least(30.0),
            )
            for name in SUBSPACE
        ),
        presets={
            "smoke": dict(seeds=2, repeats=2, tasks=(10,), dim=6, rank=2, iterations=2, search=5),
            "paper": dict(repeats=5, tasks=(100, 200, 400, 800), samples=25, dim=100, rank=5, search=200),
        },
    ),
    Figure(
        name="B2",
        title="Convex fits to one duality gap against scikit-learn or literal loops",
        config=ConvexConfig,
        run=run_convex,
        draw=functools.partial(draw, goal=5.0, title="convex fits; yardsticks: NumPy loops, scikit-learn for l2,1"),
        claims=(
            *(
                Claim(
                    text=f"{name} is at least 5 times faster than {_YARDSTICK[name]} at the same gap",
                    paper="goal of this library on 2 cores",
                    measure=functools.partial(ratio, workload=name),
                    accepts=at_least(5.0),
                )
                for name in CONVEX
            ),
            Claim(
                text="trace norm and l2,1 reach the duality gap asked for (largest gap over goal)",
                paper="same optimality on both sides",
                measure=_gap,
                accepts=at_most(1.0),
            ),
        ),
        presets={
            "smoke": dict(seeds=2, repeats=2, tasks=4, samples=12, dim=6, alternations=3),
            "paper": dict(repeats=5, tasks=30, samples=60, dim=60),
        },
    ),
)
