"""The estimator at T = 8, d = 400, n_t = 600 against literal dense NumPy: seconds and memory."""

import dataclasses
import functools
import os

import numpy as np
from threadpoolctl import threadpool_limits

from mtrl import random_matrix
from mtrl.harness import BaseConfig, Claim, Figure, at_least, between, evaluate, exact, field, jax, jnp, style, timing

WORDS = {
    "ours": "this project,\nconjugate gradients",
    "direct": "this project,\ndirect + leverages",
    "primal": "dense NumPy,\nTd x Td solve",
    "dual": "dense NumPy,\nn x n inverse (literal)",
}


@dataclasses.dataclass(frozen=True)
class FitConfig(BaseConfig):
    """One fit of the multitask ridge; NumPy may use all cores."""

    seeds: int = field(1, help="not used: one data set", lower=1)
    tasks: int = field(8, help="tasks T", lower=1)
    dim: int = field(400, help="dimension d", lower=2)
    samples: int = field(600, help="samples per task n_t", lower=2)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def dense_dual(X, y, gamma, lam):
    """`a = Q Y`, `Q = (Z^T A Z/(Td) + I)^-1`, with Z, A and Q as dense matrices, as the formulas are written."""
    T, n, d = X.shape
    Z = np.zeros((T * d, T * n))
    for t in range(T):
        Z[t * d : (t + 1) * d, t * n : (t + 1) * n] = X[t].T
    A = np.kron(np.diag(gamma) + lam, np.eye(d))
    Q = np.linalg.inv(Z.T @ A @ Z / (T * d) + np.eye(T * n))
    return (A @ Z @ (Q @ y.ravel()) / np.sqrt(T * d)).reshape(T, d)


def dense_primal(X, y, gamma, lam):
    """`(I + A Z Z^T/(Td)) vec(W) = A Z Y/sqrt(Td)`, one dense Td x Td solve: the cheaper dense way when Td < n."""
    T, n, d = X.shape
    Z = np.zeros((T * d, T * n))
    for t in range(T):
        Z[t * d : (t + 1) * d, t * n : (t + 1) * n] = X[t].T
    A = np.kron(np.diag(gamma) + lam, np.eye(d))
    W = np.linalg.solve(np.eye(T * d) + A @ (Z @ Z.T) / (T * d), A @ (Z @ y.ravel()) / np.sqrt(T * d))
    return W.reshape(T, d)


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
    return random_matrix.regression.fit_shared_centre(task_data(X, y), gamma=gamma, lam=lam)


def buffers(X, y, gamma, lam) -> int:
    """Bytes XLA's own buffer assignment gives to temporaries and results of our fit."""
    plan = (
        jax.jit(ours)
        .lower(jnp.asarray(X), jnp.asarray(y), jnp.asarray(gamma), jnp.asarray(lam))
        .compile()
        .memory_analysis()
    )
    return int(plan.temp_size_in_bytes + plan.output_size_in_bytes)


def run(config, seeds):
    """Interleaved timings, agreement of the three, memory."""
    import xarray as xr

    T, d, n = config.tasks, config.dim, config.samples
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(T, n, d)), rng.normal(size=(T, n))
    gamma, lam = rng.uniform(0.5, 2, T), 0.7
    arguments = (X, y, gamma, lam)
    calls = {
        "ours": functools.partial(evaluate, ours, *arguments),
        "direct": functools.partial(evaluate, direct, *arguments),
        "primal": functools.partial(on_all_cores, dense_primal, *arguments),
        "dual": functools.partial(on_all_cores, dense_dual, *arguments),
    }
    seconds = timing.compare(calls, config.repeats)
    W = {name: call() for name, call in calls.items()}
    W = {name: np.asarray(value.W[:, :, 0] if name == "direct" else value) for name, value in W.items()}
    dense = 8 * (T * d * T * n + (T * d) ** 2 + 2 * (T * n) ** 2)
    return xr.Dataset(
        {
            "seconds": (("method", "repeat"), np.stack([seconds[name] for name in WORDS]), {"units": "s"}),
            "megabytes": ("kind", np.array([buffers(*arguments), 8 * (T * n * (d + 1)), dense]) / 1e6, {"units": "MB"}),
            "deviation": (
                (),
                max(np.abs(W[k] - W["ours"]).max() for k in ("direct", "primal", "dual")) / np.abs(W["dual"]).max(),
            ),
        },
        coords={"method": list(WORDS), "kind": ["ours", "data", "dense"], "repeat": np.arange(config.repeats)},
    )


