"""Weights of every layer while gradients vanish: a random walk of known variance, until the network escapes."""

import functools
from typing import Any

import numpy as np

from experiments.gradient_noise.protocol import PAPER, SMOKE, NetworkConfig, escapes, trained, updates
from mtrl import dynamics
from mtrl.harness import Axis, Claim, Figure, at_most, dataset, field
from mtrl.harness.judge.measures import Quantity, bootstrap
from mtrl.harness.picture import plots

STARTS = {"simple": 0.1, "zero": 0.0}


class SpreadConfig(NetworkConfig):
    """Simple Init, and zero with more noise."""

    etas: tuple[float, ...] = field((0.01, 0.03), help="noise of the two starts, Simple and zero", lower=0.0, length=2)


def run(config: SpreadConfig, seeds: np.ndarray) -> Any:
    """Both starts."""
    found, _ = trained(config, seeds, [(init, dict(eta=eta)) for init, eta in zip(STARTS, config.etas, strict=True)])
    walk = functools.partial(dynamics.gradient_noise.theory.walk_std, config.at, lr=config.lr, gamma=config.gamma)
    both = zip(STARTS.values(), config.etas, strict=True)
    law = [np.sqrt(s**2 + np.asarray(walk(eta=eta)) ** 2) for s, eta in both]
    dims = ("seed", "start", "update", "layer")
    words = "standard deviation of a layer's weights"
    return dataset(
        seeds,
        {"start": list(STARTS), "update": updates(config), "layer": Axis(np.arange(2, config.layers + 1))},
        std=(dims, found.std, "1", words),
        predicted=(dims[1:3], np.array(law), "1", words),
        escape=(dims[:2], escapes(found.accuracy.mean(-1), config), "updates", "escape"),
    )


def draw(data: Any, config: SpreadConfig) -> Any:
    """One panel a start, one line a layer."""
    import matplotlib as mpl

    figure, axes = plots.panel(1, 2, width=4.8, height=3.6)
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.9, data.sizes["layer"]))
    ends = 0, data.sizes["layer"] - 1
    look = {
        int(layer): plots.Look(f"layer {layer}" if i in ends else "", tuple(shade))
        for i, (layer, shade) in enumerate(zip(data["layer"].values, shades, strict=True))
    }
    for ax, start, eta in zip(axes[0], STARTS, config.etas, strict=True):
        part = data.sel(start=start)
        plots.curves(ax, part["std"], "update", "layer", look, linewidth=0.9)
        plots.theory(ax, part["predicted"], "update", look=plots.Look("random walk", "black"), linewidth=1.8)
        for when in part["escape"].values[np.isfinite(part["escape"].values)]:
            ax.axvline(when, color="0.5", linestyle=":", linewidth=0.8)
        top = 1.6 * float(part["predicted"].max())
        plots.finish(ax, title=f"start: {start}, eta = {eta:g} (dotted: escapes)", ylim=(0, top), legend="lower right")
    return figure


def followed(until: float, start: str) -> Quantity:
    """Standard deviation over the random walk's, at checkpoints up to a share of the first escape; 1 where none is predicted, and later."""

    def ratio(data, config):
        part = data.sel(start=start)
        known = (part["update"] < until * part["escape"].min()) & (part["predicted"] > 0)
        found = part["std"] / part["predicted"].where(part["predicted"] > 0, 1.0)
        return found.where(known, found * 0 + 1)

    return Quantity(ratio)


def farthest(until: float, start: str) -> Any:
    """Largest relative distance of a layer's seed mean."""
    return bootstrap(lambda ratio: np.max(np.abs(ratio - 1)), followed(until, start))


REASON = "5 %: a layer of 1600 weights has a standard error of 1.8 % a seed"
FIGURE = Figure(
    __name__,
    title="Weights walk as noise alone predicts until the network escapes",
    question="Until the network escapes, do its weights spread as a random walk of the noise alone would?",
    optional=("escape",),
    claims=tuple(
        Claim.derived(f"{start} start: every layer's spread follows the random walk up to {words}, largest relative distance",
              "derived for this library: sqrt(s_w^2 + lr^2 eta H_t)", farthest(until, start), at_most(0.05), unit="1",
              reason=REASON)
        for start in STARTS for until, words in ((0.5, "half of the first escape"), (1.0, "the first escape"))
    ),
    presets={"smoke": {**SMOKE, "etas": (0.3, 0.9)}, "paper": PAPER},
)  # fmt: skip
