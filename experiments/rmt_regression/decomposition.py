"""Figure 1: self, cross-task and noise terms of the test risk against the coupling, for three sample ratios."""

import numpy as np

from experiments.rmt_regression import protocol
from experiments.rmt_regression.protocol import LAM, RISK, agreement, claim, predicted_path, sample_count
from mtrl.harness import BaseConfig, Figure, at_least, at_most, between, dataset, evaluate, field, over_seeds
from mtrl.harness.judge.measures import exact, value
from mtrl.harness.picture import plots

LOOK = plots.looks({"self": "self term", "cross": "cross-task term", "noise": "noise term",
                    "total": "test risk (noise variance included)"})  # fmt: skip


class DecompositionConfig(BaseConfig):
    """Test risk split into self, cross and noise terms; two tasks, identity covariance, |w_t|^2 = d."""

    seeds: int = field(60, help="training sets", lower=1)
    ratios: tuple[float, ...] = field((0.5, 1.5, 2.5), help="samples per dimension n_t/d", lower=0.0, strict=True)
    alpha: float = field(0.9, help="cosine of the two hyperplanes", lower=-1, upper=1)
    gamma: float = field(10.0, help="strength of the task-specific parts", lower=0.0, strict=True)
    noise: float = field(0.21, help="noise variance", lower=0.0, strict=True)
    lam_max: float = field(10.0, help="largest shared strength", lower=0.0, strict=True)
    dim: int = field(100, help="dimension d of the simulation", lower=4)
    points: int = field(101, help="couplings on the theory lines", lower=3)
    dots: int = field(9, help="couplings that are simulated", lower=2)

    def validate(self):
        """Every ratio leaves samples."""
        for ratio in self.ratios:
            sample_count(ratio, self.dim)


def run(config, seeds):
    """One cell: one ratio."""
    ratio, setting = config.ratios[0], (config.alpha, config.gamma, config.noise)
    lams, dots = (np.linspace(0, config.lam_max, count) for count in (config.points, config.dots))
    count = sample_count(ratio, config.dim)
    risk, at_dots = predicted_path(*setting, lams, ratio), predicted_path(*setting, dots, count / config.dim)
    best = evaluate(protocol.regression.best_shared, *setting, ratio)
    seen = over_seeds(protocol.simulate_path, seeds, *setting, dots, dim=config.dim, counts=(count, count))
    return dataset(
        seeds,
        {"term": list(LOOK), "lam": lams, "lam_dot": dots},
        theory=(("term", "lam"), np.stack([risk.self_, risk.cross, risk.noise, risk.test]), *RISK),
        approximation=("lam", evaluate(protocol.regression.leading_order_path, *setting, lams, ratio), *RISK),
        theory_at_dots=("lam_dot", at_dots.test, *RISK),
        simulation=(("seed", "lam_dot"), seen.test, *RISK),
        best_lam=((), float(best.argument)),
        best_risk=((), float(best.value), *RISK),
    )


def draw(data, config):
    """Above the test risk with the paper's form of it, each regime on its own axis; below the terms that it is the sum of."""
    count = data.sizes["ratio"]
    figure, axes = plots.panel(2, count, width=4.0, height=3.3)
    terms = {name: look for name, look in LOOK.items() if name != "total"}
    for (above, below), ratio in zip(axes.T, data["ratio"].values, strict=True):
        part = data.sel(ratio=ratio)
        exact, form = part["theory"].sel(term="total"), part["approximation"]
        plots.theory(above, exact, "lam", look=LOOK["total"])
        plots.theory(above, form, "lam", look=plots.Look("paper's form with 1+δ ≈ 1", "#666666", line="--"))
        plots.points(above, part["simulation"], "lam_dot", look=LOOK["total"]._replace(words="simulated test risk"))
        plots.theory(below, part["theory"], "lam", "term", terms)
        best = float(part["best_lam"])
        where = f"λ* = {best:.2f}" + (" (to the right)" if best > config.lam_max else "")
        for ax in (above, below):
            if best <= config.lam_max:
                ax.axvline(best, color="#C00000", linestyle="--", linewidth=1.2)
        first = above is axes[0, 0]
        title = f"n/d = {ratio:g},  {where}\nexact: {_course(exact)}; paper's form: {_course(form)}"
        plots.finish(above, x=LAM, y=RISK[1] if first else " ", title=title, legend=None)
        plots.finish(below, x=LAM, y="terms of the risk" if first else " ", legend=None)
    plots.legend_below(figure, axes[:, 0], 3)
    return figure


def _course(risk):
    """How a curve goes, in words."""
    lowest = int(np.argmin(risk.values))
    return "falls" if lowest == risk.size - 1 else "rises" if lowest == 0 else "falls, then rises"


def _dip(risk):
    """Lowest total risk over the couplings minus the lower of its two ends: 0 unless the optimum is interior."""
    return risk.min(skipna=False) - risk[[0, -1]].min(skipna=False)


SHAPES = "Figure 1: three regimes at n/d = 0.5, 1.5, 2.5"
FIGURE = Figure(
    __name__,
    title="Risk decomposition against the coupling",
    question="How does the coupling of tasks move the test risk, through which of its three terms, with few and with many samples?",
    split={"ratios": "ratio"},
    presets={"smoke": dict(seeds=2, ratios=(0.5, 1.5), points=7, dots=3, dim=20), "paper": dict(seeds=200, dim=400, dots=21)},
    claims=(
        claim("at n/d = 0.5 the risk falls over the whole range (optimal coupling at its right end or beyond)", SHAPES,
              exact(value("best_lam", ratio=0.5)), at_least(10.0, "the end of the range of couplings"), unit="1"),
        claim("at n/d = 1.5 the risk has an interior optimum (lowest risk minus the lower end)", SHAPES,
              exact(value("theory", ratio=1.5, term="total").then(_dip)), at_most(-1e-6, "strictly below both ends")),
        claim("at n/d = 2.5 the risk rises (optimal coupling 0)", SHAPES, exact(value("best_lam", ratio=2.5)),
              between(0.0, 0.01, "a tenth of the step between couplings"), unit="1", value=0.0),
        claim("the cross-task term is negative for aligned tasks (its largest value)", "Section 3: C_MTL < 0",
              exact(value("theory", term="cross", lam=slice(1, None)).over("ratio", "lam", how="max")),
              between(-1.0, -1e-9, "strictly negative")),
        agreement("simulated test risk equals the prediction", "Theorem: concentration", 0.02),
    ),
)  # fmt: skip
