"""Neural multitask LSVI: a learned body shared among the tasks against one body per task, and the three bonuses."""

import numpy as np

from experiments.multitask_linear_mdp.protocol import difference, lower, played, total
from mtrl import mdp
from mtrl.harness import BadInput, BaseConfig, Claim, Entrant, Figure, dataset, field
from mtrl.harness.judge.measures import lowest, value
from mtrl.harness.picture import plots
from mtrl.numerics import checks

BONUSES = ("last_layer", "gradient", "optimistic_net")  # of `mdp.BONUSES`

OWN, KNOWN, RAW, TABLE = "last_layer, body per task", "known phi", "LSVI-UCB on x", "tabular"


class NeuralConfig(BaseConfig, seeds=60):
    """phi is a softmax network of Gaussian inputs x."""

    tasks: int = field(8, help="tasks M", lower=1)
    stages: int = field(3, help="stages H", lower=1)
    states: int = field(10, help="states S", lower=1)
    actions: int = field(4, help="actions A", lower=2)
    rank: int = field(3, help="dimension of the true representation", lower=1)
    dim: int = field(4, help="dimension of the inputs D", lower=1)
    episodes: int = field(150, help="episodes", lower=2)
    noise: float = field(0.3, help="standard deviation of the observed rewards", lower=0.0)
    width: int = field(4, help="width k of the network's last layer", lower=1)
    hidden: int = field(32, help="width of the body", lower=1)
    refit_every: int = field(10, help="episodes between refits", lower=1)
    steps: int = field(100, help="Adam steps per refit and stage", lower=1)
    bonuses: tuple[str, ...] = field(BONUSES, help="bonuses of the shared network: " + ", ".join(BONUSES))
    beta: float = field(0.3, help="bonus multiplier of every method", lower=0.0)
    ridge: float = field(0.1, help="ridge lam", lower=0.0, strict=True)

    def validate(self):
        """The network is fitted at least once, and its bonuses are known."""
        sizes = {name: getattr(self, name) for name in ("tasks", "stages", "states", "actions")}
        mdp.check_sizes(rank=self.width, width=self.hidden, **sizes)
        if self.refit_every >= self.episodes:
            raise BadInput(
                f"refit_every got {self.refit_every} in {self.episodes} episodes, so the network would never be fitted; "
                f"lower it below {self.episodes}"
            )
        for bonus in self.bonuses:
            checks.check_choice("bonuses", bonus, BONUSES)


def entrants(config):
    """Shared networks with every bonus, a network per task, and the baselines."""
    common = dict(rank=config.width, hidden=config.hidden, refit_every=config.refit_every, steps=config.steps)
    nets = [(f"{bonus}, shared body", dict(bonus=bonus, **common)) for bonus in config.bonuses]
    nets.append((OWN, dict(teams=config.tasks, **common)))
    index, bonus = dict(alpha=config.beta, ridge=config.ridge), dict(beta=config.beta, ridge=config.ridge)
    baselines = ((KNOWN, mdp.known_representation), (RAW, mdp.lsvi_ucb), (TABLE, mdp.tabular))
    learners = [Entrant(name, mdp.neural_lsvi, static, index) for name, static in nets]
    return learners + [Entrant(name, factory, grid=bonus) for name, factory in baselines]


def run(config, seeds):
    """One cell."""
    sizes = {n: getattr(config, n) for n in ("tasks", "stages", "states", "actions", "rank", "dim")}
    problem = mdp.episodic(mdp.sample_neural, **sizes)
    records = played(entrants(config), config, seeds, problem)
    regret = np.concatenate([record.regret for record in records.values()], axis=1)
    axes = {"method": list(records), "episode": np.arange(1, config.episodes + 1)}
    return dataset(seeds, axes, regret=(("seed", "method", "episode"), regret, "return"))


def draw(data, config):
    """Cumulative regret and the late slope."""
    figure, axes = plots.panel(1, 2, width=5.0, height=3.8)
    look = plots.looks(data["method"].values.tolist())
    plots.curves(axes[0, 0], data["regret"].cumsum("episode"), "episode", "method", look)
    plots.finish(axes[0, 0], x="episode", y="cumulative regret per task [return]", legend=dict(fontsize=8))
    plots.bars(axes[0, 1], data["regret"].isel(episode=slice(-30, None)).mean("episode"), "method", look)
    plots.finish(axes[0, 1], x="regret per episode, last 30 [return]")
    return figure


SHARED = "last_layer, shared body"

FIGURE = Figure(
    __name__,
    title="Neural multitask LSVI: a shared body against one body per task, three bonuses",
    question="Does a body shared by all tasks lower the regret per task against one body per task?",
    claims=(
        lower("a shared body has lower regret per task than one body per task", "Lu et al. 2022: gain of a shared neural representation",
              difference(SHARED, OWN)),
        lower("the shared network beats tabular learning", "the representation generalises over pairs (s, a)",
              difference(SHARED, TABLE), Claim.derived),
        lower("the shared network beats linear features of the raw inputs", "x itself is not a linear-MDP feature map",
              difference(SHARED, RAW), Claim.derived),
        lower("the known representation is a floor (minus the lowest of the other methods)",
              "theory: M -> infinity tends to known phi", lowest(total(value("regret")), KNOWN), Claim.derived),
    ),
    presets={
        "smoke": dict(seeds=2, episodes=8, refit_every=4, steps=5, tasks=2, states=4, stages=2, hidden=8, bonuses=("last_layer",)),
        "paper": dict(seeds=100, episodes=500, steps=300, hidden=64),
    },
)  # fmt: skip
