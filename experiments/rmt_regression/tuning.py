"""Choosing (gamma, lam) from the training data alone against the oracle's choice: leave-one-out, moments, one ridge fit."""

import dataclasses
from typing import NamedTuple

import numpy as np

from mtrl import random_matrix
from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    at_least,
    between,
    evaluate,
    exact,
    field,
    jax,
    jnp,
    mean_interval,
    over_seeds,
    split_named,
    style,
)
from mtrl.numerics.linalg import psd

METHODS = ("gcv", "fit", "moments", "independent", "gcv_lam")
WORDS = {
    "gcv": "GCV, γ and λ",
    "fit": "plug-in from one ridge fit",
    "moments": "plug-in of unbiased moments",
    "independent": "best independent (λ = 0, oracle)",
    "gcv_lam": "GCV, λ alone (γ = 1), over the best λ there",
}


@dataclasses.dataclass(frozen=True)
class TuningConfig(BaseConfig):
    """Excess test risk of data-only choices over the oracle's choice on the same grid; two tasks of unequal size."""

    seeds: int = field(200, help="training sets", lower=1)
    alphas: tuple[float, ...] = field((0.0, 0.3, 0.6, 0.9, 1.0), help="cosines of the hyperplanes", lower=-1, upper=1)
    counts: tuple[int, ...] = field((80, 160), help="samples of the two tasks", lower=2, length=2)
    noise: float = field(0.3, help="noise variance", lower=0.0, strict=True)
    dim: int = field(100, help="dimension d", lower=4)
    grid: int = field(10, help="points per axis of the grid, 0.02 to 50 and lam = 0", lower=3)


class Choice(NamedTuple):
    """Exact risk of the estimator at a method's choice over the best on the grid for THIS training set, minus 1."""

    excess: "jax.Array"
    bayes: "jax.Array"  # predicted risk of B* over the predicted best on the grid, minus 1
    estimated: "jax.Array"  # estimate of w_1.w_2/(Td) by moments


def one_draw(key, alpha, noise, gammas, lams, *, dim: int, counts: tuple[int, ...]) -> Choice:
    """Fit the whole grid once; every method only chooses among the fits.

    Each alignment draws its own features and noise: the rare failures of GCV then average out over alignments too.
    """
    own = jax.random.fold_in(key, jnp.round(1e6 * (alpha + 1)).astype(jnp.uint32))
    keys = split_named(own, "problem", "data")
    T, one = len(counts), jnp.ones(len(counts))
    n = jnp.asarray(counts, float)
    params = random_matrix.aligned_model(keys["problem"], tasks=T, dim=dim, alpha=alpha, noise=noise)
    data = random_matrix.sample_tasks(keys["data"], params, counts=counts)

    def along(path):
        """True risk and GCV at every lam."""

        def at(lam):
            fit = random_matrix.regression.fit_at(path, lam)
            return random_matrix.exact_risk(params, fit.W).mean(), random_matrix.estimate_risk(fit).gcv.mean()

        return jax.lax.map(at, lams, batch_size=8)

    true, gcv = jax.lax.map(lambda gamma: along(random_matrix.regression.prepare_path(data, gamma=gamma * one)), gammas)

    def predicted(gram, noise):
        def grid(g, lam):
            return random_matrix.regression.risk_isotropic(
                random_matrix.coupling(g * one, lam), n, dim, gram, noise
            ).test.mean()

        return jax.vmap(lambda g: jax.vmap(lambda lam: grid(g, lam))(lams))(gammas)

    found = random_matrix.regression.statistics_from_moments(data, jnp.broadcast_to(jnp.eye(dim), (T, dim, dim)))
    by_moments = predicted(psd.nearest_psd(found.gram), random_matrix.regression.positive_noise(found.noise))
    at_one = random_matrix.regression.prepare_path(data, gamma=one)
    first = random_matrix.regression.fit_at(at_one, 1.0)
    equivalent = random_matrix.equivalents.equivalent_isotropic(random_matrix.coupling(one, 1.0), n, dim)
    statistics = random_matrix.regression.statistics_from_fit(
        first.W[:, :, 0], equivalent, random_matrix.estimate_risk(first).gcv
    )
    by_fit = predicted(psd.nearest_psd(statistics.gram), random_matrix.regression.positive_noise(statistics.noise))
    independent = jnp.where(lams[None] == 0, true, jnp.inf)
    best = true.min()
    chosen = jnp.stack([true.ravel()[jnp.argmin(score)] for score in (gcv, by_fit, by_moments, independent)])
    star = random_matrix.regression.risk_isotropic(
        random_matrix.bayes_coupling(params.W, noise=noise), n, dim, random_matrix.aligned_gram(alpha, T), params.noise
    ).test.mean()
    bayes = star / predicted(random_matrix.aligned_gram(alpha, T), params.noise).min() - 1
    true_at_one, gcv_at_one = along(at_one)
    lam_alone = true_at_one[jnp.argmin(gcv_at_one)] / true_at_one.min() - 1
    return Choice(jnp.append(chosen / best - 1, lam_alone), bayes, found.gram[0, 1])


def oracle_gap(alpha, noise, gammas, lams, *, dim: int, counts: tuple[int, ...]):
    """Predicted best risk on the grid, for the axis on the right."""
    one, n = jnp.ones(len(counts)), jnp.asarray(counts, float)
    gram = random_matrix.aligned_gram(alpha, len(counts))

    def grid(g, lam):
        return random_matrix.regression.risk_isotropic(
            random_matrix.coupling(g * one, lam), n, dim, gram, noise * one
        ).test.mean()

    return jax.vmap(lambda g: jax.vmap(lambda lam: grid(g, lam))(lams))(gammas).min()


