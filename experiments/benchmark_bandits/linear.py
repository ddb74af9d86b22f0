"""LinUCB and MTLR-OFUL for many seeds at once against the literal loops."""

import dataclasses
import functools
from typing import Any

import numpy as np

from experiments.benchmark_bandits import literal
from mtrl import bandits
from mtrl.harness import BaseConfig, Claim, Figure, Interval, at_least, between, field, simulate, timing


@dataclasses.dataclass(frozen=True)
class LinearConfig(BaseConfig):
    """Seconds for all seeds, drawing random numbers included; fixed arms, and arms drawn afresh every round."""

    seeds: int = field(64, help="seeds run together", lower=1)
    tasks: int = field(4, help="tasks M", lower=1)
    dim: int = field(10, help="dimension d", lower=1)
    rank: int = field(2, help="subspace dimension k", lower=1)
    arms: int = field(10, help="arms A", lower=2)
    rounds: int = field(60, help="rounds T", lower=1)
    repeats: int = field(7, help="interleaved repetitions", lower=2)
    noise: float = field(0.3, help="noise standard deviation", lower=0.0)


METHODS = ("LinUCB", "MTLR-OFUL", "world alone")
RIVALS = METHODS[:2]
WORLDS = ("fixed arms", "fresh arms")


def total(step: Any) -> Any:
    """Keep the mean regret only."""
    return step.outcome.regret.mean()


def ours(config: Any, seeds: Any, method: str, fresh: bool = False) -> Any:
    """A callable that runs all seeds of a method."""
    factory, static, hyper = {
        "LinUCB": (bandits.linucb, {}, {"alpha": 0.3}),
        "MTLR-OFUL": (bandits.mtlr_oful, {"rank": config.rank}, {"scale": 0.1, "noise": config.noise}),
        "world alone": (bandits.uniform, {}, {}),
    }[method]
    problem = (bandits.linear_arms if fresh else bandits.fixed_arms)(
        tasks=config.tasks, dim=config.dim, rank=config.rank, arms=config.arms
    )
    return functools.partial(
        simulate,
        factory,
        seeds=seeds,
        rounds=config.rounds,
        problem=problem,
        inputs=(config.noise,),
        static=static,
        hyper=hyper,
        record=total,
    )


def regret_of(run: Any) -> np.ndarray:
    """Reg/M of every seed."""
    return np.asarray(run()[0]).sum(1)


