"""Risk against budget with known relevance: simulation on the first-order law."""

import dataclasses

import numpy as np

from experiments.active_representation.common import (
    COLOR,
    MARKER,
    RULE_CHOICES,
    RULE_NAMES,
    has_rules,
    ridge_grid,
    z_score,
)
from mtrl import representation
from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    at_most,
    between,
    exact,
    field,
    jax,
    jnp,
    less_than_zero,
    over_seeds,
    split_named,
    style,
)
from mtrl.harness.judge.measures import Quantity, bootstrap, slope, value, worst
from mtrl.numerics import moments

BASELINES = ("random_k", "single_best")
# An independent program's subspace risks at N = 20000: closed form, and mean of 30 seeds. Its instance was identified
# among NumPy's generators 0..299 as the one whose closed form agrees in all digits.
QUOTED_BUDGET, QUOTED_INSTANCE, QUOTED_SEEDS = 20000, 3, 30
QUOTED_LAW = {"passive": 0.00153, "L2": 0.00081, "L1": 0.00057}
QUOTED_RISK = {"passive": 0.00149, "L2": 0.00084, "L1": 0.00060}


@dataclasses.dataclass(frozen=True)
class KnownConfig(BaseConfig):
    """Synthetic tasks, relevance computed from the true heads."""

    seeds: int = field(400, help="number of random seeds (data; the instance is fixed by --instance)", lower=1)
    budgets: tuple[int, ...] = field((2000, 5000, 10000, 20000, 50000), help="source samples N", lower=1)
    rules: tuple[str, ...] = field(
        RULE_NAMES + BASELINES,
        help="allocation rules and baselines",
        choices=(*RULE_CHOICES, *BASELINES),
    )
    sparse: int = field(10, help="k of the baseline random_k: k tasks drawn once share the budget", lower=1)
    dim: int = field(30, help="input dimension d", lower=1)
    rank: int = field(3, help="representation dimension K", lower=1)
    tasks: int = field(20, help="source tasks M", lower=1)
    noise: float = field(0.5, help="noise standard deviation sigma", lower=0.0)
    target_samples: int = field(60, help="target samples n_0", lower=1)
    floor: int = field(60, help="samples every task gets, N_min", lower=0)
    iterations: int = field(10, help="alternating minimisation rounds", lower=1)
    instance: int = field(QUOTED_INSTANCE, help="seed of B and W (NumPy generator)", lower=0)

    def validate(self):
        """Refuse what cannot be identified or bought."""
        representation.active.check_identified(
            self.rank, dim=self.dim, tasks=self.tasks, target_samples=self.target_samples
        )
        for budget in self.budgets:
            representation.active.check_budget(budget, tasks=self.tasks, floor=self.floor, rank=self.rank)


def numpy_instance(config: KnownConfig) -> "representation.active.ActiveParams":
    """`active.gaussian_instance` drawn with NumPy, so that programs without JAX can draw the same one."""
    rng = np.random.default_rng(config.instance)
    basis = np.linalg.qr(rng.normal(size=(config.dim, config.rank)))[0]
    heads = rng.normal(size=(config.rank, config.tasks))
    return representation.active.ActiveParams(*map(jnp.asarray, (basis, heads, heads[:, 0] + 0.5 * heads[:, 1])))


def counts_of(rule: str, budget: int, relevance: dict, config: KnownConfig) -> np.ndarray:
    """n_t of a rule or baseline at known `relevance` (norm -> nu)."""
    if rule == "random_k":
        chosen = representation.active.random_support(jax.random.key(config.instance), config.tasks, config.sparse)
        options = dict(relevance=jnp.asarray(relevance[2.0]), exponent=0.0, support=chosen)
    elif rule == "single_best":
        options = dict(relevance=representation.active.single_best(jnp.asarray(relevance[1.0])), exponent=1.0)
    else:
        options = dict(
            relevance=jnp.asarray(relevance[representation.active.RULES[rule].norm]),
            exponent=representation.active.RULES[rule].exponent,
        )
    return np.asarray(representation.active.allocate(budget=budget, floor=config.floor, **options))


