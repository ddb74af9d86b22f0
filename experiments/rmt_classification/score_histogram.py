"""Score histogram of the target with the predicted Gaussian densities on top."""

import numpy as np

from experiments.rmt_classification import protocol
from experiments.rmt_classification.protocol import fraction, reference
from mtrl.harness import BadInput, Figure, at_most, between, dataset, evaluate, field, jax, over_seeds
from mtrl.harness.judge.measures import Absent, Quantity, bootstrap, exact, mean, value
from mtrl.harness.picture import plots, style

RULES = ("midpoint", "optimal", "custom")
WORDS = {"midpoint": "±1 labels", "optimal": "optimal labels", "custom": "source labels (.6, -.9) centred"}
REFERENCE = {(0.8, "midpoint"): 0.1891, (-0.4, "midpoint"): 0.3125, (0.5, "custom"): 0.2092}


class HistogramConfig(protocol.MixtureConfig):
    """Scores of fresh target samples, pooled over training sets, against the predicted law (two tasks)."""

    seeds: int = field(400, help="number of training sets", lower=1)
    similarities: tuple[float, ...] = field((0.8, -0.4, -0.4, 0.5), help="beta of every panel", lower=-1.0, upper=1.0)
    rules: tuple[str, ...] = field(
        ("midpoint", "midpoint", "optimal", "custom"),
        help="labels of every panel: +-1, optimal, or --custom_labels; threshold at the mid-point",
        choices=RULES,
    )
    custom_labels: tuple[float, ...] = field(
        (0.6, -0.9, 1.0, -1.0), help="labels of source class 1, 2, target class 1, 2", length=4
    )
    center_labels: bool = field(True, help="centre --custom_labels per task; without it uncentred ones are refused")
    source: tuple[int, ...] = field((60, 90), help="source samples per class", lower=1, length=2)
    target: tuple[int, ...] = field((30, 25), help="target samples per class", lower=1, length=2)
    gamma: tuple[float, ...] = field((0.8, 1.5), help="strength of the task-specific parts", lower=0.0, length=2)
    lam: float = field(2.0, help="strength of the shared part (large = much sharing)", lower=0.0)
    norm: float = field(2.5, help="|dmu|, distance of the class means in noise standard deviations", lower=0.0)
    points: int = field(25, help="fresh test samples per class and training set", lower=1)

    def validate(self):
        """Panels need one rule each; some coupling must be positive."""
        n = len(self.similarities)
        if len(self.rules) != n:
            raise BadInput(f"rules got {len(self.rules)} values for {n} similarities; give one rule per panel")
        if self.lam == 0 and max(self.gamma) == 0:
            raise BadInput("lam and every gamma are 0, which leaves no weight free; make one of them positive")
        if not self.center_labels and "custom" in self.rules:
            labels, counts = np.reshape(self.custom_labels, (2, 2)), np.array([self.source, self.target])
            protocol.classification.check_centred(labels, counts)


def run(config, seeds):
    """Predicted law and simulated scores per panel."""
    protocol.classification.warn_uninformative(config.norm * np.eye(2))
    counts, similarity = (tuple(config.source), tuple(config.target)), np.array(config.similarities)[:, None]
    fixed = dict(norm=config.norm, counts=np.array(counts), gamma=np.array(config.gamma), lam=config.lam)
    fixed["labels"] = np.reshape(config.custom_labels, (2, 2))
    every = evaluate(
        protocol.classification.plans_along, dict(similarity=similarity), fixed, dim=config.dim, rules=RULES
    )
    panels = np.arange(len(config.rules))
    plans = jax.tree.map(lambda x: x[panels, [RULES.index(rule) for rule in config.rules]], every)
    sizes = dict(counts=counts, dim=config.dim, fresh=config.points)
    error, scores = over_seeds(protocol.classification.plan_scores, seeds, similarity, config.norm, plans, **sizes)
    return dataset(
        seeds,
        {"panel": panels, "class": [1, 2]},
        score=(("seed", "panel", "class", "point"), scores, "", "score $g_2(x)$"),
        error=(("seed", "panel"), error, "fraction"),
        mean=(("panel", "class"), plans.mean),
        variance=("panel", plans.variance),
        threshold=("panel", plans.threshold),
        predicted=("panel", plans.error, "fraction"),
        beta=("panel", similarity[:, 0]),
        rule=("panel", list(config.rules)),
    )


