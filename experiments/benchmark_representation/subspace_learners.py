"""Subspace learners over seeds against literal NumPy loops.

Both sides are timed in turn within one process, on the same data; only ratios are reported. Drawing the data is a bar of its own: it
measures two generators of normal numbers, not the learners.
"""

import functools

import numpy as np

from experiments.benchmark_representation import literal, peers, protocol
from experiments.benchmark_representation.protocol import alternating_sine, draw_batch, moments_sine
from mtrl import representation
from mtrl.harness import BaseConfig, Figure, field, over_seeds, spread
from mtrl.numerics.linalg import subspaces

GOAL = 30.0


class SpeedConfig(BaseConfig):
    """Seconds of this library and of the yardstick, in turn."""

    seeds: int = field(30, help="problems solved in one program (this library) or in a loop (yardstick)", lower=1)
    repeats: int = field(3, help="timed rounds", lower=2)
    tasks: tuple[int, ...] = field(
        (100, 200), help="source tasks T; the T2 curve runs all, the others the last", lower=2
    )
    samples: int = field(10, help="samples per task n", lower=2)
    dim: int = field(20, help="input dimension d", lower=2)
    rank: int = field(3, help="dimension of the shared subspace r", lower=1)
    iterations: int = field(10, help="AltMin iterations", lower=1)
    search: int = field(60, help="L-BFGS iterations", lower=1)


def curve_point(key, basis, x, y, *, search):
    """Moments and factored search: one point of the learning curve."""
    options = dict(rank=basis.shape[1], iterations=search, value_tolerance=0.0)
    found = representation.subspace.factored_least_squares(key, x, y, **options)
    return moments_sine(key, basis, x, y), subspaces.sin_theta(basis, found.basis)


def workloads(config, seeds):
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

    def by_svd(rng, basis, data):
        return literal.sine(basis, peers.moments(data, config.rank))

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
        "method of moments": (
            lambda: ours(last, moments_sine),
            lambda: loop(by_moments, last),
            lambda: loop(by_svd, last),
        ),
        "AltMin": (
            lambda: ours(last, alternating_sine, iterations=config.iterations),
            lambda: loop(alternate, last),
        ),
        "T2 curve": (
            lambda: [ours(tasks, curve_point, search=config.search) for tasks in config.tasks],
            lambda: [loop(point, tasks) for tasks in config.tasks],
        ),
        "drawing the data": (lambda: over_seeds(draw_batch, seeds, tasks=last, **sizes), redraw),
    }


def run(config, seeds):
    """Timings of all workloads."""
    return protocol.timed(workloads(config, seeds), config.repeats)


FIGURE = Figure(
    __name__,
    aliases=("B1",),
    title="Subspace learners over 30 seeds against literal NumPy loops",
    size=lambda c, at: f"{c.seeds} seeds, T = {c.tasks[-1]}, n = {c.samples}, d = {c.dim}, r = {c.rank}",
    question="How much faster do the subspace learners run over 30 seeds than literal NumPy loops?",
    draw=functools.partial(protocol.draw_ratios, goal=GOAL, title="subspace learners, literal NumPy loop as yardstick"),
    optional=("seconds",),
    claims=(
        *(
            protocol.faster(
                f"{name} over all seeds",
                "a literal NumPy loop",
                GOAL,
                "goal of this library on 2 cores; yardstick: the loops of `literal`",
            )
            for name in ("method of moments", "AltMin", "T2 curve")
        ),
        protocol.beside("method of moments", "scikit-learn, truncated SVD", "scikit-learn's truncated SVD"),
    ),
    presets={
        "smoke": dict(seeds=2, repeats=2, tasks=(10,), dim=6, rank=2, iterations=2, search=5),
        "paper": dict(repeats=5, tasks=(100, 200, 400, 800), samples=25, dim=100, rank=5, search=200),
    },
)
