"""Posteriors of many tasks that share an unknown mean, against a literal NumPy loop over tasks: seconds and memory."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_offpolicy_psr import protocol
from mtrl import bandits
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, evaluate, field, jax
from mtrl.harness.judge.measures import FIRST, LAST, exact, value
from mtrl.harness.picture import plots
from mtrl.numerics import moments

SIGMA_Q, SIGMA_0, NOISE = 1.0, 0.5, 0.5
KEPT = 100  # tasks whose posteriors are stored
LOOK = plots.looks(
    {
        "ours": "this project",
        "stacked": "NumPy, all\ntasks at once",
        "literal": "NumPy, loop\nover tasks",
        "ours_log": "this project,\nfrom the log",
        "literal_log": "NumPy loop,\nfrom the log",
    }
)
AGAINST = {"stacked": "ours", "literal": "ours", "literal_log": "ours_log"}


class PosteriorConfig(BaseConfig):
    """HierOPO's posteriors of all tasks, from sums over each task's rows and from the log itself."""

    seeds: int = field(1, help="not used: one log", lower=1)
    tasks: int = field(10_000, help="tasks m", lower=4)
    dim: int = field(10, help="features d", lower=1)
    rows: int = field(20, help="logged interactions per task on average", lower=1)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def sums_by_loop(task, features, reward, tasks):
    """G_s and B_s, task by task; the rows are put in the order of their tasks first."""
    order = np.argsort(task, kind="stable")
    ends = np.searchsorted(task[order], np.arange(tasks + 1))
    G, B = np.zeros((tasks, features.shape[1], features.shape[1])), np.zeros((tasks, features.shape[1]))
    for s in range(tasks):
        rows = order[ends[s] : ends[s + 1]]
        G[s] = features[rows].T @ features[rows] / NOISE**2
        B[s] = features[rows].T @ reward[rows] / NOISE**2
    return G, B


def literal(G, B):
    """The posteriors as written, task by task, in the form that needs one inverse a task and takes empty tasks."""
    m, d = B.shape
    P, prior, W, r = np.eye(d) / SIGMA_0**2, np.eye(d) / SIGMA_Q**2, np.zeros((d, d)), np.zeros(d)
    inverses, mean, cov = np.zeros((m, d, d)), np.zeros((m, d)), np.zeros((m, d, d))
    for s in range(m):
        inverses[s] = np.linalg.inv(P + G[s])
        W += P - P @ inverses[s] @ P
        r += P @ inverses[s] @ B[s]
    hyper_cov = np.linalg.inv(prior + W)
    hyper_mean = hyper_cov @ r
    for s in range(m):
        mean[s] = inverses[s] @ (P @ hyper_mean + B[s])
        cov[s] = inverses[s] + inverses[s] @ P @ hyper_cov @ P @ inverses[s]
    return mean, cov, hyper_mean, hyper_cov


def stacked(G, B):
    """The same with NumPy's products and inverses of stacks of matrices."""
    d = B.shape[1]
    P, prior = np.eye(d) / SIGMA_0**2, np.eye(d) / SIGMA_Q**2
    inverses = np.linalg.inv(P + G)
    hyper_cov = np.linalg.inv(prior + (P - P @ inverses @ P).sum(0))
    hyper_mean = hyper_cov @ (P @ (inverses @ B[:, :, None])[:, :, 0].sum(0))
    mean = (inverses @ (P @ hyper_mean + B)[:, :, None])[:, :, 0]
    return mean, inverses + inverses @ (P @ hyper_cov @ P) @ inverses, hyper_mean, hyper_cov


def prior_of(dim: int) -> Any:
    """N(0, sigma_q^2 I), sigma_0^2 I, sigma."""
    return bandits.off_policy.hierarchy(np.zeros(dim), SIGMA_Q**2, SIGMA_0**2, noise=NOISE)


def ours(data: Any, prior: Any) -> tuple:
    """Posteriors from the sums."""
    return tuple(bandits.off_policy.hier_opo(data, prior))


def ours_log(task: Any, features: Any, reward: Any, prior: Any, *, tasks: int) -> tuple:
    """Posteriors from the log."""
    return ours(moments.flat_moments(features, reward, task, tasks), prior)


def buffers(tasks: int, dim: int) -> int:
    """Bytes that the compiled program gives to temporaries and results, by its own memory analysis; nothing is run."""
    empty = jax.eval_shape(lambda: moments.no_moments(tasks, dim))
    plan = jax.jit(ours).lower(empty, prior_of(dim)).compile().memory_analysis()
    return int(plan.temp_size_in_bytes + plan.output_size_in_bytes)


