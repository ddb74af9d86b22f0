"""A round of LinUCB and an update of the neural bandit's network beside the libraries people use, MABWiser and PyTorch, where installed.

MABWiser's LinUCB keeps a regression for every arm over one context (Li et al. 2010, algorithm 1), ours one over the arms' own features: in
a round both weigh A arms in d dimensions and update one inverse. PyTorch trains the same network with the same optimiser and batches.
"""

import dataclasses
import functools
import importlib.util
from typing import Any

import numpy as np

from experiments.benchmark_bandits import peers
from experiments.benchmark_bandits.protocol import faster, ours
from mtrl.harness import BaseConfig, Figure, dataset, field, over_seeds, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import times_faster, value
from mtrl.harness.picture import plots

WORK = {"round": "LinUCB: a round", "update": "neural bandit: an update"}
LIBRARY = {"round": "mabwiser", "update": "torch"}
NAMES = {"mabwiser": "MABWiser", "torch": "PyTorch"}
ALONE, MANY, PEER = "mtrl, one seed", "mtrl, many seeds", "library"
LOOK = plots.looks((ALONE, MANY, PEER))


class LibrariesConfig(BaseConfig):
    """Seconds a seed for one round or one update."""

    seeds: int = field(64, help="seeds run together", lower=2)
    tasks: int = field(10, help="tasks M of the network; LinUCB has one", lower=1)
    dim: int = field(10, help="dimension d", lower=1)
    rank: int = field(2, help="shared dimension k", lower=1)
    arms: int = field(10, help="arms A", lower=2)
    rounds: int = field(200, help="rounds T", lower=1)
    width: int = field(128, help="hidden units; a batch is twice as large", lower=2)
    updates: int = field(200, help="Adam updates", lower=1)
    repeats: int = field(5, help="interleaved repetitions", lower=2)
    noise: float = field(0.3, help="noise standard deviation", lower=0.0)


def run(config: LibrariesConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings of all sides."""
    x, y, task = peers.examples(config.tasks)
    single = dataclasses.replace(config, tasks=1)
    sizes = dict(width=config.width, rank=config.rank, updates=config.updates, tasks=config.tasks)
    calls = {}
    for side, chosen in ((ALONE, seeds[:1]), (MANY, seeds)):
        calls["round", side] = ours(single, chosen, "LinUCB"), config.rounds * len(chosen)
        update = functools.partial(over_seeds, peers.training, chosen, x, y, task, **sizes)
        calls["update", side] = update, config.updates * len(chosen)
    makers = {"round": lambda: peers.mabwiser_rounds(config), "update": lambda: peers.torch_updates(config, x, y, task)}
    for work, count in (("round", config.rounds), ("update", config.updates)):
        if importlib.util.find_spec(LIBRARY[work]) is not None:
            calls[work, PEER] = makers[work](), count
    seconds = np.full((len(WORK), len(LOOK), config.repeats), np.nan)
    alone = {name: call for name, (call, _) in calls.items()}
    for (work, side), took in timing.compare(alone, config.repeats).items():
        seconds[list(WORK).index(work), list(LOOK).index(side)] = took / calls[work, side][1]
    least = limits.least(alone, *(name for name in calls if name[1] != PEER))
    at_best = [[1e6 * least[work, side] / calls.get((work, side), (None, 1))[1] for side in LOOK] for work in WORK]
    return dataset(
        None,
        {"work": list(WORK), "side": list(LOOK), "repeat": np.arange(config.repeats), "limited_by": limits.BOUNDS},
        seconds=(("work", "side", "repeat"), 1e6 * seconds, "us", "time a seed"),
        seconds_least=(("work", "side", "limited_by"), at_best, "us", least.words),
    )


def draw(data: Any, config: LibrariesConfig) -> Any:
    """A panel per kind of work."""
    figure, axes = plots.panel(1, len(WORK), width=4.4)
    for ax, (work, title) in zip(axes[0], WORK.items(), strict=True):
        look = {**LOOK, PEER: LOOK[PEER]._replace(words=NAMES[LIBRARY[work]])}
        plots.bars(ax, data["seconds"].sel(work=work, drop=True).rename(repeat="seed"), "side", look, upright=True)
        plots.finish(ax, y="time a seed [µs]", title=title, log="y")
    return figure


def ahead(work: str, side: str, words: str, goal: float) -> Any:
    """Claim: the library's time over ours."""
    seconds = value("seconds", work=work)
    what = f"{WORK[work]}, {'alone' if side == ALONE else 'one seed of many at once'}"
    ratio = times_faster(seconds.at(side=PEER), seconds.at(side=side), what, NAMES[LIBRARY[work]])
    return faster(f"{words} at least {goal:g} times as fast", goal, ratio, "library's seconds over ours")


FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.seeds} seeds, d = {c.dim}, {c.arms} arms; M = {c.tasks}, width {c.width}",
    title="LinUCB beside MABWiser, training beside PyTorch",
    question="How fast are a round of LinUCB and an update of the network beside MABWiser and PyTorch?",
    claims=(
        ahead("round", ALONE, "one seed of LinUCB, compared with MABWiser:", 1.0),
        ahead("round", MANY, "64 seeds of LinUCB, a seed compared with MABWiser:", 30.0),
        ahead("update", ALONE, "one training, compared with PyTorch:", 1.0),
        ahead("update", MANY, "64 trainings, one compared with PyTorch:", 1.0),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, dim=3, rank=1, arms=3, rounds=3, width=4, updates=2, repeats=2),
        "paper": dict(rounds=1000, updates=1000, repeats=10),
    },
)  # fmt: skip