def draw(data, config):
    """One panel per case: histograms per class, predicted densities, threshold."""
    from scipy import stats

    figure, axes = plots.panel(-(-data.sizes["panel"] // 2), 2, width=4.6, height=3.1)
    for ax in axes.flat[data.sizes["panel"] :]:
        ax.set_axis_off()
    for i, ax in enumerate(axes.flat[: data.sizes["panel"]]):
        case = data.isel(panel=i)
        spread, centers = float(np.sqrt(case["variance"])), case["mean"].values
        if spread == 0:
            ax.text(0.5, 0.5, "every score is 0: the labels tell nothing apart", ha="center", transform=ax.transAxes)
            continue
        grid = np.linspace(centers.min() - 4 * spread, centers.max() + 4 * spread, 300)
        for j, color in enumerate(style.COLORS[:2]):
            scores = case["score"].isel({"class": j}).values.ravel()
            ax.hist(scores, bins=60, density=True, color=color, alpha=0.35, label=f"class {j + 1}, simulation")
            density = stats.norm.pdf(grid, centers[j], spread)
            style.theory(ax, grid, density, color=color, label=f"class {j + 1}, theory")
        ax.axvline(float(case["threshold"]), color="0.3", linestyle="--", linewidth=1, label="threshold")
        errors = f"{float(case['predicted']):.4f} theory, {float(case['error'].mean()):.4f} simulated"
        rule = {**WORDS, "custom": "chosen labels"}[str(case["rule"].values)]
        top = 1.15 * stats.norm.pdf(0, 0, spread)
        plots.finish(ax, x="score $g_2(x)$", y="density [1/score]", ylim=(0, top), legend=None)
        ax.set_title(f"β = {float(case['beta']):g}, {rule}: error {errors}", fontsize=8.5)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def at_panel(name: str, beta: float, rule: str, *, defaults: bool = False) -> Quantity:
    """A variable at the panel of one case, if wanted only at the settings of the reference run."""

    def index(config):
        cases = list(zip(config.similarities, config.rules, strict=True))
        if (beta, rule) not in cases or (defaults and not protocol.at_reference(config, "custom_labels")):
            raise Absent(f"no panel of beta = {beta:g}, {rule}, at these settings")
        return cases.index((beta, rule))

    return value(name, panel=index)


def cdf_gap(data, config):
    """Empirical minus normal distribution function of the standardised scores of every training set, on a grid."""
    import xarray as xr
    from scipy import special

    data = data.isel(panel=np.flatnonzero(data["variance"].values > 0))
    if not data.sizes["panel"]:
        raise Absent("every score is 0")
    z = (data["score"] - data["mean"]) / np.sqrt(data["variance"])
    at = xr.DataArray(np.linspace(-3, 3, 121), dims="z")
    return (z <= at).where(z.notnull()).mean("point", skipna=False) - special.ndtr(at)


def panel_claims(beta, rule, known):
    """The predicted error against the reference run's, and the simulated against the predicted."""
    return (
        reference(
            f"predicted error at beta = {beta:g}, {WORDS[rule]}",
            f"{known} by an {protocol.INDEPENDENT}",
            exact(at_panel("predicted", beta, rule, defaults=True)),
            between(known - 6e-5, known + 6e-5, "half of the fourth digit"),
            value=known,
        ),
        fraction(
            f"simulation agrees with theory at beta = {beta:g}, {WORDS[rule]}: relative difference of the error",
            "theorem 1: the score's law converges to the predicted Gaussian; within 2% at p = 100 asked here",
            mean(at_panel("error", beta, rule) / at_panel("predicted", beta, rule) - 1),
            between(-0.02, 0.02, "2 % is ours: p = 100 is finite"),
            unit="relative",
            value=0.0,
        ),
    )


FIGURE = Figure(
    __name__,
    headline=True,
    title="Scores of the target task: histogram against the predicted Gaussian",
    question="Are the scores of fresh samples Gaussian with the predicted means and variances?",
    claims=(
        *(claim for (beta, rule), known in REFERENCE.items() for claim in panel_claims(beta, rule, known)),
        fraction("scores are Gaussian with the predicted mean and variance: largest Kolmogorov-Smirnov distance",
                 "theorem 1 and the score histograms: densities lie on the histograms",
                 bootstrap(lambda gap: np.max(np.abs(gap)), Quantity(cdf_gap)), at_most(0.03), unit="1",
                 reason="the largest of eight with 10^4 points is .02 at one false alarm in 200; the rest is for p = 100",
                 note="pooled over training sets, at 121 points of the axis; about .014 is sampling noise of 10^4 points"),
        fraction("optimal labels lower the error at beta = -.4", "section 3: label optimisation avoids negative transfer",
                 mean(at_panel("error", -0.4, "optimal") - at_panel("error", -0.4, "midpoint")), at_most(0.0)),
    ),
    presets={"smoke": dict(seeds=4, dim=30, points=100), "paper": dict(seeds=2000)},
)  # fmt: skip
