"""Why two batches: the second moment of one random batch carries its design and reward noise, the product of two halves does not."""

import numpy as np

from experiments.policy_identification.protocol import ContextConfig
from mtrl import bandits
from mtrl.harness import Axis, Claim, Figure, at_least, between, dataset, field, jax, jnp, less_than_zero, over_seeds
from mtrl.harness.judge.measures import LAST, log, mean, slope, value
from mtrl.harness.picture import plots
from mtrl.numerics.designs import e_optimal

PRODUCT, SQUARE = KINDS = ("product of two halves", "square of one batch")
LOOKS = plots.looks(KINDS)


class HalvesConfig(ContextConfig):
    """Features of unequal size, so that the noise has a direction."""

    seeds: int = field(60, help="number of random seeds", lower=2)
    tasks: int = field(20, help="number of tasks M", lower=2)
    half: int = field(20, help="rounds of a half batch p", lower=1)
    batches: tuple[int, ...] = field((15, 60, 240, 960), help="batches T per task", lower=1, distinct=True)
    shrink: float = field(0.3, help="size of the last two coordinates of the features", lower=0.0, strict=True)

    def validate(self):
        """Tasks are in equal groups."""
        self.check_tasks((self.tasks,))


def recover(key, batches, noise, shrink, *, tasks, contexts, arms, dim, rank, half):
    """One seed: distance of the mean of Z from its limit, and error of the features, for both kinds at every T; (kind, T)."""
    explore, keys = bandits.exploration, jax.random.split(key)
    problem = explore.sample_context_tasks(
        keys[0], noise, tasks=tasks, contexts=contexts, arms=arms, dim=dim, rank=rank
    )
    problem = problem._replace(features=problem.features * jnp.where(jnp.arange(dim) < dim - 2, 1.0, shrink))
    sampler, basis = explore.context_sampler(problem), problem.linear.basis
    design = e_optimal.contextual_e_optimal(problem.features, problem.probabilities, iterations=100)
    flat = problem.features.reshape(-1, dim)
    inverse = jnp.linalg.inv((flat.T * (problem.probabilities[:, None] * design.weights).reshape(-1)) @ flat)
    limit = basis @ basis.T / rank

    def one(i, many, squares):
        moment = sampler.products(jax.random.fold_in(keys[1], i), design.weights, inverse, half, many, squares=squares)
        moment = moment / (tasks * many)
        return jnp.abs(moment - limit).max(), explore.subspace_error(explore.leading(moment, rank), basis)

    kinds = [
        jax.vmap(lambda i, many, s=s: one(i, many, s))(jnp.arange(batches.shape[0]), batches) for s in (False, True)
    ]
    return jax.tree.map(lambda a, b: jnp.stack([a, b]), *kinds)


def run(config, seeds):
    """Both kinds at every number of batches."""
    many = np.array(config.batches, float)
    sizes = dict(tasks=config.tasks, half=config.half, **config.sizes)
    bias, error = over_seeds(recover, seeds, many, config.noise, config.shrink, in_turn=True, **sizes)
    dims = ("seed", "kind", "batches")
    return dataset(
        seeds,
        {"kind": list(KINDS), "batches": Axis(config.batches, words="batches per task T")},
        distance=(dims, bias, "1", "largest entry of Z - B Gamma B^T"),
        error=(dims, error, "1", "error of the features, ||B_perp^T B||_F^2"),
    )


def draw(data, config):
    """Distance of the moment, and error of the features."""
    figure, axes = plots.panel(1, 2, width=4.4, height=3.6)
    for ax, name in zip(axes[0], ("distance", "error"), strict=True):
        plots.points(ax, data[name], "batches", "kind", LOOKS, spread=0.03)
        plots.finish(ax, log="xy", ticks=data["batches"].values)
    return figure


MANY = dict(applies=lambda data: data.sizes["batches"] > 2)
FIGURE = Figure(
    __name__,
    title="Two-batch product against the square of one batch: bias of the moment and error of the features",
    question="Does multiplying two batches remove the bias that squaring one batch leaves in the moment?",
    claims=(
        Claim.derived("exponent in T of the distance of the product from its limit", "derived: unbiased, so 1/sqrt(T)",
              slope(value("distance", kind=PRODUCT), "batches"), between(-0.6, -0.4), unit="1", value=-0.5,
              reason="a fifth, for the largest of 25 entries", **MANY),
        Claim.derived("the square stays where it is: exponent in T of its distance", "derived: biased by the batch's own noise",
              slope(value("distance", kind=SQUARE), "batches"), at_least(-0.1), unit="1", value=0.0,
              reason="a fifth of the unbiased one's", **MANY),
        Claim("the product gives better features at the largest T", "C-FeatRecover takes two batches (ordering)",
              mean(log(value("error", kind=PRODUCT, batches=LAST)) - log(value("error", kind=SQUARE, batches=LAST))), less_than_zero,
              unit="log ratio"),
    ),
    presets={"smoke": dict(seeds=2, tasks=4, batches=(5, 20)), "paper": dict(seeds=500, batches=(15, 60, 240, 960, 3840))},
)  # fmt: skip