def simulate_budget(key, params, counts, noise, *, target_samples: int, rank: int, iterations: int):
    """One seed: the same target data for every rule and budget; counts (rule, budget, task)."""
    keys = split_named(key, "source", "target")
    regressors = (params.basis @ params.heads).T
    x, y = representation.active.target_data(keys["target"], params, target_samples, noise=noise)
    target = moments.moments(x[None], y[None])

    def one(count):
        source = representation.active.gaussian_moments(keys["source"], count, regressors, noise=noise)
        learned = representation.active.learn_linear(
            keys["source"], source, target=target, rank=rank, iterations=iterations
        )
        estimate = learned.representation @ learned.target_head
        return (
            representation.active.true_subspace_risk(params, learned.representation),
            representation.active.true_excess_risk(params, estimate),
        )

    flat = jax.lax.map(one, counts.reshape(-1, counts.shape[-1]))  # one rule and budget at a time: memory
    subspace, excess = (risk.reshape(counts.shape[:2]) for risk in flat)
    ridge = representation.active.target_only_ridge(x, y, ridge_grid(x)).theta
    oracle = representation.active.oracle_subspace(x, y, params.basis)
    return subspace, excess, *(representation.active.true_excess_risk(params, theta) for theta in (ridge, oracle))


def is_quoted(config: KnownConfig) -> bool:
    """Whether the quoted numbers are about this configuration."""
    same = ("instance", "dim", "rank", "tasks", "noise", "floor")
    return (
        all(getattr(config, name) == getattr(KnownConfig, name) for name in same)
        and QUOTED_BUDGET in config.budgets
        and set(RULE_NAMES) <= set(config.rules)
    )


def run(config: KnownConfig, seeds):
    """All rules and budgets on one instance."""
    import xarray as xr

    params = numpy_instance(config)
    heads, head = np.asarray(params.heads), np.asarray(params.target_head)
    relevance = {1.0: representation.active.l1_relevance_exact(heads, head), 2.0: np.linalg.pinv(heads) @ head}
    counts = np.array([[counts_of(rule, n, relevance, config) for n in config.budgets] for rule in config.rules])
    sizes = dict(target_samples=config.target_samples, rank=config.rank, iterations=config.iterations)
    subspace, excess, ridge, oracle = over_seeds(simulate_budget, seeds, params, counts, config.noise, **sizes)
    value = np.array(
        [
            [representation.active.design_value(params.heads, params.target_head, jnp.asarray(c)) for c in row]
            for row in counts
        ]
    )
    law = np.asarray(representation.active.subspace_risk(value, dim=config.dim, rank=config.rank, noise=config.noise))
    total = dict(rank=config.rank, target_samples=config.target_samples, noise=config.noise)
    axes = ("rule", "budget")
    data = xr.Dataset(
        {
            "subspace_risk": (("seed", *axes), subspace),
            "excess_risk": (("seed", *axes), excess),
            "target_only": ("seed", ridge),
            "oracle": ("seed", oracle),
            "subspace_law": (axes, law),
            "excess_law": (axes, np.asarray(representation.active.excess_risk(law, **total))),
            "oracle_law": float(representation.active.excess_risk(0.0, **total)),
            "counts": ((*axes, "task"), counts),
            "quoted": is_quoted(config),
        },
        coords={"seed": np.asarray(seeds), "rule": list(config.rules), "budget": list(config.budgets)},
    )
    for name in ("subspace_risk", "excess_risk", "target_only", "oracle", "subspace_law", "excess_law"):
        data[name].attrs["units"] = "response^2"
    data["counts"].attrs["units"] = "samples"
    return data


def draw(data, config):
    """Excess risk (left) and subspace risk (right) against N."""
    figure, axes = style.subplots(1, 2, width=4.6, height=3.6)
    for ax, what, title in zip(axes[0], ("excess", "subspace"), ("excess risk", "subspace risk"), strict=True):
        for rule in data.rule.values:
            samples = data[f"{what}_risk"].sel(rule=rule)
            style.theory(ax, data.budget, data[f"{what}_law"].sel(rule=rule), color=COLOR[rule])
            label = rule.replace("_k", f" k={config.sparse}").replace("_", " ")
            style.band(ax, data.budget, samples, label=label, color=COLOR[rule], marker=MARKER[rule])
        ax.set(xscale="log", yscale="log", xlabel="source samples N", ylabel=f"{title} (response$^2$)")
        style.log_ticks(ax, data.budget)
    if bool(data.quoted):
        style.paper(ax, [QUOTED_BUDGET] * 3, list(QUOTED_RISK.values()), label="independent program, 30 seeds")
        ax.legend(handles=ax.get_legend_handles_labels()[0][:1], fontsize=8, loc="lower left")  # the lines come first
    ax = axes[0][0]
    ax.axhline(float(data.oracle_law), color="black", linestyle=":", label="oracle B (law)")
    ax.axhline(float(data.target_only.mean()), color="#999999", linestyle="--", label="target-only ridge")
    low, high = float(data.oracle_law), float(data.target_only.mean())
    ax.set_ylim(low * 0.9, high * 1.15)
    ax.legend(title="points: simulation, lines: law", fontsize=8, loc="center right")
    figure.suptitle(f"Known relevance: {data.sizes['seed']} seeds, 95% bands", fontsize=10.5)
    return figure


