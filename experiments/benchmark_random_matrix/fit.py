"""The estimator at T = 8, d = 400, n_t = 600 against literal dense NumPy: seconds and memory."""

import functools
import os

import numpy as np
from threadpoolctl import threadpool_limits

from experiments.benchmark_random_matrix import peers, protocol
from experiments.benchmark_random_matrix.literal import dense_dual, dense_primal
from mtrl import random_matrix
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, evaluate, field, jnp, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, value
from mtrl.harness.picture import plots

LOOK = plots.looks({"ours": "this project,\nconjugate gradients", "direct": "this project,\ndirect + leverages",
                    "scipy": "SciPy,\nconjugate gradients",
                    "primal": "dense NumPy,\nTd x Td solve", "dual": "dense NumPy,\nn x n inverse (literal)"})  # fmt: skip
MEMORY = plots.looks({"ours": "this project,\nwork space", "data": "the data", "dense": "dense matrices\nZ, A, K, Q"})


FIT = "one fit of the multitask ridge"


class FitConfig(BaseConfig):
    """One fit of the multitask ridge; NumPy may use all cores."""

    seeds: int = field(1, help="not used: one data set", lower=1)
    tasks: int = field(8, help="tasks T", lower=1)
    dim: int = field(400, help="dimension d", lower=2)
    samples: int = field(600, help="samples per task n_t", lower=2)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def on_all_cores(solve, *arguments):
    """NumPy's BLAS with every core; not while ours runs, whose own threads it would fight."""
    with threadpool_limits(os.cpu_count()):
        return solve(*arguments)


def task_data(X, y):
    """The library's form of the same arrays."""
    return random_matrix.TaskData(X, y[:, :, None], jnp.full(X.shape[0], X.shape[1]))


def ours(X, y, gamma, lam):
    """The weights by products with the data alone, to a relative residual of 1e-12."""
    return random_matrix.regression.fit_conjugate_gradients(task_data(X, y), B=random_matrix.coupling(gamma, lam)).W[
        :, :, 0
    ]


def direct(X, y, gamma, lam):
    """The direct solver, which also gives every leave-one-out leverage."""
    fit = random_matrix.regression.fit_shared_centre(task_data(X, y), gamma=gamma, lam=lam)
    return fit.W[:, :, 0], fit


def run(config, seeds):
    """Interleaved timings, the estimates of all four, memory."""
    T, d, n = config.tasks, config.dim, config.samples
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(T, n, d)), rng.normal(size=(T, n))
    arguments = (X, y, rng.uniform(0.5, 2, T), 0.7)
    calls = {
        "ours": functools.partial(evaluate, ours, *arguments),
        "direct": functools.partial(evaluate, direct, *arguments),
        "scipy": functools.partial(on_all_cores, peers.conjugate_gradients, *arguments),
        "primal": functools.partial(on_all_cores, dense_primal, *arguments),
        "dual": functools.partial(on_all_cores, dense_dual, *arguments),
    }
    seconds, least = protocol.seconds_of(calls, config.repeats), limits.least(calls, "ours", "direct")
    weights = [calls["direct"]()[0] if name == "direct" else calls[name]() for name in LOOK]
    dense = 8 * (T * d * T * n + (T * d) ** 2 + 2 * (T * n) ** 2)
    megabytes = np.array([timing.working_bytes(ours, *arguments), 8 * (T * n * (d + 1)), dense]) / 1e6
    return dataset(
        None,
        {"method": list(LOOK), "kind": list(MEMORY), "repeat": np.arange(config.repeats), "limited_by": limits.BOUNDS},
        seconds=(("method", "repeat"), seconds, "s", "wall time per fit"),
        seconds_least=(("method", "limited_by"), [least[name] for name in LOOK], "s", least.words),
        megabytes=("kind", megabytes, "MB", "memory"),
        weights=(("method", "task", "dim"), weights),
    )


def draw(data, config):
    """Bars of seconds and of megabytes."""
    figure, axes = plots.panel(1, 2, width=7.6, height=3.6)
    left, right = axes[0]
    title = f"T = {config.tasks}, d = {config.dim}, n per task = {config.samples}"
    protocol.bars(left, value("seconds"), LOOK, "ours", data, config, title=title)
    plots.bars(right, data["megabytes"], "kind", MEMORY, upright=True)
    for place, size in enumerate(data["megabytes"].values):
        right.text(place, 1.1 * size, f"{size:.3g} MB", ha="center", fontsize=8.5)
    plots.finish(right, log="y", ylim=(None, 4 * float(data["megabytes"].max())))
    return figure


FIGURE = Figure(
    __name__, size=lambda c, at: f"T = {c.tasks}, d = {c.dim}, n = {c.samples} a task",
    title="One fit against dense linear algebra: time and memory",
    question="How much time and memory does one fit of the multitask ridge take, against dense linear algebra?",
    presets={"smoke": dict(tasks=2, dim=20, samples=30, repeats=2)},
    memory=lambda c: 8 * (2 * c.tasks**2 * c.dim * c.samples + 2 * (c.tasks * c.dim) ** 2 + 3 * (c.tasks * c.samples) ** 2),
    claims=(
        protocol.faster("times faster than the literal n x n inverse", 20.0, protocol.times("dual", "ours", FIT, "NumPy, n x n inverse")),
        protocol.faster("times faster than the cheapest dense solve", 20.0, protocol.times("primal", "ours", FIT, "NumPy, Td x Td solve")),
        protocol.faster("times faster than SciPy's conjugate gradients without dense matrices", 1.0,
                        protocol.times("scipy", "ours", FIT, "SciPy, conjugate gradients without matrices"),
                        "the limit: it is the same algorithm, and both read the 15 MB of data twice an iteration, bound by memory"),
        Claim.speed("work space over the dense matrices' memory", "goal: below 0.1",
                    exact(value("megabytes", kind="ours") / value("megabytes", kind="dense")), between(0.0, 0.1), unit="ratio",
                    reason=protocol.GOAL),
        Claim.sanity("all give the same estimate (largest relative deviation)", "same closed form",
                     protocol.deviation("weights", "dual"), between(0.0, 1e-9, "relative residual 1e-12 times the condition"),
                     unit="relative"),
    ),
)  # fmt: skip
