"""How fast the joint fit finds the true representation among finitely many, from uniform exploration."""

from typing import Any

import numpy as np

from experiments.multitask_bandits.protocol import fewest, most, several_tasks
from mtrl import bandits
from mtrl.harness import Axis, BaseConfig, Claim, Figure, at_least, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots

# Shares in an independent program's 40 seeds with uniform exploration, by M; its noise is not reported.
REFERENCE_SAMPLES = (10, 30, 100, 300)
REFERENCE = {1: (0.15, 0.33, 0.60, 0.90), 8: (0.28, 0.75, 0.98, 1.0)}


class IdentificationConfig(BaseConfig, seeds=200):
    """Share of runs whose smallest summed residual belongs to the truth."""

    tasks: tuple[int, ...] = field((1, 8), help="numbers of tasks M", lower=1)
    samples: tuple[int, ...] = field((10, 30, 100, 300), help="samples per task n", lower=1)
    candidates: int = field(12, help="number of candidate representations |Phi|", lower=2)
    dim: int = field(8, help="input dimension", lower=1)
    rank: int = field(3, help="representation dimension k", lower=1)
    noise: float = field(1.5, help="noise standard deviation sigma", lower=0.0)


def identify(
    key: Any, noise: Any, *, tasks: int, samples: tuple[int, ...], candidates: int, dim: int, rank: int
) -> Any:
    """Whether the joint ridge fit picks the truth, for every n."""
    keys = split_named(key, "problem", "data")
    most = max(samples)
    # One "arm" per sample: uniform exploration sees every input once.
    problem = bandits.finite_class(tasks=tasks, dim=dim, rank=rank, candidates=candidates, arms=most)
    params = problem.sample(keys["problem"], noise)
    view, truth = problem.draw(keys["data"], params, 0)

    def joint_fit(count):
        seen = (jnp.arange(most) < count).astype(noise.dtype)
        features = view.candidates * seen[:, None]  # (candidate, task, sample, rank)
        gram = jnp.einsum("pmnk,pmnl->pmkl", features, features) + 1e-6 * jnp.eye(rank, dtype=noise.dtype)
        cross = jnp.einsum("pmnk,mn->pmk", features, truth.rewards)
        heads = jnp.linalg.solve(gram, cross[..., None])[..., 0]
        losses = -jnp.sum(heads * cross, axis=(1, 2))  # residual sum of squares up to a constant
        return jnp.argmin(losses) == params.truth

    return jax.lax.map(joint_fit, jnp.asarray(samples))


def run(config: IdentificationConfig, seeds: np.ndarray) -> Any:
    """One M."""
    (tasks,) = config.tasks
    sizes = dict(tasks=tasks, samples=config.samples, candidates=config.candidates, dim=config.dim, rank=config.rank)
    found = np.asarray(over_seeds(identify, seeds, config.noise, **sizes), dtype=float)
    coords = {"tasks": [tasks], "sample": Axis(config.samples, words="samples per task n")}
    return dataset(seeds, coords, found=(("tasks", "seed", "sample"), found[None], "1", "share of runs that find phi"))


def draw(data: Any, config: IdentificationConfig) -> Any:
    """Share of identified runs with Wilson's interval."""
    figure, axes = plots.panel()
    ax = axes[0, 0]
    looks = plots.looks({int(m): f"M = {m}" for m in data["tasks"].values})
    plots.points(ax, data["found"], "sample", "tasks", looks, share=True)
    plots.level(ax, 1 / config.candidates, "chance")
    if set(REFERENCE_SAMPLES) <= set(data["sample"].values.tolist()):
        words = "independent program (40 runs,\nits noise not known)"
        for tasks in set(REFERENCE) & set(looks):
            table = dict(zip(REFERENCE_SAMPLES, REFERENCE[tasks], strict=True))
            plots.program(ax, table, words, color=looks[tasks].color)
            words = ""
    title = f"joint fit over |Phi| = {config.candidates}"
    legend = dict(loc="lower right", bbox_to_anchor=(1.0, 0.12), fontsize=8)
    plots.finish(ax, title=title, log="x", ticks=data["sample"].values, ylim=(0, 1.05), legend=legend)
    return figure


def tenth(config: IdentificationConfig) -> int:
    """The number of samples nearest to a tenth of the most."""
    return min(config.samples, key=lambda n: abs(n - max(config.samples) / 10))


def largest(config: IdentificationConfig) -> int:
    """The most samples."""
    return max(config.samples)


FIGURE = Figure(
    __name__, split=("tasks",),
    title="Finding the true representation: share of runs against samples per task",
    question="How many samples per task does it take to find the true representation, and do more tasks need fewer each?",
    claims=(
        Claim("more tasks find the representation with fewer samples each (share at the largest M minus smallest, mean over n)",
              "the cost log N(Phi) is paid once for all tasks, Theorem 1 (ordering)",
              mean((value("found", tasks=most) - value("found", tasks=fewest)).over("sample")), at_least(0.0), unit="share of runs",
              applies=several_tasks),
        Claim.derived("total data M n is what counts: one task with all samples finds it at least as often as M with a tenth",
              "Theorem 1's cost log N(Phi) against M n samples; at M = 8 a tenth is less data in total (derived)",
              mean(value("found", tasks=fewest, sample=largest) - value("found", tasks=most, sample=tenth)), at_least(0.0),
              unit="share of runs", note="pooling over tasks also averages over heads, which may outweigh the missing fifth of the data",
              applies=several_tasks),
    ),
    presets={
        "smoke": dict(seeds=4, samples=(5, 20), candidates=3),
        "paper": dict(seeds=2000, tasks=(1, 2, 4, 8, 16), seed_batch=200),
    },
    # Features of every candidate and sample, their masked copy, and the networks' hidden layer.
    memory=lambda config: (
        8
        * (config.seed_batch or config.seeds)
        * config.candidates
        * max(config.tasks)
        * max(config.samples)
        * (3 * config.rank + 2 * 16)
    ),
)  # fmt: skip
