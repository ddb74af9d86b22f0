"""Depth against noise: when networks of every depth escape, with clipping and without, and where they blow up."""

from typing import Any

import numpy as np

from experiments.gradient_noise.protocol import PAPER, SMOKE, NetworkConfig, draw_escapes, escapes, eta_looks, trained
from mtrl.harness import Axis, Claim, Figure, at_least, at_most, dataset, field, less_than_zero
from mtrl.harness.judge.measures import FIRST, LAST, mean, value
from mtrl.harness.picture import plots

CLIPPED, FREE = "clipped", "not clipped"


class DepthConfig(NetworkConfig, seeds=3, steps=3000, checkpoints=30):
    """Simple Init at every depth and noise."""

    depths: tuple[int, ...] = field((2, 6, 12, 20), help="hidden layers L", lower=2)
    etas: tuple[float, ...] = field((0.0, 0.01, 0.03, 0.1, 0.3), help="noise", lower=0.0, distinct=True)


def run(config: DepthConfig, seeds: np.ndarray) -> Any:
    """One depth."""
    ways = {CLIPPED: config.clip, FREE: np.inf}
    settings = [("simple", dict(eta=eta, clip=clip)) for clip in ways.values() for eta in config.etas]
    found, _ = trained(config, seeds, settings, layers=config.depths[0])
    shape = (len(seeds), len(ways), len(config.etas))
    dims = ("seed", "clipping", "eta")
    accuracy = found.accuracy.mean(-1)
    return dataset(
        seeds,
        {"clipping": list(ways), "eta": Axis(np.array(config.etas), words="noise eta")},
        escape=(dims, escapes(accuracy, config).reshape(shape), "updates", "update of escape"),
        accuracy=(dims, accuracy[..., -1].reshape(shape), "1", "accuracy at the end"),
        finite=(dims, found.finite[..., -1].reshape(shape).astype(float), "1", "share of runs that stay finite"),
    )


def draw(data: Any, config: DepthConfig) -> Any:
    """Escape with clipping and without over depth; the accuracy at the end below."""
    figure, axes = plots.panel(2, 2, width=5.0, height=3.2)
    look = eta_looks(data)
    data = data.assign_coords(depth=data["depth"].assign_attrs(long_name="hidden layers L"))
    never = 1.25 * config.steps
    for column, way in zip(axes.T, data["clipping"].values, strict=True):
        part = data.sel(clipping=way)
        draw_escapes(column[0], part["escape"], "depth", look, never, (2, " never"), 0.02)
        top = dict(fontsize=7, loc="center left") if way == CLIPPED else None
        plots.finish(column[0], title=f"Simple Init, {way}", ylim=(-0.03 * never, 1.15 * never), legend=top)
        plots.points(column[1], part["accuracy"], "depth", "eta", look, spread=0.02, linestyle="-", linewidth=0.8)
        lost = part["finite"].mean("seed")
        for eta in part["eta"].values:
            gone = part["depth"].values[lost.sel(eta=eta).values < 1]
            column[1].plot(gone, np.full(len(gone), 0.03), "x", color=look[float(eta)].color, markersize=9)
        column[1].text(0.02, 0.02, "crosses: runs that blow up", transform=column[1].transAxes, fontsize=7)
        plots.finish(column[1], ylim=(-0.05, 1.05), legend=None)
    return figure


def at(name: str, **where: Any) -> Any:
    """A number with clipping unless said."""
    return value(name, **{"clipping": CLIPPED, **where})


FIGURE = Figure(
    __name__, split={"depths": "depth"}, optional=("escape",),
    title="How deep a network trains from Simple Init, by noise",
    question="How deep a network trains from a poor start, and how much deeper with more noise?",
    claims=(
        Claim("the shallowest network trains without noise: accuracy", "section 4.1: 5 layers need no noise; other data",
              mean(at("accuracy", depth=FIRST, eta=0.0)), at_least(0.95), unit="1", stand_in=True,
              reason="clusters are separable to 0.998"),
        Claim("12 layers do not train without noise: accuracy", "Table 1 (ordering); other data", mean(at("accuracy", depth=12, eta=0.0)),
              at_most(0.15), unit="1", stand_in=True, reason="chance is 0.1"),
        Claim.derived("more noise frees 12 layers sooner: escape at eta = 0.03 minus at 0.01", "derived: variance grows with eta H_t",
              mean(at("escape", depth=12, eta=0.03) - at("escape", depth=12, eta=0.01)), less_than_zero, unit="updates"),
        Claim.derived("deeper networks escape later at eta = 0.03: 6 layers minus 12", "derived: gains multiply over layers",
              mean(at("escape", depth=6, eta=0.03) - at("escape", depth=12, eta=0.03)), less_than_zero, unit="updates"),
        Claim.reference("at eta = 0.1 without clipping the deepest network blows up (share of seeds that stay finite)",
              "one run of an independent program at 20 layers", mean(at("finite", clipping=FREE, depth=LAST, eta=0.1)),
              at_most(0.5), unit="1", reason="most runs blow up"),
    ),
    presets={"smoke": {**SMOKE, "depths": (6,), "etas": (0.0, 0.3)}, "paper": {**PAPER, "depths": (2, 4, 8, 12, 16, 20, 24),
             "etas": (0.0, 0.001, 0.01, 0.03, 0.1, 0.3)}},
)  # fmt: skip
