"""Universality: the same predictions for every concentrated law of the features, and a law that is not concentrated as control."""

import numpy as np

from experiments.rmt_regression.protocol import RISK, PathConfig, agreement, distance, lam_axis, path_of
from mtrl.harness import Claim, Figure, at_least, dataset, field
from mtrl.harness.judge.measures import value
from mtrl.harness.picture import plots

WORDS = {
    "gaussian": "Gaussian",
    "rademacher": "signs",
    "uniform": "uniform",
    "tanh": "tanh of a Gaussian",
    "elliptical": "random radii (not concentrated)",
}
LAWS = tuple(WORDS)  # of `random_matrix.problem`
LOOK = plots.looks(WORDS)


class UniversalityConfig(PathConfig):
    """Test risk against the coupling for several laws of the features; two aligned tasks."""

    seeds: int = field(40, help="training sets", lower=1)
    laws: tuple[str, ...] = field(LAWS, help="laws of the features", choices=LAWS)
    alpha: float = field(0.5, help="cosine of the two hyperplanes", lower=-1, upper=1)
    lams: tuple[float, ...] = field((0.0, 0.3, 1.0, 3.0, 10.0), help="simulated couplings", lower=0.0)


def run(config, seeds):
    """One cell: one law."""
    law, lams = config.laws[0], np.array(config.lams)
    seen, dots, fine, line = path_of(config, seeds, alpha=config.alpha, lams=lams, top=10.0, points=60, law=law)
    return dataset(
        seeds,
        {"lam": lams, "lam_line": fine},
        simulation=(("seed", "lam"), seen.test, *RISK),
        theory=("lam_line", line.test, *RISK),
        theory_at_dots=("lam", dots.test, *RISK),
    )


def draw(data, config):
    """One theory line, points per law."""
    figure, axes = plots.panel(width=5.6, height=4.2)
    ax = axes[0, 0]
    line = data["theory"].isel(law=0)
    plots.theory(ax, line, "lam_line", look=plots.Look("theory (any concentrated law)", "black"))
    plots.points(ax, data["simulation"], "lam", "law", LOOK, ms=5)
    title = f"test risk, n/d = {config.ratio:g}, α = {config.alpha:g}, γ = {config.gamma:g}, σ² = {config.noise:g}"
    plots.finish(ax, y=RISK[1], title=title, legend=None)
    lam_axis(ax)
    plots.legend_below(figure, [ax], 2)
    return figure


FIGURE = Figure(
    __name__,
    title="Universality over feature laws, with a negative control",
    question="Does the theory for Gaussian features hold for other laws of the features, and where does it fail?",
    split={"laws": "law"},
    presets={"smoke": dict(seeds=2, dim=20, laws=("gaussian", "elliptical"), lams=(0.0, 1.0)), "paper": dict(seeds=200, dim=400)},
    claims=(
        *(agreement(f"{WORDS[law]} features follow the prediction", "Assumption: concentrated vectors", 0.02, law=law)
          for law in LAWS[:-1]),
        Claim.sanity("features with random radii do not (mean relative distance over the points)",
                     "outside the assumption; negative control",
                     distance(value("simulation", law="elliptical"), value("theory_at_dots", law="elliptical")),
                     at_least(0.05, "well beyond the 2 % asked of the others"), unit="relative"),
    ),
)  # fmt: skip
