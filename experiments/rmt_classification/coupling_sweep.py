"""Target error against the strength lam of the shared part, one colour per label rule."""

import dataclasses

import numpy as np

from experiments.rmt_classification.agreement import FINITE, finite_line, simulation_claims
from experiments.rmt_classification.predictions import Plan, plan, similarity_gram, single_task_plan, stack
from experiments.rmt_classification.simulation import errors_of_plans
from mtrl import random_matrix
from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    at_least,
    at_most,
    evaluate,
    exact,
    field,
    jax,
    jnp,
    over_seeds,
)

RULES = ("classical", "midpoint", "optimal")
WORDS = {
    "classical": "±1 labels, threshold 0",
    "midpoint": "±1 labels, mid-point threshold",
    "optimal": "optimal labels, mid-point threshold",
}


@dataclasses.dataclass(frozen=True)
class CouplingConfig(BaseConfig):
    """Target error against lam for a helpful and a harmful source with unequal classes."""

    seeds: int = field(300, help="number of training sets", lower=1)
    similarities: tuple[float, ...] = field(
        (0.8, -0.5), help="task similarity beta of every panel", lower=-1.0, upper=1.0
    )
    lams: int = field(9, help="simulated values of lam, 10^-2 to 10^2", lower=2)
    lines: int = field(41, help="values of lam on the theory lines", lower=2)
    source: tuple[int, ...] = field((150, 60), help="source samples per class", lower=1, length=2)
    target: tuple[int, ...] = field((20, 35), help="target samples per class", lower=1, length=2)
    gamma: float = field(1.0, help="strength of the task-specific parts", lower=0.0, strict=True)
    norm: float = field(2.0, help="|dmu| in noise standard deviations", lower=0.0, strict=True)
    dim: int = field(100, help="features p", lower=2)


def plans_along(lams, similarity, norm, counts, gamma, *, dim: int) -> Plan:
    """All rules at every lam; leaves (lam, rule, ..)."""
    gram = similarity_gram(similarity[None], norm)

    def at(lam):
        B = random_matrix.coupling(gamma * jnp.ones(2), lam)
        return stack([plan(gram, counts, B, dim=dim, rule=rule) for rule in RULES])

    return jax.lax.map(at, lams)


def single_error(similarity, norm, counts, gammas, *, dim: int):
    """Predicted error of the target alone, gamma tuned."""
    return single_task_plan(similarity_gram(similarity[None], norm), counts, gammas, dim=dim).error


def run(config, seeds):
    """Theory and simulation of one similarity."""
    import xarray as xr

    beta, counts = config.similarities[0], (tuple(config.source), tuple(config.target))
    fixed = (jnp.asarray(beta, float), config.norm, jnp.asarray(counts))
    points, line = np.logspace(-2, 2, config.lams), np.logspace(-2, 2, config.lines)
    theory = evaluate(plans_along, jnp.asarray(line), *fixed, config.gamma, dim=config.dim)
    plans = evaluate(plans_along, jnp.asarray(points), *fixed, config.gamma, dim=config.dim)
    means = random_matrix.classification.related_means(jnp.array([beta]), norm=config.norm, dim=config.dim)
    repeated = jnp.broadcast_to(means, (config.lams, *means.shape))
    simulated = over_seeds(errors_of_plans, seeds, repeated, plans, counts=counts)
    alone = evaluate(single_error, *fixed, jnp.logspace(-3, 3, 61), dim=config.dim)
    units = {"units": "fraction"}
    return xr.Dataset(
        {
            "predicted": (("similarities", "lam_line", "rule"), theory.error[None], units),
            "predicted_at_points": (("similarities", "lam", "rule"), plans.error[None], units),
            "finite": (("similarities", "lam_line", "rule"), theory.finite[None], units),
            "finite_at_points": (("similarities", "lam", "rule"), plans.finite[None], units),
            "error": (("similarities", "seed", "lam", "rule"), simulated[None], units),
            "single": ("similarities", [float(alone)], units),
        },
        coords={
            "similarities": [beta],
            "seed": seeds,
            "lam": points,
            "lam_line": line,
            "rule": list(RULES),
        },
    )


def draw(data, config):
    """One panel per similarity."""
    from mtrl.harness import style

    panels = data.sizes["similarities"]
    figure, axes = style.subplots(1, panels, width=4.8, height=3.9, sharey=True)
    for ax, beta in zip(axes[0], config.similarities, strict=True):
        case = data.sel(similarities=beta)
        for color, rule in zip(style.COLORS, RULES, strict=False):
            style.theory(ax, case["lam_line"], case["predicted"].sel(rule=rule), color=color, label=WORDS[rule])
            finite_line(ax, case["lam_line"], case["finite"].sel(rule=rule), color=color)
            style.band(ax, case["lam"], case["error"].sel(rule=rule).values, color=color)
        ax.axhline(float(case["single"]), color="0.3", linestyle="--", linewidth=1, label="single task, tuned γ")
        ax.set(
            xscale="log",
            xlabel="strength λ of the shared part (large = much sharing)",
            title=f"similarity β = {beta:g}",
        )
    axes[0, 0].set(ylabel="target error (fraction)")
    finite_line(axes[0, 0], [], [], color="0.3", label=FINITE)
    style.band(axes[0, 0], [], np.zeros((2, 0)), color="0.3", label="simulation, 95 % band")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def largest_excess(rule, over):
    """Largest predicted excess of `rule` over another, over lam and similarities."""
    return lambda data: exact((data["predicted"].sel(rule=rule) - data["predicted"].sel(rule=over)).max(skipna=False))


def growth(data):
    """Predicted error of +-1 labels (mid-point) at the largest lam minus at the smallest, at the most negative similarity."""
    curve = data["predicted"].sel(rule="midpoint").sel(similarities=float(data["similarities"].min())).values
    return exact(curve[-1] - curve[0])


CLAIMS = (
    Claim(
        "the mid-point threshold never loses to threshold 0: largest excess over lam and beta",
        "section 3: the classical decision is biased; the corrected threshold is the mid-point of the two means",
        largest_excess("midpoint", "classical"),
        at_most(1e-9),
        unit="fraction",
        reason="rounding",
    ),
    Claim(
        "optimal labels never lose to +-1 labels at the same lam: largest excess",
        "section 3: the labels maximise the predicted separation",
        largest_excess("optimal", "midpoint"),
        at_most(1e-9),
        unit="fraction",
        reason="rounding",
    ),
    Claim(
        "sharing with a negatively related source hurts under +-1 labels: error at lam = 100 minus at lam = .01",
        "abstract: strong sharing under +-1 labels may dramatically fail",
        growth,
        at_least(0.05),
        unit="fraction",
        reason="a dramatic failure is at least five points of error; ours, the paper gives no number",
    ),
    *simulation_claims(
        WORDS,
        RULES,
        over="lam and beta",
        dims=("lam", "similarities"),
        samples=55,
        predicted="predicted_at_points",
        finite="finite_at_points",
    ),
)

FIGURE = Figure(
    name="coupling_sweep",
    title="Target error against the strength of the shared part",
    config=CouplingConfig,
    run=run,
    draw=draw,
    claims=CLAIMS,
    split=("similarities",),
    presets={
        "smoke": dict(seeds=2, lams=3, lines=5, source=(20, 12), target=(6, 10), dim=20),
        "paper": dict(seeds=1000, seed_batch=100, lams=17, lines=81),
    },
)
