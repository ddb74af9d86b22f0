"""An update of a forecaster's training, alone and with many seeds, beside PyTorch where it is installed, and NumPy for the linear one.

Every side has the same weights and batches and validates after every epoch. PyTorch trains a network, or those of all seeds as one.
"""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_forecasting import literal, peers, programs
from experiments.benchmark_forecasting.programs import Sizes
from mtrl.harness import BaseConfig, Claim, Figure, at_most, dataset, field, jax, over_seeds, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, times_faster, value
from mtrl.harness.picture import plots

NETWORKS = ("DLinearU", "Transformer", "PatchTST")
LOOK = plots.looks({"one": "mtrl,\none seed", "many": "mtrl,\nmany seeds", "torch one": "PyTorch,\none seed",
                    "torch many": "PyTorch,\nmany seeds", "literal": "NumPy\nloop"})  # fmt: skip


class TrainingConfig(BaseConfig):
    """Microseconds of an update a seed; sizes are those of the study's stand-in."""

    seeds: int = field(8, help="seeds trained together", lower=2)
    networks: tuple[str, ...] = field(NETWORKS, help="forecasters with a head per channel", choices=NETWORKS)
    tasks: int = field(6, help="channels", lower=1)
    rows: int = field(900, help="rows of the series", lower=60)
    lookback: int = field(36, help="look-back", lower=2, unit="rows")
    horizon: int = field(4, help="horizon", lower=1, unit="rows")
    epochs: int = field(2, help="epochs", lower=1)
    updates: int = field(40, help="Adam updates of an epoch", lower=1)
    batch: int = field(32, help="windows of an update", lower=1)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def run(config: TrainingConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings of all sides; the validation errors of every epoch, and what they differ by."""
    sizes = Sizes(config.lookback, config.horizon, config.epochs, config.updates, config.batch)
    windows = dict(lookback=config.lookback, horizon=config.horizon)
    data = programs.series(tasks=config.tasks, rows=config.rows, single=True, **windows)
    arrays = np.asarray(data.series), np.asarray(data.validation), sizes
    calls = {}
    for name in config.networks:
        begin = programs.Start(*over_seeds(programs.start, seeds, data, name=name, sizes=sizes))
        first = jax.tree.map(lambda x: x[:1], begin)
        calls[name, "one"] = programs.trained(data, seeds[:1], name, sizes)
        calls[name, "many"] = programs.trained(data, seeds, name, sizes)
        if peers.installed():
            calls[name, "torch one"] = peers.quickest(functools.partial(peers.train, name, first, *arrays))
            calls[name, "torch many"] = peers.quickest(functools.partial(peers.train, name, begin, *arrays))
        if name == "DLinearU":
            calls[name, "literal"] = functools.partial(literal.train, first, *arrays)
    timed = timing.compare(calls, config.repeats)
    sides = [side for side in LOOK if any(there == side for _, there in calls)]
    least = limits.least(calls, *(call for call in calls if call[1] in ("one", "many")))
    seconds = np.full((len(config.networks), len(sides), config.repeats), np.nan)
    apart, at_best = np.full(seconds.shape[:2], np.nan), np.full((*seconds.shape[:2], 2), np.nan)
    for (name, side), took in timed.items():
        place = config.networks.index(name), sides.index(side)
        count = config.epochs * config.updates * (len(seeds) if side.endswith("many") else 1)
        seconds[place], at_best[place] = took / count, least[name, side] / count
        errors, ours = (np.asarray(calls[name, one]().validation) for one in (side, "many"))
        apart[place] = np.max(np.abs(errors - ours[: len(errors)]) / ours[: len(errors)])
    return dataset(
        None,
        {"network": config.networks, "side": sides, "repeat": np.arange(config.repeats), "limited_by": limits.BOUNDS},
        seconds=(("network", "side", "repeat"), 1e6 * seconds, "us", "time of an update a seed"),
        seconds_least=(("network", "side", "limited_by"), 1e6 * at_best, "us", least.words),
        apart=(("network", "side"), apart, "relative", "largest difference of validation errors to those of many seeds"),
    )  # fmt: skip


def draw(data: Any, config: TrainingConfig) -> Any:
    """A panel per network."""
    figure, axes = plots.panel(1, len(config.networks), width=4.6, sharey=True)
    for ax, name in zip(axes[0], config.networks, strict=True):
        here = data["seconds"].sel(network=name, drop=True).rename(repeat="seed").dropna("side")
        sides = {side: look for side, look in LOOK.items() if side in here["side"].values}
        plots.bars(ax, here, "side", sides, upright=True)
        for i, side in enumerate(sides):
            part = here.sel(side=side)
            ax.text(i, 1.3 * float(part.max()), f"{float(part.mean()):,.0f}", ha="center", fontsize=8.5)
        room = 0.3 * float(data["seconds"].min()), 4 * float(data["seconds"].max())
        plots.finish(ax, y="time of an update a seed [µs]", title=name, log="y", ylim=room)
        ax.tick_params(axis="x", labelsize=8)
    return figure


SAME = (
    "the limit: with all seeds at once PyTorch pays for its calls once, and what is left is the same arithmetic; ours trains the seeds in "
    "turn, as the study does, each on 32 x 6 x 4 tokens of width 8"
)
PEERS = {"torch one": "PyTorch, a seed after the other", "torch many": "PyTorch, all seeds at once", "literal": "NumPy loop"}  # fmt: skip


def ahead(network: str, side: str, peer: str, goal: float = 1.0) -> Claim:
    """A peer's time over ours."""
    seconds = value("seconds", network=network)
    words = f"{network}, {'alone' if side == 'one' else 'one seed of many'}"
    ratio = times_faster(seconds.at(side=peer), seconds.at(side=side), f"an update of {words}", PEERS[peer])
    note = SAME if (network, peer) == ("PatchTST", "torch many") else ""
    return Claim.faster(f"an update of {words}: times faster than {PEERS[peer]}", goal, ratio, note)


FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.tasks} channels, {c.lookback} to {c.horizon} rows, batch {c.batch}; {c.seeds} seeds",
    title="Training of the forecasters beside PyTorch",
    question="How fast is an update of each forecaster, alone and with many seeds, beside PyTorch that takes the same updates?",
    presets={
        "smoke": dict(seeds=2, networks=("DLinearU",), tasks=2, rows=120, lookback=8, epochs=1, updates=2, batch=4, repeats=2),
        "paper": dict(tasks=7, rows=8000, lookback=336, horizon=96, epochs=3, updates=100, repeats=5),
    },
    claims=(
        *(ahead(name, "one", "torch one") for name in NETWORKS),
        *(ahead(name, "many", peer) for name in NETWORKS for peer in ("torch one", "torch many")),
        ahead("DLinearU", "one", "literal", 10.0),
        ahead("DLinearU", "many", "literal", 30.0),
        Claim.sanity("all sides make the same descent (largest relative difference of an epoch's validation error)",
                     "same weights at the start, same batches, same optimiser", exact(value("apart").then(lambda a: a.max())),
                     at_most(1e-3), unit="relative", reason="32 bits; in 64 a test holds the weights to 1e-9"),
    ),
)  # fmt: skip
