"""Linear representations: MTLR-LSVI against LSVI-UCB on the raw inputs, the known subspace and tabular learning, for several M."""

import numpy as np

from experiments.multitask_linear_mdp.protocol import lower, played, regret_of, total
from mtrl import mdp
from mtrl.harness import BaseConfig, Claim, Entrant, Figure, dataset, evaluate, field
from mtrl.harness.judge.measures import FIRST, LAST, lowest, mean, value
from mtrl.harness.picture import plots

METHODS = ("MTLR-LSVI", "MTLR-LSVI, subspace trusted", "LSVI-UCB on x", "known subspace", "tabular")


class LinearConfig(BaseConfig):
    """phi = B^T x with D-dimensional inputs x."""

    tasks: tuple[int, ...] = field((1, 4, 16), help="tasks M", lower=1)
    stages: int = field(4, help="stages H", lower=1)
    states: int = field(10, help="states S", lower=1)
    actions: int = field(4, help="actions A", lower=2)
    rank: int = field(2, help="dimension of the subspace k", lower=1)
    dim: int = field(10, help="dimension of the inputs D", lower=1)
    episodes: int = field(150, help="episodes", lower=2)
    beta: float = field(0.3, help="bonus multiplier of every method", lower=0.0)
    ridge: float = field(0.1, help="ridge lam", lower=0.0, strict=True)
    noise: float = field(0.0, help="standard deviation of the observed rewards", lower=0.0)

    def validate(self):
        """The subspace fits the inputs."""
        sizes = {name: getattr(self, name) for name in ("stages", "states", "actions", "rank")}
        mdp.check_sizes(tasks=min(self.tasks), width=self.dim, **sizes)


def rates(tasks, episodes, stages, dim, rank):
    """Regret per task (~O) of MTLR-LSVI."""
    return mdp.theory.mtlr_lsvi_regret(tasks, episodes, stages=stages, dim=dim, rank=rank) / tasks


def run(config, seeds):
    """One cell: one M."""
    (tasks,) = config.tasks
    sizes = {n: getattr(config, n) for n in ("stages", "states", "actions", "rank", "dim")}
    common = dict(beta=config.beta, ridge=config.ridge)
    entrants = (
        Entrant("mtlr", mdp.mtlr_lsvi, static=dict(rank=config.rank), grid=dict(basis_bonus=[1.0, 0.0], **common)),
        Entrant("raw", mdp.lsvi_ucb, grid=common),
        Entrant("known", mdp.known_representation, grid=common),
        Entrant("tabular", mdp.tabular, grid=common),
    )
    problem = mdp.episodic(mdp.sample_linear, tasks=tasks, **sizes)
    records = played(entrants, config, seeds, problem)
    regret = np.concatenate([record.regret for record in records.values()], axis=1)
    numbers = (tasks, config.episodes, config.stages, config.dim, config.rank)
    return dataset(
        seeds,
        {"task": [tasks], "method": METHODS, "episode": np.arange(1, config.episodes + 1)},
        regret=(("seed", "task", "method", "episode"), regret[:, None], "return"),
        rate=("task", [float(evaluate(rates, *map(float, numbers)))], "return, up to a constant"),
    )


def draw(data, config):
    """Regret against episodes at the largest M; against M with the rate."""
    figure, axes = plots.panel(1, 2, width=4.8, height=4.1)
    (left, right), total, look = axes[0], data["regret"].cumsum("episode"), plots.looks(METHODS)
    plots.curves(left, total.isel(task=-1), "episode", "method", look)
    final = total.isel(episode=-1)
    plots.points(right, final, "task", "method", look)
    rate = plots.Look("rate of MTLR-LSVI", "black", line="--")
    plots.theory(right, data["rate"], "task", look=rate, scaled=final.sel({"method": METHODS[0]}))
    words = "cumulative regret per task [return]"
    plots.finish(left, x="episode", y=words, log="y", title=f"M = {int(data['task'][-1])}", legend=None)
    left.set_ylim(0.2, None)
    words = f"regret per task, {config.episodes} episodes [return]"
    plots.finish(right, x="tasks that share, M", y=words, log="y", ticks=data["task"], legend=None)
    plots.legend_below(figure, [right], 3)
    return figure


FIGURE = Figure(
    __name__,
    title="Linear representations: MTLR-LSVI against LSVI-UCB on raw inputs, for several M",
    question="With linear representations of high-dimensional inputs, does MTLR-LSVI beat LSVI-UCB on the raw inputs?",
    claims=(
        lower("MTLR-LSVI beats LSVI-UCB on the raw inputs at the largest M",
              "Hu et al. 2021: H M sqrt(dkT) + H d sqrt(kMT) against M copies",
              mean(regret_of(METHODS[0], task=LAST) - regret_of(METHODS[2], task=LAST))),
        lower("MTLR-LSVI's regret per task falls from the smallest to the largest M", "the term H d sqrt(kMT) is paid once",
              mean(regret_of(METHODS[0], task=LAST) - regret_of(METHODS[0], task=FIRST)),
              note="about 60 seeds would decide a fall of 2.5", applies=lambda data: data.sizes["task"] > 1),
        lower("the known subspace is a floor at the largest M (minus the lowest of the other methods)",
              "theory: M -> infinity tends to known B", lowest(total(value("regret", task=LAST)), METHODS[3]), Claim.derived),
    ),
    split=("tasks",),
    presets={
        "smoke": dict(seeds=2, tasks=(1,), episodes=12, states=5, dim=4),
        "paper": dict(seeds=200, tasks=(1, 2, 4, 8, 16, 32), episodes=500),
    },
)  # fmt: skip
