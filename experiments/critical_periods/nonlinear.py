"""Figures 11 and 12: the same windows in networks with tanh or ReLU after every layer."""

from typing import Any

import numpy as np

from experiments.critical_periods import protocol
from experiments.critical_periods.protocol import STRENGTH, PathwayConfig
from mtrl.harness import Claim, Figure, dataset, field, less_than_zero
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots

ACTIVATIONS = ("linear", "tanh", "relu")


class Config(PathwayConfig, depth=3):
    """D = 3, the windows of Figure 2."""

    activations: tuple[str, ...] = field(
        ("tanh", "relu"), help="function after every layer", choices=ACTIVATIONS, distinct=True
    )


def run(config: Config, seeds: np.ndarray) -> Any:
    """One program a function."""
    found = [protocol.followed(config, seeds, activation=name) for name in config.activations]
    ours = np.stack(
        [protocol.by_level(each[0]) for each in found], 1
    )  # (seed, activation, start, step, pathway, level)
    line = found[0][1][:, :, -1]  # (seed, start, pathway, mode)
    end = ours[:, :, :, -1]
    return dataset(
        seeds,
        {**protocol.axes_of(config), "activation": list(config.activations)},
        strength=(("seed", "activation", "start", "step", "pathway", "level"), ours, "1", STRENGTH),
        linear=(("seed", "start", "step", "pathway", "level"), protocol.by_level(found[0][1]), "1", STRENGTH),
        share=(("seed", "activation", "start", "level"), end[..., 1, :] / end.sum(-2), "1", "final share of b, K_b / (K_a + K_b)"),
        linear_share=(("seed", "start", "level"), protocol.by_level(line[:, :, 1] / line.sum(-2)), "1", "final share of b"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """K against steps, a column a function, a row a gate; final shares below with the linear theory."""
    figure, axes = plots.panel(len(config.starts) + 1, len(config.activations), width=5.0, height=2.9)
    for i, name in enumerate(config.activations):
        for ax, start in zip(axes[:, i], config.starts, strict=False):
            here = data.sel(start=start)
            protocol.draw_strengths(ax, here["strength"].sel(activation=name), here["linear"], alpha=0.3)
            ax.axvspan(start, start + config.length, color="0.85", zorder=0)
            plots.finish(ax, title=f"{name}, b gated from step {start}", legend=None)
        last = axes[-1, i]
        look = {start: one._replace(words=f"gate from {start}") for start, one in plots.looks(config.starts).items()}
        plots.points(last, data["share"].sel(activation=name), "level", "start", look)
        named = {config.starts[0]: "linear recursion"}
        lines = {start: one._replace(words=named.get(start, "")) for start, one in look.items()}
        plots.theory(last, data["linear_share"], "level", "start", lines, alpha=0.5)
        legend = dict(fontsize=8, loc="center right") if i == 0 else None
        plots.finish(last, title=f"{name}: what b has learnt", legend=legend)
    plots.legend_below(figure, axes[:1, 0], 4, title="strengths: filled a, hollow b; lines: linear")
    return figure


def loss_of(name: str, start: int) -> Any:
    """Share of b over all modes."""
    return value("share", activation=name, start=start).over("level")


FIGURE = Figure(
    __name__,
    title="Figures 11 and 12: the windows of Figure 2 with tanh or ReLU after every layer (D = 3)",
    question="Do the windows of the linear pathways survive tanh or ReLU after every layer?",
    claims=tuple(
        Claim(f"{name}: {words} (mean share, early minus {when})", f"Figure {number} (ordering)",
              mean(loss_of(name, 0) - loss_of(name, start)), less_than_zero, unit="1")
        for when, start, words in (("late", 750, "an early gate takes more from b than a late one"),
                                   ("middle", 400, "a middle gate takes less from b than an early one"))
        for name, number in (("tanh", 11), ("relu", 12))
    ),
    presets={"smoke": dict(protocol.SMOKE, activations=("linear",)), "paper": dict(seeds=50, every=10)},
)  # fmt: skip
