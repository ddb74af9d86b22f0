"""What the figures share: the test bed of likelihood fits, the finite class, names of the methods.

The paper (arXiv 2310.13550) has no experiments. Sizes, constants and figures are this project's own; numbers called `reference` are those
of an independent program written from the paper, not by its authors.
"""

import numpy as np

from mtrl import mdp
from mtrl.harness import BadInput, BaseConfig, Claim, between, field, jnp
from mtrl.harness.picture.plots import looks

JOINT, SEPARATE, POOLED, KNOWN = "joint", "separate", "pooled", "known T"
LOOKS = looks((JOINT, SEPARATE, KNOWN, POOLED, "product distance", "uniform actions"))
DESIGN = "the paper has no experiments: this project's own design"
PROGRAM = "an independent program, written from the paper, not by its authors"


def derived(text, paper, measure, accepts, *, unit, **more):
    """A claim that follows from a formula."""
    return Claim.derived(text, f"{paper}; {DESIGN}", measure, accepts, unit=unit, **more)


def reference(text, number, measure, share, *, unit, reason, words="", **more):
    """A claim of the independent program's number, up to a share of it."""
    region = between((1 - share) * number, (1 + share) * number)
    more = dict(unit=unit, value=float(number), reason=reason) | more
    return Claim.reference(text, f"{words or number}, {PROGRAM}", measure, region, **more)


def own(figure):
    """The label that every figure carries."""
    figure.suptitle("own design: the paper has no experiments", fontsize=8)
    return figure


def check_teams(teams, tasks):
    """Check that teams divide the tasks.

    Raises:
      BadInput: one does not.
    """
    for size in teams:
        if tasks % size:
            raise BadInput(f"teams got {size}, which does not divide tasks={tasks}; use divisors of {tasks}")


class FitConfig(BaseConfig):
    """Two latent states, two actions, three observations; transitions shared, emissions of every task's own."""

    tasks: int = field(16, help="tasks in all", lower=1)
    teams: tuple[int, ...] = field((1, 2, 4, 8, 16), help="tasks N that share T; each must divide tasks", lower=1)
    episodes: tuple[int, ...] = field((100, 400, 1500, 5000), help="episodes per task K, ascending", lower=1)
    horizon: int = field(4, help="observations in an episode H", lower=2, upper=6)
    steps: int = field(60, help="EM steps, from the truth", lower=1)
    spread: float = field(0.04, help="half-range of the tasks' emissions", lower=0.0, upper=0.05)

    def validate(self):
        """Teams divide the tasks; episodes ascend."""
        check_teams(self.teams, self.tasks)
        if list(self.episodes) != sorted(set(self.episodes)):
            raise BadInput(f"episodes got {self.episodes}, but must ascend; sort them")

    @property
    def sharings(self):
        """Who adds whose transition counts: teams of every size, and nobody (T known)."""
        who = [np.arange(self.tasks) // size for size in self.teams]
        return np.array([*(np.equal.outer(w, w) for w in who), np.zeros((self.tasks,) * 2)], float)


class ClassConfig(BaseConfig):
    """A finite joint class: J shared transition laws times L emission laws per task."""

    tasks: int = field(8, help="tasks in all", lower=1)
    shared: int = field(12, help="candidate transition laws J", lower=1)
    own: int = field(3, help="candidate emission laws L", lower=1)
    states: int = field(2, help="latent states S", lower=1)
    actions: int = field(2, help="actions A", lower=2)
    observations: int = field(3, help="observations O", lower=2)
    horizon: int = field(3, help="observations in an episode H", lower=2, upper=5)
    concentration: float = field(0.7, help="Dirichlet concentration of the candidates", lower=0.0, strict=True)
    eps: float = field(0.02, help="accuracy: stop at a mean width of eps / 2", lower=0.0, strict=True)
    delta: float = field(0.1, help="chance that the truth leaves the confidence set", lower=0.0, upper=1.0, strict=True)
    rounds: int = field(1000, help="rounds at most, one trajectory per task and step each", lower=2)

    @property
    def problem(self):
        """Worlds and rounds."""
        names = ("tasks", "shared", "own", "states", "actions", "observations", "horizon")
        return mdp.psr.worlds.play_on(mdp.psr.worlds.sample_world, **{name: getattr(self, name) for name in names})

    def margin(self, tasks, sharing):
        """Margin beta with which the truth stays inside with probability 1 - delta."""
        sizes = dict(shared=self.shared, own=self.own, delta=self.delta)
        return np.array([float(mdp.psr.theory.finite_margin(float(n), sharing=sharing, **sizes)) for n in tasks])


def progress(step):
    """Per round and task: width, stop, truth inside, truth found; and per round whether some model allows what was seen."""
    world, info = step.round.truth.world, step.info
    inside = info.kept[jnp.arange(world.own.shape[0]), world.shared, world.own]
    found = (info.shared == world.shared) & (info.own == world.own)
    return info.width, info.stopped, inside, found, info.possible


def until_stop(records):
    """Variables (seed, method, ...) of the records of several methods, each (..., round, task) with the seed first.

    Rounds until each task stopped (all rounds if it did not), whether it did, truth inside throughout, truth found at the end.
    """

    def one(record):
        _, stopped, inside, found, possible = (np.asarray(x) for x in record)
        mdp.psr.finite.check_possible(possible)
        done = stopped.any(-2)
        rounds = np.where(done, stopped.argmax(-2), stopped.shape[-2])
        return rounds.mean(-1), done.mean(-1), inside.all(-2).mean(-1), found[..., -1, :].mean(-1)

    names = ("rounds", "stopped", "inside", "found")
    words = (
        "rounds until the stop",
        "share of tasks stopped",
        "share of tasks whose truth never left",
        "share of tasks identified",
    )
    stacked = (np.stack(x, 1) for x in zip(*map(one, records), strict=True))
    return {name: (x, "1", text) for name, x, text in zip(names, stacked, words, strict=True)}
