"""What the figures share: problems and learners, timings in turn, factors over the timed rounds, bars of how many times faster."""

import numpy as np

from mtrl import representation
from mtrl.harness import Claim, at_least, dataset, split_named, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import Measure, times_faster, value
from mtrl.harness.picture import plots, style
from mtrl.numerics import moments
from mtrl.numerics.linalg import subspaces

SIDES = ("ours", "yardstick", "peer")


def draw_batch(key, *, tasks, samples, dim, rank):
    """One problem of the law of Tripuraneni et al. 2021: basis, x (task, sample, dim), y (task, sample)."""
    keys = split_named(key, "problem", "source")
    params = representation.subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank)
    return params.basis, *representation.subspace.draw(keys["source"], params, samples=samples)


def moments_sine(key, basis, x, y):
    """Method of moments."""
    return subspaces.sin_theta(basis, representation.subspace.method_of_moments(x, y, rank=basis.shape[1]))


def alternating_sine(key, basis, x, y, *, iterations):
    """AltMin from moments."""
    start = representation.subspace.method_of_moments(x, y, rank=basis.shape[1])
    minimise = representation.subspace.alternating_minimisation
    return subspaces.sin_theta(basis, minimise(moments.moments(x, y), start, iterations=iterations).basis)


def timed(workloads, repeats):
    """Seconds (workload, side, repeat) of callables, in turn within one process; ours, the yardstick and, for some, a peer (else NaN)."""
    least = limits.least({name: ours for name, (ours, *_) in workloads.items()})
    at_best = [[least[name if side == "ours" else None] for side in SIDES] for name in workloads]
    rows = np.full((len(workloads), len(SIDES), repeats), np.nan)
    for row, calls in zip(rows, workloads.values(), strict=True):
        for i, seconds in enumerate(timing.compare(dict(zip(SIDES, calls, strict=False)), repeats=repeats).values()):
            row[i] = seconds
    coords = {
        "workload": list(workloads),
        "side": list(SIDES),
        "repeat": np.arange(repeats),
        "limited_by": limits.BOUNDS,
    }
    return dataset(
        None,
        coords,
        seconds=(("workload", "side", "repeat"), rows, "s"),
        seconds_least=(("workload", "side", "limited_by"), at_best, "s", least.words),
    )


def speedup(workload: str, peer: str = "", side: str = "yardstick") -> Measure:
    """Seconds of another side over ours, paired within a round."""
    seconds = value("seconds", workload=workload)
    return times_faster(seconds.at(side=side), seconds.at(side="ours"), workload, peer)


def faster(name: str, yardstick: str, goal: float, paper: str, note: str = "") -> Claim:
    """Claim: a workload is that many times faster."""
    measure = speedup(name.partition(" over all seeds")[0], yardstick.removeprefix("a "))
    return Claim.speed(text=f"{name} is at least {goal:g} times faster than {yardstick}", paper=paper,
                       measure=measure, accepts=at_least(goal), unit="times faster",
                       value=goal, note=note)  # fmt: skip


def beside(workload: str, peer: str, words: str, note: str = "") -> Claim:
    """Claim: a workload is no slower than an installed peer."""
    return Claim.faster(f"{workload} beside {words}: times as fast", 1.0, speedup(workload, peer, "peer"), note)


def draw_ratios(data, config, *, goal, title):
    """Bars of the ratio with their intervals, the seconds of both sides beside them."""
    figure, axes = plots.panel(width=5.2, height=3.4)
    ax, names = axes[0, 0], data["workload"].values.tolist()
    ratios = [speedup(name)(data, config) for name in names]
    for place, (ratio, name) in enumerate(zip(ratios, names, strict=True)):
        error = [[ratio.value - ratio.low], [ratio.high - ratio.value]]
        ax.barh(place, ratio.value, xerr=error, color=style.COLORS[place], capsize=3)
        ours, yardstick, *_ = data["seconds"].sel(workload=name).median("repeat").values
        text = f"{ratio.value:.1f}x  ({yardstick:.2f} s / {ours:.3f} s)"
        ax.annotate(
            text,
            (ratio.high, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            bbox=dict(fc="white", ec="none", pad=1.5),
            zorder=4,
        )
    ax.set_yticks(range(len(names)), names)
    ax.axvline(goal, color="black", linestyle=":", label=f"goal {goal:g}x")
    right = 2.2 * max(goal, *(ratio.high for ratio in ratios))
    plots.finish(ax, x="times faster than the yardstick", title=title, xlim=(None, right), legend=None)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower right")
    return figure
