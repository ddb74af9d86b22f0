"""LinUCB and MTLR-OFUL for many seeds at once against the literal loops."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_bandits import literal
from experiments.benchmark_bandits.protocol import METHODS, RIVALS, faster, ours
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, field, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import Quantity, bootstrap, times_faster, value
from mtrl.harness.picture import plots

WORLDS = ("fixed arms", "fresh arms")
OURS, LOOP = plots.looks(("ours", "NumPy loop")).values()


class LinearConfig(BaseConfig):
    """Seconds for all seeds, drawing random numbers included; fixed arms, and arms drawn afresh every round."""

    seeds: int = field(64, help="seeds run together", lower=1)
    worlds: tuple[str, ...] = field(WORLDS, help="fixed arms, or fresh ones every round", choices=WORLDS)
    tasks: int = field(4, help="tasks M", lower=1)
    dim: int = field(10, help="dimension d", lower=1)
    rank: int = field(2, help="subspace dimension k", lower=1)
    arms: int = field(10, help="arms A", lower=2)
    rounds: int = field(60, help="rounds T", lower=1)
    repeats: int = field(7, help="interleaved repetitions", lower=2)
    noise: float = field(0.3, help="noise standard deviation", lower=0.0)


def run(config: LinearConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings, and both sides' regret as a check that they do the same thing."""
    worlds = config.worlds
    sizes = (len(seeds), config.tasks, config.dim, config.rank, config.arms, config.rounds, config.noise)
    loops = {"LinUCB": (literal.linucb, 0.3), "MTLR-OFUL": (literal.mtlr_oful, 0.1)}
    fast, slow = {}, {}
    for world in worlds:
        fresh = world == "fresh arms"
        fast |= {f"ours {world} {name}": ours(config, seeds, name, fresh) for name in METHODS}
        for name, (loop, scale) in loops.items():
            slow[f"literal {world} {name}"] = functools.partial(loop, *sizes, fresh, scale)
    seconds, least = timing.compare(fast | slow, config.repeats), limits.least(fast)

    def table(side, names, cell):
        return [[cell(f"{side} {world} {name}") for name in names] for world in worlds]

    return dataset(
        seeds,
        {
            "world": worlds,
            "method": METHODS,
            "rival": RIVALS,
            "repeat": np.arange(config.repeats),
            "limited_by": limits.BOUNDS,
        },
        ours=(("world", "method", "repeat"), table("ours", METHODS, seconds.get), "s", "wall time"),
        ours_least=(("world", "method", "limited_by"), table("ours", METHODS, least.__getitem__), "s", least.words),
        literal=(("world", "rival", "repeat"), table("literal", RIVALS, seconds.get), "s", "wall time"),
        regret=(("world", "rival", "seed"), table("ours", RIVALS, lambda x: np.asarray(fast[x]()[0]).sum(1))),
        literal_regret=(("world", "rival", "seed"), table("literal", RIVALS, lambda x: slow[x]())),
    )


def speedup(method: str, world: str) -> Any:
    """Measure: literal seconds over ours."""
    slow, fast = value("literal", world=world, rival=method), value("ours", world=world, method=method)
    return times_faster(slow, fast, f"{method}, {world}", "NumPy loop")


def draw(data: Any, config: LinearConfig) -> Any:
    """Seconds side by side, and how many times faster above ours."""
    import xarray as xr

    figure, axes = plots.panel(1, data.sizes["world"], width=4.6, sharey=True)
    for ax, world in zip(axes[0], data["world"].values, strict=True):
        here = data.sel(world=world, drop=True)
        loops = here["literal"].rename(rival="bar").assign_coords(bar=[f"{name}, loop" for name in RIVALS])
        seconds = xr.concat([loops, here["ours"].rename(method="bar")], "bar").rename(repeat="seed")
        words = [*(f"{name}\nNumPy loop" for name in RIVALS), "LinUCB", "MTLR-\nOFUL", "world\nalone"]
        sides = [LOOP] * len(RIVALS) + [OURS] * len(METHODS)
        look = {
            str(bar): side._replace(words=text)
            for bar, side, text in zip(seconds["bar"].values, sides, words, strict=True)
        }
        plots.bars(ax, seconds, "bar", look, upright=True)
        for j, name in enumerate(RIVALS, start=len(RIVALS)):
            ratio = speedup(name, str(world))(data, config).value
            ax.text(j, 1.15 * float(seconds[j].max()), f"{ratio:.0f}x", ha="center", va="bottom")
        ax.tick_params(axis="x", labelsize=7.5)
        title = f"{world}, {config.seeds} seeds, M = {config.tasks}, T = {config.rounds}"
        plots.finish(ax, y="wall time [s]", title=title, log="y")
    return figure


def largest_distance(ours: Any, literal: Any, error: Any) -> float:
    """Largest distance of mean regrets in standard errors."""
    return float(np.max(np.abs(ours - literal) / error))


def error(data: Any, config: Any) -> Any:
    """Standard error of the difference of mean regrets."""
    both = data["regret"].var("seed", ddof=1) + data["literal_regret"].var("seed", ddof=1)
    return np.sqrt(both / data.sizes["seed"])


def claim(method: str, world: str, words: str, note: str = "") -> Claim:
    """One method in one world."""
    text = f"{method} {words} is at least 30 times faster"
    return faster(text, 30.0, speedup(method, world), "literal seconds over ours", note=note)


# Measured beside one another, medians of five rounds on two quiet cores, ns a normal, drawn round by round in 64 and in 32 bits:
# threefry 46 and 40, rbg 28 and 24, unsafe_rbg 32 and 23; in blocks of 10 rounds 42 and 31, 26 and 25, 26 and 23; NumPy's ziggurat
# 15 call by call and 11 in one block.
NORMALS = (
    "a round draws 440 normals, for which the world alone takes 15 us, 35 ns each; the fastest generator of JAX takes 23 ns a normal "
    "(in 32 bits), NumPy's own ziggurat 11 to 15"
)
FIXED, FRESH = "for 64 seeds", "with arms drawn afresh every round"

FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.seeds} seeds, M = {c.tasks}, d = {c.dim}, {c.arms} arms, T = {c.rounds}",
    title="LinUCB and MTLR-OFUL for 64 seeds against literal NumPy loops",
    question="How much faster do LinUCB and MTLR-OFUL run for 64 seeds at once than literal NumPy loops?",
    claims=(
        claim("LinUCB", "fixed arms", FIXED),
        claim("MTLR-OFUL", "fixed arms", FIXED),
        claim("LinUCB", "fresh arms", FRESH, f"the limit: {NORMALS}; 30 times the loop's 78 us a round leaves 2.6 us, 6 ns a normal"),
        claim("MTLR-OFUL", "fresh arms", FRESH,
              f"the limit: {NORMALS}; 30 times the loop's 575 us a round leaves 19.2 us, 13.9 of them the algorithm's, 12 ns a normal"),
        Claim.sanity("both sides reach the same mean regret (largest difference in standard errors)",
              "same algorithm on other random numbers: 0 but for sampling",
              bootstrap(largest_distance, value("regret"), value("literal_regret"), Quantity(error)),
              between(0.0, 3.5, "four comparisons, false-alarm rate 2e-3 at 3.5"), unit="standard errors"),
    ),
    presets={
        "smoke": dict(seeds=2, worlds=("fixed arms",), tasks=2, dim=3, rank=1, arms=3, rounds=5, repeats=2),
        "paper": dict(rounds=2000, repeats=10),
    },
)  # fmt: skip
