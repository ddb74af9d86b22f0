"""Figure 1: self, cross-task and noise terms of the test risk against the coupling, for three sample ratios."""

import dataclasses

import numpy as np

from experiments.rmt_regression.common import (
    LAM,
    RISK,
    gap_interval,
    predicted_path,
    sample_count,
    simulate_path,
)
from mtrl import random_matrix
from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    at_least,
    at_most,
    between,
    evaluate,
    exact,
    field,
    jax,
    jnp,
    over_seeds,
    style,
)
from mtrl.harness.judge import measures


@dataclasses.dataclass(frozen=True)
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


def best_lam(alpha, gamma, noise, ratio, *, tasks: int = 2):
    """Exact minimiser of the predicted average test risk at fixed gamma."""
    gram, one = random_matrix.aligned_gram(alpha, tasks), jnp.ones(tasks)

    def risk(lam):
        return random_matrix.regression.risk_isotropic(
            random_matrix.coupling(gamma * one, lam), ratio * one, 1.0, gram, noise * one
        ).test.mean()

    return random_matrix.regression.minimise_nonnegative(risk)


def interpretable_path(alpha, gamma, noise, lams, ratio):
    """The paper's approximation with 1 + delta ~ 1."""
    gram, one = random_matrix.aligned_gram(alpha, 2), jnp.ones(2)
    return jax.vmap(
        lambda lam: (
            random_matrix.regression.risk_leading_order(
                random_matrix.coupling(gamma * one, lam), ratio * one, 1.0, gram, noise * one
            ).total
        )
    )(lams)


def run(config, seeds):
    """One cell: one ratio."""
    import xarray as xr

    ratio = config.ratios[0]
    lams, dots = np.linspace(0, config.lam_max, config.points), np.linspace(0, config.lam_max, config.dots)
    count = sample_count(ratio, config.dim)
    risk = predicted_path(config.alpha, config.gamma, config.noise, lams, ratio, tasks=2)
    at_dots = predicted_path(config.alpha, config.gamma, config.noise, dots, count / config.dim, tasks=2)
    plain = evaluate(interpretable_path, config.alpha, config.gamma, config.noise, lams, ratio)
    best = evaluate(best_lam, config.alpha, config.gamma, config.noise, ratio)
    seen = over_seeds(
        simulate_path, seeds, config.alpha, config.gamma, config.noise, dots, dim=config.dim, counts=(count, count)
    )
    terms = np.stack([risk.self_, risk.cross, risk.noise, risk.test])
    data = xr.Dataset(
        {
            "theory": (("ratio", "term", "lam"), terms[None]),
            "approximation": (("ratio", "lam"), plain[None]),
            "theory_at_dots": (("ratio", "lam_dot"), at_dots.test[None]),
            "simulation": (("ratio", "seed", "lam_dot"), seen.test[None]),
            "best_lam": ("ratio", [float(best.argument)]),
            "best_risk": ("ratio", [float(best.value)]),
        },
        coords={
            "ratio": [ratio],
            "term": ["self", "cross", "noise", "total"],
            "lam": lams,
            "lam_dot": dots,
            "seed": seeds,
        },
    )
    for name in ("theory", "simulation", "best_risk"):
        data[name].attrs["units"] = "squared target units"
    return data


def draw(data, config):
    """Three panels, the terms as lines, simulated totals as points."""
    figure, axes = style.subplots(1, data.sizes["ratio"], width=4.0, height=3.6)
    names = {
        "self": "self term",
        "cross": "cross-task term",
        "noise": "noise term",
        "total": "test risk (noise variance included)",
    }
    for ax, ratio in zip(axes[0], data["ratio"].values, strict=True):
        part = data.sel(ratio=ratio)
        for term, color in zip(names, style.COLORS, strict=False):
            style.theory(ax, part["lam"], part["theory"].sel(term=term), label=names[term], color=color)
        ax.plot(part["lam"], part["approximation"], "--", color="#999999", label="paper's form with 1+δ ≈ 1")
        style.band(ax, part["lam_dot"], part["simulation"], label="simulated test risk", color=style.COLORS[3])
        best = float(part["best_lam"])
        if best <= config.lam_max:
            ax.axvline(best, color="#C00000", linestyle="--", linewidth=1.2)
        where = f"λ* = {best:.2f}" + (" (to the right)" if best > config.lam_max else "")
        ax.set(title=f"n/d = {ratio:g},  {where}", xlabel=LAM)
    axes[0, 0].set_ylabel(RISK)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=3)
    return figure


def best_at(ratio):
    """Optimal coupling at one ratio."""
    return measures.exact(measures.value("best_lam", ratio=ratio))


def dip(ratio):
    """Lowest total risk over the couplings minus the lower of its two ends: 0 unless the optimum is interior."""
    total = measures.value("theory", ratio=ratio, term="total")
    return measures.exact(total.then(lambda risk: risk.min(skipna=False) - risk[[0, -1]].min(skipna=False)))


def agreement(data):
    """Mean relative deviation of simulated from predicted total."""
    simulated = data["simulation"].transpose("seed", "ratio", "lam_dot").values
    return gap_interval(simulated, data["theory_at_dots"].transpose("ratio", "lam_dot").values)


def cross_sign(data):
    """Largest cross term over all couplings > 0."""
    return exact(data["theory"].sel(term="cross").isel(lam=slice(1, None)).max(skipna=False))


SHAPES = "Figure 1: three regimes at n/d = 0.5, 1.5, 2.5"
FIGURE = Figure(
    name="decomposition",
    title="Risk decomposition against the coupling",
    config=DecompositionConfig,
    run=run,
    draw=draw,
    split=("ratios",),
    presets={"smoke": dict(seeds=2, ratios=(0.5, 1.5), points=7, dots=3, dim=20), "paper": dict(seeds=200, dim=400, dots=21)},
    claims=(
        Claim("at n/d = 0.5 the risk falls over the whole range (optimal coupling at its right end or beyond)", SHAPES,
              best_at(0.5), at_least(10.0), unit="1", reason="the end of the range of couplings"),
        Claim("at n/d = 1.5 the risk has an interior optimum (lowest risk minus the lower end)", SHAPES, dip(1.5), at_most(-1e-6),
              unit="squared target units", reason="strictly below both ends"),
        Claim("at n/d = 2.5 the risk rises (optimal coupling 0)", SHAPES, best_at(2.5), between(0.0, 0.01), unit="1", value=0.0,
              reason="a tenth of the step between couplings"),
        Claim("the cross-task term is negative for aligned tasks (its largest value)", "Section 3: C_MTL < 0",
              cross_sign, between(-1.0, -1e-9), unit="squared target units", reason="strictly negative"),
        Claim("simulated test risk equals the prediction (mean relative deviation)", "Theorem: concentration",
              agreement, between(-0.02, 0.02), unit="relative", reason="2 % is ours: the finite d = 100"),
    ),
)  # fmt: skip