def run(config: PosteriorConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings, the posteriors of every method, memory at several sizes."""
    m, d, rng = config.tasks, config.dim, np.random.default_rng(0)
    n = m * config.rows
    log = (rng.integers(0, m, n), rng.uniform(-0.5, 0.5, (n, d)), rng.normal(size=n))
    G, B = sums_by_loop(*log, m)
    prior, ready = prior_of(d), jax.device_put(log)
    data = evaluate(functools.partial(moments.flat_moments, tasks=m), ready[1], ready[2], ready[0])
    data = jax.device_put(data)
    calls = {
        "ours": functools.partial(evaluate, ours, data, prior),
        "stacked": functools.partial(stacked, G, B),
        "literal": functools.partial(literal, G, B),
        "ours_log": functools.partial(evaluate, functools.partial(ours_log, tasks=m), *ready, prior),
        "literal_log": lambda: literal(*sums_by_loop(*log, m)),
    }
    seconds = protocol.seconds_of(calls, config.repeats)
    mean, cov, hyper_mean, hyper_cov = zip(*(calls[name]() for name in LOOK), strict=True)
    kept = np.arange(m)[:: -(-m // KEPT)]
    sizes, dims = np.array([m // 4, m // 2, m]), np.array([d, 2 * d])
    bytes_of = np.array([[buffers(int(size), int(dim)) for size in sizes] for dim in dims])
    return dataset(
        None,
        {"method": list(LOOK), "repeat": np.arange(config.repeats), "task": kept, "d": dims, "m": sizes},
        seconds=(("method", "repeat"), seconds, "s", "wall time"),
        mean=(("method", "task", "dim"), np.stack(mean)[:, kept]),
        cov=(("method", "task", "dim", "dim_2"), np.stack(cov)[:, kept]),
        hyper_mean=(("method", "dim"), np.stack(hyper_mean)),
        hyper_cov=(("method", "dim", "dim_2"), np.stack(hyper_cov)),
        megabytes=(("d", "m"), bytes_of / 1e6, "MB", "memory"),
        covariances=(("d", "m"), 8 * sizes * dims[:, None] ** 2 / 1e6, "MB", "memory of the covariances"),
    )


def draw(data: Any, config: PosteriorConfig) -> Any:
    """Bars of seconds, and memory against m."""
    figure, axes = plots.panel(1, 2, width=5.2, height=3.6)
    left, right = axes[0]
    title = f"m = {config.tasks:,} tasks, d = {config.dim}, {config.rows} rows a task"
    protocol.bars(left, data, config, LOOK, AGAINST, title=title)
    colors = plots.looks(list(data["d"].values))
    for d in data["d"].values:
        plots.points(right, data["megabytes"].sel(d=d), "m", look=plots.Look(f"measured, d = {d}", colors[d].color))
        least = plots.Look(f"8 m d^2 bytes, d = {d}", colors[d].color)
        plots.theory(right, data["covariances"].sel(d=d), "m", look=least)
    words = dict(x="tasks m", y="work space and results [MB]", title="memory of the compiled program")
    room = dict(ylim=(None, 8 * float(data["megabytes"].max())), legend=dict(ncol=2, loc="upper left", fontsize=8))
    plots.finish(right, log="xy", ticks=data["m"].values, **room, **words)
    return figure


def growth(dim: str, other: str) -> Any:
    """Memory at the largest size over the smallest, over what it would be for the covariances alone."""
    at = [value(name, **{other: FIRST}) for name in ("megabytes", "covariances")]
    ours, least = (x.at(**{dim: LAST}) / x.at(**{dim: FIRST}) for x in at)
    return exact(ours / least)


def memory(text: str, paper: str, measure: Any, bound: float, reason: str) -> Claim:
    """Claim on a ratio of memories."""
    return Claim.speed(text, paper, measure, between(0.0, bound), unit="ratio", reason=reason)


FIGURE = Figure(
    __name__,
    headline=True,
    title="Posteriors of 10,000 tasks against NumPy: time and memory",
    question="How much time and memory do the posteriors of 10,000 tasks take, against NumPy?",
    presets={"smoke": dict(tasks=40, dim=3, rows=5, repeats=2), "paper": dict(tasks=100_000)},
    claims=(
        protocol.faster("times faster than a literal NumPy loop over tasks", 30.0, protocol.times("literal", "ours")),
        protocol.faster(
            "times faster than NumPy on stacks of matrices", 1.0, protocol.times("stacked", "ours"),
            "not a loop: NumPy's inverses and products of all tasks in one call each",
        ),
        protocol.faster(
            "times faster from the log on, sums over each task's rows included", 1.0,
            protocol.times("literal_log", "ours_log"),
        ),
        memory("work space and results over the covariances' 8 m d^2 bytes", "goal: memory O(m d^2)",
               exact(value("megabytes", m=LAST, d=FIRST) / value("covariances", m=LAST, d=FIRST)), 10.0,
               "a handful of arrays of the results' size; dense conditioning of all tasks would need 8 (m d)^2 bytes"),
        memory("memory grows no faster than m (growth from m/4 to m over 4)", "goal: memory O(m d^2)", growth("m", "d"), 1.05,
               "5 % for what does not scale"),
        memory("memory grows no faster than d^2 (growth from d to 2 d over 4)", "goal: memory O(m d^2)", growth("d", "m"), 1.05,
               "5 % for what does not scale"),
        protocol.same("all give the same posteriors (largest relative deviation)", "same closed form",
                      ("mean", "cov", "hyper_mean", "hyper_cov"), "literal", 1e-10, "rounding times the condition"),
    ),
)  # fmt: skip
