"""A deep network from a poor start: noise alone raises the gain of its layers until the gradient is seen, then training takes over.

Headline: Simple Init at L = 12, with and without noise (paper: section 4.1, Table 1); about 20 s.
"""

from typing import Any

import numpy as np

from experiments.gradient_noise import protocol
from experiments.gradient_noise.protocol import ACCURACY, PAPER, SMOKE, STAND_IN, escapes, trained, updates
from mtrl import dynamics
from mtrl.harness import Claim, Figure, at_least, at_most, between, dataset, evaluate, field, jax
from mtrl.harness.judge.measures import LAST, Quantity, bootstrap, mean, share, value
from mtrl.harness.picture import plots

OFF, ON = "no noise", "noise"
LOOKS = {OFF: plots.Look("no noise", "#0072B2"), ON: plots.Look("annealed noise", "#D55E00")}


class GainConfig(protocol.NetworkConfig):
    """Simple Init with and without noise."""

    eta: float = field(0.01, help="variance of the first update's noise", lower=0.0)


def laws(at: Any, etas: Any, law: Any) -> Any:
    """Gains while gradients vanish, (eta, update)."""
    return jax.vmap(lambda eta: dynamics.gradient_noise.theory.noisy_gain(at, eta=eta, **law))(etas)


def run(config: GainConfig, seeds: np.ndarray) -> Any:
    """Both settings on the same seeds."""
    found, _ = trained(config, seeds, [("simple", dict(eta=eta)) for eta in (0.0, config.eta)])
    etas, law = np.array([0.0, config.eta]), dict(width=config.width, spread=0.1, lr=config.lr, gamma=config.gamma)
    predicted = evaluate(laws, config.at.astype(float), etas, law)
    accuracy = found.accuracy.mean(-1)
    dims = ("seed", "setting", "update")
    return dataset(
        seeds,
        {"setting": [OFF, ON], "update": updates(config)},
        accuracy=(dims, accuracy, "1", ACCURACY),
        gain=(dims, found.gain.mean(-1), "1", "gain of a layer, mean over layers"),
        predicted=(dims[1:], predicted, "1", "gain of a layer"),
        escape=(dims[:2], escapes(accuracy, config), "updates", "escape"),
    )


def draw(data: Any, config: GainConfig) -> Any:
    """Accuracy above, gain below on the same axis."""
    figure, axes = plots.panel(1, 2, width=5.0, height=4.0)
    for ax, name in zip(axes[0], ("accuracy", "gain"), strict=True):
        plots.curves(ax, data[name], "update", "setting", LOOKS)
        for seed in data["seed"].values:
            when = float(data["escape"].sel(setting=ON, seed=seed))
            if np.isfinite(when):
                ax.axvline(when, color=LOOKS[ON].color, linestyle=":", linewidth=0.8)
    plots.level(axes[0, 0], 1 / config.classes, "chance")
    plots.theory(axes[0, 1], data["predicted"], "update", "setting", LOOKS, words="theory,", linestyle="--")
    title = f"{config.layers} layers of {config.width}, N(0, 0.1^2) start"
    plots.finish(axes[0, 0], title=title, ylim=(0, 1.05), yticks=np.arange(0, 1.1, 0.2), legend=None)
    plots.finish(axes[0, 1], title="dotted: escape of a run", ylim=(0, None), legend=None)
    plots.legend_below(figure, axes[0], 5)
    return figure


def followed(data: Any, config: GainConfig) -> Any:
    """Gain over its law at the checkpoints before half of the first escape; 1 afterwards."""
    ratio = (data["gain"] / data["predicted"]).sel(setting=ON)
    return ratio.where(data["update"] <= data["escape"].sel(setting=ON).min() / 2, ratio * 0 + 1)


FIGURE = Figure(
    __name__,
    title="Noise raises the gain of vanishing layers until a very deep network trains",
    question="How does gradient noise get a very deep network from a poor start to train at all?",
    headline=True,
    optional=("escape",),
    claims=(
        Claim("without noise the deep network from Simple Init stays at chance: accuracy at the end", f"Table 1, first rows: average far "
              f"below that with noise; {STAND_IN}", mean(value("accuracy", setting=OFF, update=LAST)), at_most(0.15),
              unit="1", stand_in=True, reason="the largest class has 11 %, and 15 % would be three errors of rounding above"),
        Claim("with noise of eta = 0.01 it trains: accuracy at the end", "Table 1: 96.7 % best with noise; " + STAND_IN,
              mean(value("accuracy", setting=ON, update=LAST)), at_least(0.9), unit="1", stand_in=True,
              reason="the clusters are separable to 0.998"),
        Claim.derived("every seed escapes with noise (share of seeds)", "section 4.1: robust over seeds (ordering)",
              share(value("escape", setting=ON) < np.inf), at_least(0.5), unit="1", stand_in=True, 
              reason="Wilson's interval of five of five seeds begins at 0.57"),
        Claim.reference("update of escape with noise", "2400 of one run of an independent program", mean(value("escape", setting=ON)),
              between(1800, 3000), unit="updates", value=2400, reason="a quarter of 2400 on either side"),
        Claim.derived("gain of a layer follows n (s_w^2 + lr^2 eta H_t) / 2 up to half of the first escape: largest relative distance",
              "derived for this library",
              bootstrap(lambda ratio: np.max(np.abs(ratio - 1)), Quantity(followed)), at_most(0.1), unit="1",
              reason="11 layers of 40 units, few seeds: standard error 5 %"),
    ),
    presets={"smoke": {**SMOKE, "eta": 0.3}, "paper": PAPER},
)  # fmt: skip