def run(config: LinearConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings, and both sides' regret as a check that they do the same thing."""
    import xarray as xr

    sizes = (len(seeds), config.tasks, config.dim, config.rank, config.arms, config.rounds, config.noise)
    fast, slow = {}, {}
    for world in WORLDS:
        fresh = world == "fresh arms"
        fast.update({(world, name): ours(config, seeds, name, fresh) for name in METHODS})
        slow[world, "LinUCB"] = functools.partial(literal.linucb, *sizes, fresh, 0.3)
        slow[world, "MTLR-OFUL"] = functools.partial(literal.mtlr_oful, *sizes, fresh, 0.1)
    calls = {f"ours {label}": call for label, call in fast.items()} | {
        f"literal {label}": c for label, c in slow.items()
    }
    seconds = timing.compare(calls, config.repeats)
    regret = [[regret_of(fast[world, name]) for name in RIVALS] for world in WORLDS]
    check = [[slow[world, name]() for name in RIVALS] for world in WORLDS]
    data = xr.Dataset(
        {
            "ours": (("world", "method", "repeat"), [[seconds[f"ours {w, m}"] for m in METHODS] for w in WORLDS]),
            "literal": (("world", "rival", "repeat"), [[seconds[f"literal {w, m}"] for m in RIVALS] for w in WORLDS]),
            "regret": (("world", "rival", "seed"), np.asarray(regret)),
            "literal_regret": (("world", "rival", "seed"), np.asarray(check)),
        },
        coords={
            "world": list(WORLDS),
            "method": list(METHODS),
            "rival": list(RIVALS),
            "seed": seeds,
            "repeat": np.arange(config.repeats),
        },
    )
    data["ours"].attrs["units"] = data["literal"].attrs["units"] = "s"
    return data


def speedup(method: str, world: str = "fixed arms") -> Any:
    """Measure: literal seconds over ours."""

    def measure(data: Any) -> Interval:
        data = data.sel(world=world)
        return timing.ratio_interval(
            data["literal"].sel(rival=method).values, data["ours"].sel({"method": method}).values
        )

    return measure


def same_regret(data: Any) -> Interval:
    """Largest difference of mean regrets in standard errors."""
    ours_mean, other = data["regret"].mean("seed"), data["literal_regret"].mean("seed")
    error = np.sqrt(
        (data["regret"].var("seed", ddof=1) + data["literal_regret"].var("seed", ddof=1)) / data.sizes["seed"]
    )
    worst = float(np.abs((ours_mean - other) / error).max())
    return Interval(worst, worst, worst)


def draw(data: Any, config: LinearConfig) -> Any:
    """Seconds side by side, and the ratios."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 2, width=4.4, sharey=True)
    for ax, world in zip(axes[0], WORLDS, strict=True):
        here = data.sel(world=world)
        names = [*(f"{m}\nNumPy loop" for m in RIVALS), "LinUCB", "MTLR-\nOFUL", "world\nalone"]
        for j, samples in enumerate([*here["literal"].values, *here["ours"].values]):
            ax.bar(j, samples.mean(), color=style.COLORS[1] if j < len(RIVALS) else style.COLORS[0], width=0.6)
            ax.plot(np.full(samples.size, j), samples, "k.", markersize=4)
            if len(RIVALS) <= j < 2 * len(RIVALS):
                ratio = speedup(RIVALS[j - len(RIVALS)], world)(data)
                ax.annotate(
                    f"{ratio.value:.0f}x",
                    (j, samples.max()),
                    ha="center",
                    va="bottom",
                    xytext=(0, 3),
                    textcoords="offset points",
                )
        ax.set_xticks(range(len(names)), names, fontsize=7.5)
        ax.set(yscale="log", ylabel="wall time (s)")
        ax.set_title(f"{world}, {config.seeds} seeds, M = {config.tasks}, T = {config.rounds}")
    return figure


FIGURE = Figure(
    name="linear",
    title="LinUCB and MTLR-OFUL for 64 seeds against literal NumPy loops",
    config=LinearConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            text="LinUCB for 64 seeds is at least 30 times faster than the literal loop",
            paper="goal of this codebase",
            measure=speedup("LinUCB"),
            accepts=at_least(30.0),
            kind="speed",
            unit="literal seconds over ours",
            reason="the goal",
        ),
        Claim(
            text="MTLR-OFUL for 64 seeds is at least 30 times faster than the literal loop",
            paper="goal of this codebase",
            measure=speedup("MTLR-OFUL"),
            accepts=at_least(30.0),
            kind="speed",
            unit="literal seconds over ours",
            reason="the goal",
        ),
        Claim(
            text="LinUCB with arms drawn afresh every round is at least 30 times faster",
            paper="goal of this codebase",
            measure=speedup("LinUCB", "fresh arms"),
            accepts=at_least(30.0),
            kind="speed",
            unit="literal seconds over ours",
            reason="the goal",
            note="drawing A d normals per task and round is most of the time, see the bar of the world alone",
        ),
        Claim(
            text="MTLR-OFUL with arms drawn afresh every round is at least 30 times faster",
            paper="goal of this codebase",
            measure=speedup("MTLR-OFUL", "fresh arms"),
            accepts=at_least(30.0),
            kind="speed",
            unit="literal seconds over ours",
            reason="the goal",
        ),
        Claim(
            text="both sides reach the same mean regret (largest difference in standard errors)",
            paper="same algorithm on other random numbers: 0 but for sampling",
            measure=same_regret,
            accepts=between(0.0, 3.5),
            kind="sanity",
            unit="standard errors",
            reason="four comparisons, false-alarm rate 2e-3 at 3.5",
        ),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, dim=3, rank=1, arms=3, rounds=5, repeats=2),
        "paper": dict(rounds=2000, repeats=10),
    },
)