def run(config, seeds):
    """One cell: one alignment."""
    import xarray as xr

    alpha = config.alphas[0]
    gammas = np.geomspace(0.02, 50, config.grid)
    lams = np.concatenate([[0.0], gammas])
    sizes = dict(dim=config.dim, counts=config.counts)
    seen = over_seeds(one_draw, seeds, alpha, config.noise, gammas, lams, **sizes)
    best = evaluate(oracle_gap, alpha, config.noise, gammas, lams, **sizes)
    return xr.Dataset(
        {
            "excess": (("alpha", "seed", "method"), seen.excess[None], {"units": "1"}),
            "bayes": ("alpha", [float(seen.bayes.mean())]),
            "estimated_product": (("alpha", "seed"), seen.estimated[None]),
            "oracle_risk": ("alpha", [float(best)]),
        },
        coords={"alpha": [alpha], "method": list(METHODS), "seed": seeds},
    )


def draw(data, config):
    """Excess risk per method; beside it the moment estimate of the inner product, whose noise explains the plug-in's losses."""
    figure, axes = style.subplots(1, 2, width=4.8, height=4.0)
    for method, color, marker in zip(METHODS, style.COLORS, style.MARKERS, strict=False):
        samples = 100 * data["excess"].sel({"method": method}).transpose("seed", "alpha")
        style.band(axes[0, 0], data["alpha"], samples, label=WORDS[method], color=color, marker=marker, linestyle=":")
    axes[0, 0].set(xlabel="cosine α of the hyperplanes", ylabel="excess risk over the oracle [%]")
    axes[0, 0].set_yscale("symlog", linthresh=1)
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 0].set_yticks([0, 0.5, 1, 2, 5, 10, 20], ["0", "0.5", "1", "2", "5", "10", "20"])
    axes[0, 0].minorticks_off()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    ax = axes[0, 1]
    x, seen = data["alpha"].values, data["estimated_product"].transpose("seed", "alpha").values
    ax.plot(x, x / 2, color=style.COLORS[0], label="truth w₁·w₂/(Td) = α/2")
    spread = seen.std(0, ddof=1) if len(seen) > 1 else 0 * x
    ax.errorbar(
        x,
        seen.mean(0),
        spread,
        fmt="o",
        color=style.COLORS[2],
        capsize=2,
        label="moment estimate, mean ± standard deviation",
    )
    ax.set(xlabel="cosine α of the hyperplanes", ylabel="inner product of the hyperplanes")
    ax.legend(loc="upper left")
    figure.legend(handles, labels, loc="outside lower center", ncol=3)
    return figure


def mean_excess(method):
    """Mean over alignments of the excess of a method."""
    return lambda data: mean_interval(
        data["excess"].sel({"method": method}, drop=True).transpose("seed", "alpha").values.mean(1)
    )


def worst_bias(data):
    """Mean over seeds and alignments of the moment estimate minus the truth."""
    seen = data["estimated_product"].transpose("seed", "alpha").values - data["alpha"].values / 2
    return mean_interval(seen.mean(1))


PAPER = "Section 4.3: hyper-parameters without cross-validation"
OURS = "the paper gives no number; the bound is ours"
GCV_NOTE = (
    "gamma and lam together, against the best of the grid for each training set; the mean is carried by the few draws in a hundred where "
    "GCV is far too low for the task with n < d at little penalty (.38 for a true .65) and picks that, at 20 to 40 % of loss; 400 seeds "
    "give .0205 +- .0014, the very edge of the region: a decision would take some 3000"
)
FIGURE = Figure(
    name="tuning",
    title="Data-only tuning against oracle tuning",
    config=TuningConfig,
    run=run,
    draw=draw,
    split=("alphas",),
    presets={"smoke": dict(seeds=2, alphas=(0.5,), dim=16, counts=(12, 24), grid=4), 
             "paper": dict(seeds=200, dim=400, counts=(320, 640), grid=15)},
    claims=(
        Claim("GCV loses under 2 % of risk to the oracle (mean excess)", PAPER, mean_excess("gcv"), between(0.0, 0.02), unit="relative",
              reason=OURS,
              note=GCV_NOTE),
        Claim("GCV for lam alone, gamma = 1, loses under 2 % to the best lam there (mean excess)",
              f"{PAPER}; an unpublished independent program at the same sizes loses .7 %", mean_excess("gcv_lam"), between(0.0, 0.02),
              unit="relative", reason=OURS),
        Claim("the plug-in of one ridge fit loses under 5 % (mean excess)", PAPER, mean_excess("fit"), between(0.0, 0.05), unit="relative",
              reason=OURS),
        Claim("the plug-in of moments loses under 5 % (mean excess)", PAPER, mean_excess("moments"), between(0.0, 0.05),
              unit="relative", reason=OURS,
              note="moments are unbiased but noisy"),
        Claim("moment estimates of w1.w2/(Td) are unbiased (mean error)", "Section 4.3: estimated statistics",
              worst_bias, between(-0.05, 0.05), unit="1", value=0.0, reason="a tenth of |w|^2/(Td) = 1/2"),
        Claim("the Bayes coupling Omega/sig2 beats every (gamma, lam) of the grid (smallest predicted gain)",
              "derived here", lambda data: exact(-data["bayes"].max(skipna=False)), at_least(-1e-9), kind="derived", unit="relative",
              reason="optimal up to rounding"),
    ),
)  # fmt: skip
