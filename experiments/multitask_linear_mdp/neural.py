"""Neural multitask LSVI: a learned body shared among the tasks against one body per task, and the three bonuses."""

import dataclasses
import functools

import numpy as np

from experiments.multitask_linear_mdp.race import Entrant, race, settings
from mtrl.harness import BaseConfig, Claim, Figure, field, less_than_zero, mean_interval, over_seeds, style
from mtrl.mdp.checks import check_choice, check_radius, check_refit, check_sizes
from mtrl.mdp.known_representation import KNOWN_REPRESENTATION
from mtrl.mdp.lsvi_ucb import LSVI_UCB
from mtrl.mdp.neural import Config, init, step
from mtrl.mdp.neural_bonus import BONUSES
from mtrl.mdp.problem import sample_neural
from mtrl.mdp.tabular import TABULAR
from mtrl.numerics.algorithm import Algorithm

OWN, KNOWN, RAW, TABLE = "last_layer, body per task", "known phi", "LSVI-UCB on x", "tabular"


@dataclasses.dataclass(frozen=True)
class NeuralConfig(BaseConfig):
    """phi is a softmax network of Gaussian inputs x."""

    seeds: int = field(60, help="number of random seeds", lower=1)
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
        check_sizes(
            tasks=self.tasks, stages=self.stages, states=self.states, actions=self.actions, rank=self.width, width=self.hidden
        )  # fmt: skip
        check_refit(self.refit_every, self.episodes)
        for bonus in self.bonuses:
            check_choice("bonuses", bonus, BONUSES)


def networks(config):
    """(label, Config) of the networks in the race."""
    common = dict(rank=config.width, hidden=config.hidden, refit_every=config.refit_every, steps=config.steps)
    shared = [(f"{bonus}, shared body", Config(bonus=bonus, **common)) for bonus in config.bonuses]
    return [*shared, (OWN, Config(teams=config.tasks, **common))]


def run(config, seeds):
    """One cell."""
    import xarray as xr

    check_radius(beta=config.beta)
    nets = networks(config)
    entrants = tuple(Entrant(name, Algorithm(init, functools.partial(step, config=net)), net) for name, net in nets) + (
        Entrant(KNOWN, KNOWN_REPRESENTATION),
        Entrant(RAW, LSVI_UCB),
        Entrant(TABLE, TABULAR),
    )
    hyper = {name: settings(alpha=[config.beta], ridge=config.ridge) for name, _ in nets}
    hyper |= {name: settings(beta=[config.beta], ridge=config.ridge) for name in (KNOWN, RAW, TABLE)}
    sizes = {n: getattr(config, n) for n in ("tasks", "stages", "states", "actions", "rank", "dim")}
    records = over_seeds(
        race, seeds, config.noise, hyper,
        world=functools.partial(sample_neural, **sizes), entrants=entrants, episodes=config.episodes,
    )  # fmt: skip
    names = [entrant.name for entrant in entrants]
    regret = np.concatenate([np.asarray(records[name].regret) for name in names], axis=1)
    return xr.Dataset(
        {"regret": (("seed", "method", "episode"), regret, {"units": "return"})},
        coords={"seed": seeds, "method": names, "episode": np.arange(1, config.episodes + 1)},
    )


def draw(data, config):
    """Cumulative regret and the late slope."""
    figure, axes = style.subplots(1, 2, width=5.0, height=3.8)
    total = data["regret"].cumsum("episode")
    names = list(data["method"].values)
    for i, name in enumerate(names):
        style.band(
            axes[0, 0], data["episode"], total.sel({"method": name}), label=name, points=False, color=style.COLORS[i]
        )
    axes[0, 0].set(xlabel="episode", ylabel="cumulative regret per task [return]")
    axes[0, 0].legend(fontsize=8)
    late = data["regret"].isel(episode=slice(-30, None)).mean("episode")
    axes[0, 1].barh(
        range(len(names)), late.mean("seed"), xerr=style.half_width(late.values), color=style.COLORS[: len(names)]
    )
    axes[0, 1].set_yticks(range(len(names)), names)
    axes[0, 1].invert_yaxis()
    axes[0, 1].set(xlabel="regret per episode, last 30 [return]")
    return figure


def difference(smaller, larger):
    """Paired difference of cumulative regret per task."""

    def measure(data):
        total = data["regret"].sum("episode")
        return mean_interval((total.sel({"method": smaller}) - total.sel({"method": larger})).values)

    return measure


SHARED = "last_layer, shared body"

FIGURE = Figure(
    name="neural",
    title="Neural multitask LSVI: a shared body against one body per task, three bonuses",
    config=NeuralConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            "a shared body has lower regret per task than one body per task",
            "Lu et al. 2022: gain of a shared neural representation",
            difference(SHARED, OWN),
            less_than_zero,
        ),
        Claim(
            "the shared network beats tabular learning",
            "the representation generalises over pairs (s, a)",
            difference(SHARED, TABLE),
            less_than_zero,
        ),
        Claim(
            "the shared network beats linear features of the raw inputs",
            "x itself is not a linear-MDP feature map",
            difference(SHARED, RAW),
            less_than_zero,
        ),
        Claim(
            "the known representation is a floor",
            "theory: M -> infinity tends to known phi",
            difference(KNOWN, SHARED),
            less_than_zero,
        ),
    ),
    presets={
        "smoke": dict(
            seeds=2, episodes=8, refit_every=4, steps=5, tasks=2, states=4, stages=2, hidden=8, bonuses=("last_layer",)
        ),
        "paper": dict(seeds=100, episodes=500, steps=300, hidden=64),
    },
)
