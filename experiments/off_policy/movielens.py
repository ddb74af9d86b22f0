"""The paper's Figure 3, recommendation: ratings are completed, a mixture of users gives the hierarchy, its largest component the tasks.

python -m experiments.off_policy --figure=movielens --data_dir=FOLDER   # MovieLens 1M, or ml-latest-small
"""

from typing import Any

import numpy as np

from experiments.off_policy import pipeline, protocol
from experiments.off_policy.protocol import FLAT, HIER, LOGGING, LOOKS, LOSS, METHODS, ORACLE, UNIT
from experiments.off_policy.reference import CLUSTERS, cluster_claims
from mtrl.harness import Axis, BaseConfig, Claim, Figure, at_least, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, bootstrap, mean, value, worst
from mtrl.harness.picture import plots


class MovieConfig(BaseConfig, seeds=20):
    """Section 6.2; without files a table of the same shape is generated (at `quick` a smaller one) and goes the same way."""

    data_dir: str = field("", help="folder with ratings.dat or ratings.csv; empty: the stand-in", path=True)
    users: int = field(1500, help="users of the stand-in", lower=7)
    movies: int = field(1000, help="movies of the stand-in", lower=2)
    observed: float = field(
        0.0426, help="share of the stand-in's ratings that is observed", lower=0.0, upper=1.0, strict=True
    )
    noise: float = field(0.759, help="standard deviation of the stand-in's ratings", lower=0.0, strict=True)
    rank: int = field(10, help="rank d of the completion", lower=1)
    ridges: tuple[float, ...] = field(
        (1.0, 3.0, 10.0, 30.0), help="candidate ridges of the completion", lower=0.0, strict=True
    )
    sweeps: int = field(15, help="sweeps of alternating least squares", lower=1)
    components: int = field(7, help="components of the mixture", lower=2)
    tasks: int = field(100, help="tasks m, users of the largest component", lower=1)
    actions: int = field(10, help="movies K per context", lower=2)
    interactions: tuple[int, ...] = field(
        (1000, 2000, 4000, 8000, 16_000, 32_000), help="logged interactions n", lower=1, distinct=True
    )
    contexts: int = field(200, help="fresh contexts per task", lower=1)


def run(config: MovieConfig, seeds: np.ndarray) -> Any:
    """The pipeline, and the same bandit on the stand-in's true factors."""
    name, cluster, items, quality = pipeline.prepare(config)
    ns = np.sort(config.interactions)
    sizes = dict(tasks=config.tasks, actions=config.actions, contexts=config.contexts, count=int(ns[-1]))
    losses, logging = over_seeds(pipeline.on_cluster, seeds, cluster, items, ns, in_turn=True, **sizes)
    known, _ = over_seeds(pipeline.on_true_factors, seeds, ns, in_turn=True, movies=config.movies, **sizes)
    dims = ("seed", "n", "method")
    return dataset(
        seeds,
        {"method": list(METHODS), "n": Axis(ns, words="logged interactions n"), "ridge": list(config.ridges)},
        loss=(dims, losses, UNIT, LOSS),
        known=(dims, known, UNIT, LOSS),
        logging=("seed", logging, UNIT, LOSS),
        held_out=("ridge", quality.held_out, "stars", "error of the completion on held-out ratings"),
        sigma=((), quality.sigma, "stars", "residual standard deviation of the completion"),
        members=((), quality.members, "users", "users of the largest component"),
    ).assign_attrs(data=name)  # fmt: skip


def draw(data: Any, config: MovieConfig) -> Any:
    """The pipeline on the left, true factors on the right."""
    figure, axes = plots.panel(1, 2, width=4.8, height=3.8)
    for ax, name in zip(axes[0], ("loss", "known"), strict=True):
        plots.points(ax, data[name], "n", "method", LOOKS, spread=0.04)
    plots.level(axes[0, 0], data["logging"].mean(), LOGGING)
    for i in range(len(METHODS)):
        plots.program(axes[0, 1], {n: row[i] for n, row in CLUSTERS.items()}, "" if i else "independent program")
    words = f"{data.attrs['data']}: {int(data['members'])} users, sigma = {float(data['sigma']):.3f}"
    for ax, title in zip(axes[0], (words, "no completion: true factors, true hierarchy"), strict=True):
        plots.finish(ax, title=title, log="xy", ticks=data["n"].values, legend=dict(fontsize=7))
    return figure


def stand_in(data: Any) -> bool:
    """Not the paper's ratings."""
    return data.attrs["data"] != "MovieLens 1M"


def at(method: str, n: Any = FIRST) -> Any:
    """Loss."""
    return value("loss", method=method, n=n)


SAME = dict(unit=UNIT, stand_in=stand_in)
FIGURE = Figure(
    __name__,
    title="Recommendation to many users from one log: ratings completed, users clustered, policies pessimistic",
    question="From one log of ratings, does a hierarchy recommend better to many users than every user's own posterior?",
    claims=(
        Claim("HierOPO beats FlatOPO at every n (worst difference)", "Figure 3 (ordering)",
              worst(value("loss", method=HIER) - value("loss", method=FLAT)), less_than_zero, **SAME),
        Claim("OracleOPO is at least as good as HierOPO at every n (worst difference)", "Figure 3 (ordering)",
              worst(value("loss", method=ORACLE) - value("loss", method=HIER)), less_than_zero, **SAME),
        Claim("HierOPO is close to the oracle: share of FlatOPO's distance that it makes up, smallest n", "Figure 3 (ordering)",
              bootstrap(protocol.closed, at(HIER), at(ORACLE), at(FLAT)), at_least(0.5), unit="1",
              stand_in=stand_in, reason="nearer to the oracle"),
        Claim("HierOPO at n = 1000 is better than FlatOPO at twice as many interactions", "Figure 3: needs far less data (ordering)",
              mean(at(HIER, 1000) - at(FLAT, 2000)), less_than_zero, **SAME),
        Claim.sanity("the policy that made the log is worse than FlatOPO, smallest n", "off-policy learning improves (ordering)",
              mean(at(FLAT) - value("logging")), less_than_zero, **SAME),
        *cluster_claims(),
    ),
    presets={
        "smoke": dict(seeds=2, users=60, movies=40, observed=0.5, rank=3, ridges=(1.0,), sweeps=3, components=3, tasks=8,
                      interactions=(50, 100), contexts=10),
        "paper": dict(users=6040, movies=3883, sweeps=30, seeds=100),
    },
)  # fmt: skip
