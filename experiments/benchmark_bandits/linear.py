"""LinUCB and MTLR-OFUL for many seeds at once against the literal loops."""

import dataclasses
import functools
from typing import Any

import numpy as np

from experiments.benchmark_bandits import literal
from mtrl.bandits import linucb, mtlr_oful, problem
from mtrl.bandits.uniform import UNIFORM
from mtrl.harness import BaseConfig, Claim, Figure, Interval, at_least, between, field, simulate, timing


@dataclasses.dataclass(frozen=True)
class LinearConfig(BaseConfig):
    """Seconds for all seeds, drawing random numbers included."""

    seeds: int = field(64, help="seeds run together", lower=1)
    tasks: int = field(4, help="tasks M", lower=1)
    dim: int = field(10, help="dimension d", lower=1)
    rank: int = field(2, help="subspace dimension k", lower=1)
    arms: int = field(10, help="arms A", lower=2)
    rounds: int = field(200, help="rounds T", lower=1)
    repeats: int = field(3, help="interleaved repetitions", lower=2)
    noise: float = field(0.3, help="noise standard deviation", lower=0.0)


METHODS = ("LinUCB", "MTLR-OFUL", "world alone")


def total(params: Any, state: Any, batch: Any, info: Any) -> Any:
    """Keep the mean regret only."""
    return info.regret.mean()


def ours(config: Any, seeds: Any, method: str) -> Any:
    """A callable that runs all seeds of a method."""
    algorithm, settings, hyper = {
        "LinUCB": (linucb.LINUCB, linucb.Config(1.0), {"alpha": 0.3}),
        "MTLR-OFUL": (mtlr_oful.MTLR_OFUL, mtlr_oful.Config(config.rank), {"scale": 0.1, "noise": config.noise}),
        "world alone": (UNIFORM, None, {}),
    }[method]
    sizes = dict(tasks=config.tasks, dim=config.dim, rank=config.rank)
    return functools.partial(
        simulate,
        algorithm,
        seeds=seeds,
        rounds=config.rounds,
        problem=functools.partial(problem.linear_params, **sizes),
        data=functools.partial(problem.linear_round, arms=config.arms),
        inputs=(config.noise,),
        config=settings,
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
    ours_by_name = {name: ours(config, seeds, name) for name in METHODS}
    references = {
        "LinUCB": functools.partial(literal.linucb, *sizes, 0.3),
        "MTLR-OFUL": functools.partial(literal.mtlr_oful, *sizes, 0.1),
    }
    seconds = timing.compare({**ours_by_name, **{f"{k} literal": v for k, v in references.items()}}, config.repeats)
    fast = np.stack([seconds[name] for name in METHODS])
    slow = np.stack([seconds[f"{name} literal"] for name in references])
    regret = np.stack([regret_of(ours_by_name[name]) for name in references])
    check = np.stack([reference() for reference in references.values()])
    data = xr.Dataset(
        {
            "ours": (("method", "repeat"), fast),
            "literal": (("rival", "repeat"), slow),
            "regret": (("rival", "seed"), regret),
            "literal_regret": (("rival", "seed"), check),
        },
        coords={"method": list(METHODS), "rival": list(references), "seed": seeds, "repeat": np.arange(config.repeats)},
    )
    data["ours"].attrs["units"] = data["literal"].attrs["units"] = "s"
    return data


def speedup(method: str) -> Any:
    """Measure: literal seconds over ours."""

    def measure(data: Any) -> Interval:
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

    figure, axes = style.subplots(1, 1, width=5.0)
    ax = axes[0, 0]
    names = [*(f"{m}\nNumPy loop" for m in data["rival"].values), *map(str, data["method"].values)]
    values = [*data["literal"].values, *data["ours"].values]
    for j, samples in enumerate(values):
        color = style.COLORS[1] if j < data.sizes["rival"] else style.COLORS[0]
        ax.bar(j, samples.mean(), color=color, width=0.6)
        ax.plot(np.full(samples.size, j), samples, "k.", markersize=4)
    for j, method in enumerate(data["rival"].values):
        ratio = speedup(str(method))(data)
        ax.annotate(
            f"{ratio.value:.0f}x",
            (data.sizes["rival"] + j, values[data.sizes["rival"] + j].mean()),
            ha="center",
            va="bottom",
        )
    ax.set_xticks(range(len(names)), names, fontsize=7.5)
    ax.set(yscale="log", ylabel="wall time (s)", title=f"{config.seeds} seeds, M = {config.tasks}, T = {config.rounds}")
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
        ),
        Claim(
            text="MTLR-OFUL for 64 seeds is at least 30 times faster than the literal loop",
            paper="goal of this codebase",
            measure=speedup("MTLR-OFUL"),
            accepts=at_least(30.0),
        ),
        Claim(
            text="both sides reach the same mean regret (largest difference in standard errors)",
            paper="same algorithm on other random numbers; two comparisons, false-alarm rate 5e-4 at 3.5",
            measure=same_regret,
            accepts=between(0.0, 3.5),
        ),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, dim=3, rank=1, arms=3, rounds=5, repeats=2),
        "paper": dict(rounds=2000, repeats=10),
    },
)