def deviation(data, config):
    """Simulated subspace risk over the law, minus 1, of the rules whose law holds."""
    kept = data.sel(rule=[rule for rule in data.rule.values if rule not in BASELINES])
    return kept.subspace_risk / kept.subspace_law - 1


def advantage(data, config):
    """Subspace risk of L1 minus that of every other rule and baseline."""
    others = [rule for rule in data.rule.values if rule != "L1"]
    return data.subspace_risk.sel(rule="L1", drop=True) - data.subspace_risk.sel(rule=others)


def quoted_law(data):
    """Largest relative difference of the closed form from the quoted one."""
    ours = data.subspace_law.sel(budget=QUOTED_BUDGET)
    return exact(max(abs(float(ours.sel(rule=rule)) / value - 1) for rule, value in QUOTED_LAW.items()))


def quoted_risk(data):
    """Largest |z| of our mean subspace risks against the quoted means, both with their Monte Carlo error."""
    ours = data.subspace_risk.sel(budget=QUOTED_BUDGET)
    return exact(
        max(abs(z_score(ours.sel(rule=rule).values, value, QUOTED_SEEDS)) for rule, value in QUOTED_RISK.items())
    )


def slope_claim(rule):
    """Claim: risk of order 1/N."""
    return Claim(
        text=f"subspace risk of {rule} falls as 1/N: log-log slope",
        paper="both papers: risk of order 1/N",
        measure=slope(value("subspace_risk", rule=rule, budget=slice(1, None)), "budget"),
        accepts=between(-1.1, -0.9),
        unit="exponent",
        value=-1.0,
        reason="a tenth is ours: budgets are finite",
        stand_in=True,
        note="budgets from the second on; at the first the floor takes most samples",
        applies=has_rules(rule),
    )


FIGURE = Figure(
    name="known_relevance",
    headline=True,
    title="Risk against source budget with known relevance, on the first-order law",
    config=KnownConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            text="simulated subspace risk within 15% of sigma^2 (d-K) v(n) for every rule and budget",
            paper="first-order law, derived here; the bounds of both papers have this shape",
            measure=bootstrap(lambda means: np.abs(means).max(), Quantity(deviation)),
            accepts=at_most(0.15),
            kind="derived",
            unit="relative",
            reason="15% is ours: the law is of first order in 1/N, and the smallest budget is 100 samples a task",
        ),
        Claim(
            text="L1 is below every other rule and baseline at every budget: largest mean difference of subspace risks (L1 - other)",
            paper="Wang et al. 2023: allocation by the least-L1 relevance is optimal",
            measure=worst(Quantity(advantage)),
            accepts=less_than_zero,
            unit="squared units of the target",
            stand_in=True,
            applies=has_rules("L1"),
        ),
        *map(slope_claim, RULE_NAMES),
        Claim(
            text="closed form at N = 20000 for passive, L2, L1: largest relative difference from the quoted numbers",
            paper="independent NumPy program: 0.00153, 0.00081, 0.00057",
            measure=quoted_law,
            accepts=at_most(0.01),
            kind="reference",
            unit="relative",
            reason="two to three digits are quoted: up to 0.9%",
            applies=lambda data: bool(data.quoted),
        ),
        Claim(
            text="simulated subspace risk at N = 20000 for passive, L2, L1: largest |z| against the quoted means",
            paper="independent NumPy program, 30 seeds: 0.00149, 0.00084, 0.00060",
            measure=quoted_risk,
            accepts=at_most(3.0),
            kind="reference",
            unit="standard errors",
            reason="the largest of three: one false alarm in 120",
            note="standard error of a mean of 30 seeds taken from our spread",
            applies=lambda data: bool(data.quoted) and data.sizes["seed"] > 1,
        ),
    ),
    presets={
        "smoke": dict(seeds=4, budgets=(2000, 8000, 20000), iterations=5),
        "paper": dict(seeds=4000, budgets=(2000, 5000, 10000, 20000, 50000, 100000), iterations=20),
    },
)