def draw(data, config):
    """Bars of seconds and of megabytes."""
    figure, axes = style.subplots(1, 2, width=5.0, height=3.4)
    mean = data["seconds"].mean("repeat")
    ax = axes[0, 0]
    ax.bar(range(len(WORDS)), mean, color=[style.COLORS[0], style.COLORS[4], *style.COLORS[1:3]])
    for i, name in enumerate(WORDS):
        ratio = float(mean.sel({"method": name}) / mean.sel({"method": "ours"}))
        seconds = float(mean.sel({"method": name}))
        text = f"{seconds:.3g} s" + ("" if name == "ours" else f"\n{ratio:.0f}x")
        ax.text(i, float(mean.sel({"method": name})) * 1.1, text, ha="center", fontsize=8.5)
    ax.set_yscale("log")
    ax.set_ylim(top=float(mean.max()) * 6)
    ax.set_xticks(range(len(WORDS)), list(WORDS.values()), fontsize=7)
    ax.set(ylabel="seconds per fit", title=f"T = {config.tasks}, d = {config.dim}, n per task = {config.samples}")
    ax = axes[0, 1]
    ax.bar(range(3), data["megabytes"], color=[style.COLORS[0], "#999999", style.COLORS[2]])
    for i, value in enumerate(data["megabytes"].values):
        ax.text(i, value * 1.1, f"{value:.3g} MB", ha="center", fontsize=8.5)
    ax.set_yscale("log")
    ax.set_ylim(top=float(data["megabytes"].max()) * 4)
    ax.set_xticks(range(3), ["this project,\nwork space", "the data", "dense matrices\nZ, A, K, Q"], fontsize=8)
    ax.set_ylabel("memory [MB]")
    return figure


def speedup(method):
    """Seconds of a dense method over ours."""
    return lambda data: timing.ratio_interval(
        data["seconds"].sel({"method": method}).values, data["seconds"].sel({"method": "ours"}).values
    )


GOAL = "this project's goal"
FIGURE = Figure(
    name="fit",
    title="One fit against dense linear algebra: time and memory",
    config=FitConfig,
    run=run,
    draw=draw,
    presets={"smoke": dict(tasks=2, dim=20, samples=30)},
    memory=lambda c: 8 * (2 * c.tasks**2 * c.dim * c.samples + 2 * (c.tasks * c.dim) ** 2 + 3 * (c.tasks * c.samples) ** 2),
    claims=(
        Claim("times faster than the literal n x n inverse", "goal: 20", speedup("dual"), at_least(20.0), kind="speed",
              unit="times", reason=GOAL),
        Claim("times faster than the cheapest dense solve", "goal: 20", speedup("primal"), at_least(20.0), kind="speed",
              unit="times", reason=GOAL),
        Claim("work space over the dense matrices' memory", "goal: below 0.1",
              lambda data: exact(data["megabytes"].sel(kind="ours") / data["megabytes"].sel(kind="dense")), between(0.0, 0.1),
              kind="speed", unit="ratio", reason=GOAL),
        Claim("all four give the same estimate (largest relative deviation)", "same closed form",
              lambda data: exact(data["deviation"]), between(0.0, 1e-9), kind="sanity", unit="relative",
              reason="relative residual 1e-12 times the condition"),
    ),
)  # fmt: skip
