"""Theory against simulation: train and test risk against the coupling, one colour per alignment of the tasks."""

import numpy as np

from experiments.rmt_regression import protocol
from experiments.rmt_regression.protocol import RISK, SIMULATED, agreement, claim
from mtrl.harness import Claim, Figure, at_least, at_most, dataset, evaluate, field
from mtrl.harness.judge.measures import Absent, Quantity, exact, value
from mtrl.harness.picture import plots

REFERENCE_LAMS = (0.0, 0.5, 2.0, 20.0)
REFERENCE = {  # predicted risks at n_t/d = gamma = 1, sig2 = .3, from an independent program for the same equations
    "test": {
        0.0: (0.6119, 0.5964, 0.6151, 0.8145),
        0.5: (0.6119, 0.5679, 0.5471, 0.6722),
        1.0: (0.6119, 0.5394, 0.4792, 0.5300),
    },
    "train": {
        0.0: (0.3279, 0.2701, 0.2131, 0.1691),
        0.5: (0.3279, 0.2572, 0.1896, 0.1395),
        1.0: (0.3279, 0.2443, 0.1660, 0.1100),
    },
}


class AlignmentConfig(protocol.PathConfig):
    """Train and test risk against the coupling for several alignments; n_t = d."""

    seeds: int = field(200, help="training sets", lower=1)
    alphas: tuple[float, ...] = field((-0.5, 0.0, 0.5, 1.0), help="cosines of the two hyperplanes", lower=-1, upper=1)
    lams: tuple[float, ...] = field((0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0), help="simulated couplings", lower=0.0)

    @property
    def has_reference(self) -> bool:
        """Whether the settings are those of the independent solution."""
        return (self.ratio, self.gamma, self.noise) == (1.0, 1.0, 0.3)


def run(config, seeds):
    """One cell: one alignment."""
    alpha, lams = config.alphas[0], np.array(config.lams)
    seen, dots, fine, line = protocol.path_of(config, seeds, alpha=alpha, lams=lams, top=20.0, points=80)
    ratio = protocol.sample_count(config.ratio, config.dim) / config.dim
    best = evaluate(protocol.regression.best_shared, alpha, config.gamma, config.noise, ratio)
    simulated = np.stack([seen.test, seen.train], 1)
    return dataset(
        seeds,
        {"split": ("test", "train"), "lam_line": fine, "lam": lams},
        theory=(("split", "lam_line"), np.stack([line.test, line.train]), *RISK),
        theory_at_dots=(("split", "lam"), np.stack([dots.test, dots.train]), *RISK),
        simulation=(("seed", "split", "lam"), simulated, *RISK),
        best_lam=((), float(best.argument)),
    )


def draw(data, config):
    """Test and train panels; lines predict, points are simulated, crosses an independent solution of the equations."""
    figure, axes = plots.panel(1, 2, width=4.8, height=3.8)
    look = plots.looks({alpha: f"α = {alpha:g}" for alpha in data["alpha"].values})
    for ax, split in zip(axes[0], ("test", "train"), strict=True):
        part = data.sel(split=split)
        plots.theory(ax, part["theory"], "lam_line", "alpha", look)
        plots.points(ax, part["simulation"], "lam", "alpha", protocol.quiet(look), ms=4)
        for i, alpha in enumerate(REFERENCE[split] if config.has_reference else ()):
            known = dict(zip(REFERENCE_LAMS, REFERENCE[split][alpha], strict=True))
            plots.program(ax, known, "" if i else "independent program")
        title = f"{split} risk, n/d = {config.ratio:g}, γ = {config.gamma:g}, σ² = {config.noise:g}"
        plots.finish(ax, y=RISK[1], title=title, legend=None)
        protocol.lam_axis(ax)
    axes[0, 0].errorbar([], [], [], fmt=SIMULATED.marker, color=SIMULATED.color, label=SIMULATED.words)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=len(look) + 2)
    return figure


def smallest_rise(best):
    """Smallest step of lam* as alpha grows."""
    if best.size < 2:
        raise Absent("one alignment has no step")
    return np.diff(best.sortby("alpha").values).min()


def against_reference(data, config):
    """Largest deviation of test and train risk from the independent solution, on the couplings both have."""
    if not config.has_reference:
        raise Absent("the independent solution is of other settings")
    alphas, lams = list(REFERENCE["test"]), list(REFERENCE_LAMS)
    ours = value("theory_at_dots", split=list(REFERENCE), alpha=alphas, lam=lams)(data, config)
    theirs = np.array([[REFERENCE[split][alpha] for alpha in alphas] for split in REFERENCE])
    return np.abs(ours.transpose("split", "alpha", "lam").values - theirs).max()


OPPOSED = value("theory_at_dots", split="test", alpha=-0.5)
FIGURE = Figure(
    __name__,
    headline=True,
    title="Theory against simulation for several alignments of the tasks",
    question="Does the predicted risk match the simulated one, and does the best coupling grow as the tasks align?",
    split={"alphas": "alpha"},
    presets={"smoke": dict(seeds=2, dim=20, alphas=(0.0, 1.0), lams=(0.0, 1.0)), "paper": dict(seeds=200, dim=400)},
    claims=(
        *(agreement(f"simulated {split} risk equals the prediction", "Figure 2: theory and points coincide", bound, split=split)
          for split, bound in (("test", 0.02), ("train", 0.03))),
        claim("the optimal coupling grows with the alignment (smallest step)", "Section 4: lam* grows with alpha",
              exact(value("best_lam").then(smallest_rise)), at_least(1e-6, "a strict rise"), unit="1"),
        claim("sharing harms opposed tasks: lam = 1 at alpha = -0.5 raises the risk", "Section 4: negative transfer",
              exact(OPPOSED.at(lam=1.0) - OPPOSED.at(lam=0.0)), at_least(0.0)),
        Claim.reference("predictions equal an independent solution of the equations (largest deviation)",
              "unpublished independent program for the fixed-point equations, four digits (crosses)",
              exact(Quantity(against_reference)), at_most(6e-5, "half of the fourth digit"), unit=RISK[0]),
    ),
)  # fmt: skip
