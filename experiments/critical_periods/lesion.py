"""Figure 3: an early gate on one pathway and a lesion of one mode in the other: the gated one learns that mode, and nothing else."""

from typing import Any

import numpy as np

from experiments.critical_periods import protocol
from experiments.critical_periods.protocol import PROGRAM, STRENGTH, PathwayConfig
from mtrl import dynamics
from mtrl.harness import BadInput, Claim, Figure, at_most, between, dataset, field
from mtrl.harness.judge.measures import mean, value, worst
from mtrl.harness.picture import plots


class Config(PathwayConfig, depth=3, length=200):
    """D = 3, b gated on the first 200 steps, mode 1 of a lesioned for good."""

    starts: tuple[int, ...] = field((0,), help="first step of the gate on b", lower=0, unit="steps", length=1)
    lesion: int = field(1, help="mode of a that is lesioned, the strongest is 0", lower=0)

    def validate(self) -> None:
        """There are 8 modes."""
        super().validate()
        if self.lesion >= 8:
            raise BadInput(f"lesion got {self.lesion}, but the task has 8 modes; take 0 to 7")


def run(config: Config, seeds: np.ndarray) -> Any:
    """One gate, K of every mode."""
    found, scalar, final = protocol.followed(config, seeds, config.lesion)
    s = np.asarray(dynamics.hierarchy().s)
    axes = protocol.axes_of(config)
    modes = np.arange(len(s))
    dims = ("seed", "step", "pathway", "mode")
    end = found[:, 0, -1]
    others = np.delete(modes, config.lesion)
    return dataset(
        seeds,
        {"step": axes["step"], "pathway": axes["pathway"], "mode": modes, "column": modes, "other": others},
        strength=(dims, found[:, 0], "1", STRENGTH),
        recursion=(dims, scalar[:, 0], "1", STRENGTH),
        final=(("seed", "pathway", "mode", "column"), final[:, 0], "1", "final K"),
        lesioned=(("seed", "pathway"), end[:, :, config.lesion], "1", "final K of the lesioned mode"),
        intact=(("seed", "pathway", "other"), end[:, :, others], "1", "final K of another mode"),
        singular_value=("other", s[others], "1", "s"),
        target=((), s[config.lesion], "1", "s of the lesioned mode"),
        beside=(("seed", "pathway"), np.abs(final[:, 0] * (1 - np.eye(len(s)))).max((-1, -2)), "1", "largest entry of K off its diagonal"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """K against steps, and what the matrices hold in the end."""
    figure, axes = plots.panel(2, 2, width=5.0, height=3.5)
    group, levels = protocol.levels()
    for ax, pathway in zip(axes[0], protocol.PATHWAYS, strict=False):
        here = data.sel(pathway=pathway)
        for mode in np.unique(group, return_index=True)[1]:
            color = protocol.COLORS[group[mode]]
            lost = ", lesioned in a" if mode == config.lesion else ""
            look = plots.Look(f"s = {levels[group[mode]]:.2f}{lost}", color)
            plots.theory(ax, here["recursion"].sel(mode=mode), "step", look=look._replace(words=""), linewidth=1.2)
            plots.points(ax, here["strength"].sel(mode=mode), "step", look=look, markersize=3.5)
        ax.axvspan(config.starts[0], config.starts[0] + config.length, color="0.88", zorder=0)
        legend = dict(fontsize=7, loc="center right") if pathway == "b" else None
        plots.finish(ax, title=f"pathway {pathway}", ylim=(-0.15, 4.4), legend=legend)
    for ax, pathway in zip(axes[1], protocol.PATHWAYS, strict=False):
        look = dict(vmin=0, vmax=4, aspect="equal", bar=pathway == "b")
        plots.heat(ax, data["final"].sel(pathway=pathway), "column", "mode", **look)
        ax.set(title=f"final K of {pathway}", xlabel="column (mode)", ylabel="row (mode)")
        ax.invert_yaxis()
    return figure


B, A = dict(pathway="b"), dict(pathway="a")

FIGURE = Figure(
    __name__,
    title="Figure 3: an early gate on one pathway, a lesion of one mode in the other (D = 3)",
    question="If one pathway is gated early and the other cannot learn one mode, does the gated one learn that mode and no other?",
    claims=(
        Claim.reference("the gated pathway learns the lesioned mode (its K)", f"2.646, {PROGRAM}; Figure 3", mean(value("lesioned", **B)),
              between(2.6, 2.7), unit="1", value=2.646, reason="two per cent: it has almost converged"),
        Claim.reference("the gated pathway learns nothing else: largest K", f"below 0.04, {PROGRAM}", worst(value("intact", **B)),
              at_most(0.04), unit="1", value=0.04, reason="its bound"),
        Claim("the lesioned pathway learns all the others: largest lack of K over s", "Figure 3 (in words)",
              worst(1 - value("intact", **A) / value("singular_value")), at_most(0.1), unit="1", reason="a tenth"),
        Claim.sanity("the lesioned mode stays where it began in the lesioned pathway (its K)", "Figure 3 (in words); K starts at 0.01",
              worst(value("lesioned", **A)), at_most(0.02), unit="1", reason="twice the size of its start"),
        Claim.sanity("both pathways lie along the task's modes: largest entry of K beside", "aligned start", worst(value("beside")),
              at_most(1e-9), unit="1", reason="rounding"),
    ),
    presets={"smoke": dict(protocol.SMOKE), "paper": dict(seeds=50, every=10)},
)  # fmt: skip
