"""Planted heads on digit images: real inputs, responses from a known shared representation."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from experiments.active_representation import images
from experiments.active_representation.common import (
    COLOR,
    MARKER,
    RULE_NAMES,
    ordering,
    ridge_grid,
    rule_array,
)
from mtrl.harness import Figure, field, over_seeds, style
from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import moments
from mtrl.representation import active, active_checks, active_problem
from mtrl.representation.active_baselines import oracle_subspace, target_only_ridge
from mtrl.representation.active_images import Pools, batch_moments, draw_batch, source_tasks, whitened_features
from mtrl.representation.allocation import RULES


@dataclasses.dataclass(frozen=True)
class PlantedConfig(images.ImageConfig):
    """Whitened images of one corruption as target inputs, 150 tasks on the others as sources."""

    seeds: int = field(8, help="number of random seeds (heads, noise, draws)", lower=1)
    rules: tuple[str, ...] = field(RULE_NAMES, help="allocation rules", choices=tuple(RULES))
    totals: tuple[int, ...] = field((3000, 6000, 12000), help="samples of each epoch", lower=1)
    dim: int = field(30, help="principal components kept", lower=1)
    rank: int = field(5, help="representation dimension K", lower=1)
    source_noise: float = field(0.8, help="noise standard deviation of source labels", lower=0.0)
    target_noise: float = field(0.3, help="noise standard deviation of target labels", lower=0.0)
    target_samples: int = field(80, help="target samples n_0", lower=1)
    floor: int = field(15, help="samples every task gets, N_min", lower=0)
    lasso_ratio: float = field(0.05, help="LASSO penalty over max |w_t^T w|")
    iterations: int = field(10, help="alternating minimisation rounds", lower=1)

    def validate(self):
        """Refuse what cannot be identified or bought."""
        super().validate()
        tasks = 10 * (len(self.corruptions) - 1)
        active_checks.check_rank(self.rank, dim=self.dim, tasks=tasks, target_samples=self.target_samples)
        active_checks.check_lasso_ratio(self.lasso_ratio)
        active_checks.check_totals(self.totals, tasks=tasks, floor=self.floor, rank=self.rank)


def simulate_rules(key, pools, sources, train, test, rules, totals, hyper, *, sizes):
    """One seed: planted heads, then every rule; risk on the target's test images."""
    rank, target_samples, size, iterations = sizes
    source_noise, target_noise, floor, ratio = hyper
    keys = split_named(key, "problem", "pick", "noise", "run")
    dim, tasks = pools.features.shape[-1], sources.shape[0]
    params = active_problem.rare_direction_instance(keys["problem"], dim=dim, rank=rank, tasks=tasks, strong=3.0)
    regressors = (params.basis @ params.heads).T
    theta = params.basis @ params.target_head
    x = pools.features[0, jax.random.choice(keys["pick"], train, (target_samples,), replace=False)]
    y = x @ theta + target_noise * jax.random.normal(keys["noise"], (target_samples,), x.dtype)

    def draw(key, counts):
        draws = split_named(key, "images", "noise")
        batch = draw_batch(draws["images"], counts, pools, sources, size=size)
        noise = source_noise * jax.random.normal(draws["noise"], (size,), x.dtype)
        response = jnp.sum(batch.x * regressors[batch.task], axis=1) + noise
        return batch_moments(batch._replace(y=response), tasks)

    learn = functools.partial(active.learn_linear, target=moments(x[None], y[None]), rank=rank, iterations=iterations)

    def risk(estimate):
        return jnp.mean((pools.features[0, test] @ (estimate - theta)) ** 2)

    def one(rule):
        epoch = active.run(
            keys["run"], draw, learn, totals=totals, tasks=tasks, floor=floor, norm=rule[0], exponent=rule[1],
            lasso_ratio=ratio, dtype=x.dtype,
        )  # fmt: skip
        estimate = jnp.einsum("eik,ek->ei", epoch.learned.representation, epoch.learned.target_head)
        return jax.vmap(risk)(estimate), epoch.spent, epoch.all_zero

    ridge = risk(target_only_ridge(x, y, ridge_grid(x)).theta)
    return *jax.lax.map(one, rules), ridge, risk(oracle_subspace(x, y, params.basis))


def run(config: PlantedConfig, seeds):
    """All rules, paired by seed."""
    import xarray as xr

    data = images.load(config)
    features = whitened_features(data.images, data.train, config.dim)
    pools = Pools(features, np.zeros((10, features.shape[1])), data.pool)
    sources = source_tasks((0, 0), len(config.corruptions), exclude_same_corruption=True)
    hyper = (config.source_noise, config.target_noise, config.floor, config.lasso_ratio)
    sizes = (config.rank, config.target_samples, max(config.totals), config.iterations)
    risk, spent, zero, ridge, oracle = over_seeds(
        simulate_rules, seeds, pools, sources, data.train, data.test, rule_array(config.rules), np.array(config.totals),
        hyper, sizes=sizes,
    )  # fmt: skip
    active_checks.warn_all_zero(zero)
    axes = ("seed", "rule", "epoch")
    return xr.Dataset(
        {
            "target_risk": (axes, risk, {"units": "response^2"}),
            "spent": (axes, spent, {"units": "samples"}),
            "all_zero": (axes, zero),
            "target_only": ("seed", ridge, {"units": "response^2"}),
            "oracle": ("seed", oracle, {"units": "response^2"}),
        },
        coords={"seed": np.asarray(seeds), "rule": list(config.rules), "epoch": np.arange(1, len(config.totals) + 1)},
    )


def draw(data, config):
    """Target risk after each epoch against samples bought."""
    figure, axes = style.subplots(1, 1, width=6.0, height=4.0)
    ax = axes[0, 0]
    for rule in data.rule.values:
        spent = data.spent.sel(rule=rule).mean("seed").values
        style.band(ax, spent, data.target_risk.sel(rule=rule), label=rule, color=COLOR[rule], marker=MARKER[rule])
        ax.plot(spent, data.target_risk.sel(rule=rule).mean("seed"), color=COLOR[rule], linewidth=0.7, alpha=0.6)
    ax.axhline(float(data.target_only.mean()), color="#999999", linestyle="--", label="target-only ridge")
    ax.axhline(float(data.oracle.mean()), color="black", linestyle=":", label="oracle B")
    ax.set(xscale="log", yscale="log", xlabel="source samples bought, all epochs", ylabel="target risk (response$^2$)")
    style.log_ticks(ax, data.spent.mean("seed"))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    ax.set_title(f"Planted heads on {config.dataset}: {data.sizes['seed']} seeds, 95% bands")
    return figure


NOTE = "planted heads on digit images, a stand-in made here; the papers use one-against-all labels on MNIST-C"
FIGURE = Figure(
    name="planted_digits",
    title="Active sampling on corrupted digits with planted heads",
    config=PlantedConfig,
    run=run,
    draw=draw,
    claims=(
        ordering("L2", "passive", "target_risk", "Chen et al. 2022: active below passive", NOTE),
        ordering("L1", "L2", "target_risk", "Wang et al. 2023: L1 below L2", NOTE),
    ),
    presets={
        "smoke": dict(
            seeds=2, corruptions=("identity", "shear", "stripe", "translate"), images=400, totals=(600, 1200), dim=12,
            rank=3, floor=10, iterations=3, target_samples=40,
        ),
        "paper": dict(seeds=30, iterations=20),
    },
)  # fmt: skip
