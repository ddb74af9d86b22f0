"""What the figures share: the finite class of representations, names of the methods, means over tasks, paired differences."""

from mtrl import mdp
from mtrl.harness import BaseConfig, Claim, compete, field, jax, less_than_zero
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture.plots import looks

SHARED, OWN = "shared", "per task"
ARGMIN_SHARED, ARGMIN_OWN = "argmin only, shared", "argmin only, per task"
KNOWN, TABULAR, UNIFORM = "known phi (LSVI-UCB)", "tabular (one-hot LSVI-UCB)", "uniform"
RETURN = "return per task"
LIMIT = "theory: M -> infinity tends to known phi"
# Numbers of runs whose code is not published; the papers report none for MDPs.
PROGRAM = "an independent program, written from the papers, not by their authors"
METHODS = (SHARED, OWN, ARGMIN_SHARED, ARGMIN_OWN, KNOWN, TABULAR, UNIFORM)

LOOKS = looks(METHODS)
LOOKS |= {name: LOOKS[name]._replace(line="--") for name in (ARGMIN_SHARED, ARGMIN_OWN)}


class WorldConfig(BaseConfig):
    """A finite class of representations of a linear MDP."""

    tasks: int = field(8, help="tasks M", lower=1)
    stages: int = field(4, help="stages H", lower=1)
    states: int = field(10, help="states S", lower=1)
    actions: int = field(4, help="actions A", lower=2)
    rank: int = field(3, help="dimension of the representation k", lower=1)
    candidates: int = field(20, help="candidate representations |Phi|", lower=1)
    episodes: int = field(150, help="episodes", lower=2)
    ridge: float = field(0.1, help="ridge lam", lower=0.0, strict=True)

    def validate(self):
        """Sizes that fit."""
        mdp.check_sizes(width=self.states * self.actions, **self.sizes)

    @property
    def sizes(self):
        """M, H, S, A, k, |Phi|."""
        return {n: getattr(self, n) for n in ("tasks", "stages", "states", "actions", "rank", "candidates")}

    @property
    def problem(self):
        """Worlds and episodes."""
        return mdp.episodic(mdp.sample_finite_class, **self.sizes)


def task_means(step):
    """Regret, optimism and survivors of an episode, averaged over tasks (and stages)."""
    return jax.tree.map(lambda x: x.mean(), mdp.record(step))


def played(entrants, config, seeds, problem):
    """Of every entrant: regret, optimism and survivors, (seed, lane, episode), all on the same worlds."""
    common = dict(rounds=config.episodes, inputs=(config.noise,), record=task_means)
    return {name: result.record for name, result in compete(entrants, problem, seeds=seeds, **common).items()}


def team_numbers(config):
    """Team of every task: all in one, and each alone."""
    return (0,) * config.tasks, tuple(range(config.tasks))


def total(quantity):
    """Sum over the episodes, which a missing one makes missing."""
    return quantity.then(lambda array: array.sum("episode", skipna=False))


def regret_of(method, name="regret", **where):
    """Regret per task over all episodes."""
    return total(value(name, method=method, **where))


def difference(smaller, larger):
    """Paired difference of the regret per task of two methods."""
    return mean(regret_of(smaller) - regret_of(larger))


def lower(text, paper, measure, make=Claim, note="", unit=RETURN, **more):
    """A claim that a difference of regrets is below 0."""
    return make(text, paper, measure, less_than_zero, note=note, unit=unit, **more)
