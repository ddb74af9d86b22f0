"""FB-DOE: best arms of M tasks from a given number of pulls, by two nested designs and halving.

After "Multi-task Representation Learning for Fixed Budget Pure Exploration in Linear and Bilinear Bandits" (RLC 2025), which
gives the double design of Du, Huang and Sun 2023 (arXiv 2302.04441) a budget. Its code is not published; the shares of the stages and the
halving, as in OD-LinBAI (Yang and Tan 2022, NeurIPS), are reconstructed.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.exploration.eliminate import ALLOCATIONS, design, estimate, over_sets
from mtrl.bandits.exploration.recover import feature_design, make_batch, recover_features
from mtrl.bandits.exploration.sampler import ArmSampler
from mtrl.numerics.checks import check_choice, check_positive, check_rank, check_share, known
from mtrl.numerics.designs.certificate import check_spanning
from mtrl.numerics.designs.rounding import efficient_apportionment
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey, Scalar


class BudgetedChoice(NamedTuple):
    """The arms that are left when the budget is spent."""

    best: Int[Array, " task"]
    pulls: Int[Array, ""]  # of all tasks, at most the budget
    feature_pulls: Int[Array, ""]
    estimates: Float[Array, "task arm"]  # in the last phase
    basis: Float[Array, "dim rank"]  # B_hat
    gap: Float[Array, ""]  # largest relative gap of a design that was used


def halvings(arms: int) -> int:
    """Phases until one of so many arms is left: `ceil(log2 n)`."""
    return int(np.ceil(np.log2(arms)))


def keep_best(
    values: Float[Array, "task arm"], active: Bool[Array, "task arm"], count: Scalar
) -> Bool[Array, "task arm"]:
    """The `count` active arms of the largest values; the first of equals."""
    order = jnp.argsort(-jnp.where(active, values, -jnp.inf), axis=1, stable=True)
    return active & (jnp.argsort(order, axis=1) < count)


def phase_pulls(sampler: ArmSampler, budget: Scalar) -> Int[Array, "*budgets"]:
    """Pulls of a task in each of the `halvings`: `budget / (M ceil(log2 n))`, rounded down.

    Raises:
      BadInput: one arm, or fewer pulls than arms.
    """
    arms = sampler.arms.shape[0]
    if arms < 2:
        raise BadInput(f"arms got {arms}, but a best arm is sought among at least 2; add arms")
    each = jnp.floor(jnp.asarray(budget) / (sampler.tasks * halvings(arms))).astype(int)
    pulled = known(each)
    if pulled is not None and pulled.min() < arms:
        raise BadInput(
            f"budget got {float(jnp.min(jnp.asarray(budget))):g}, which is {int(pulled.min())} pulls of a task in a phase, but must be "
            f"at least one for each of {arms} arms; raise the budget"
        )
    return each


def halve(
    key: PRNGKey, sampler: ArmSampler, basis: Float[Array, "dim rank"], budget: Scalar, *, allocation: str = "XY"
) -> BudgetedChoice:
    """Halving in given features: `ceil(log2 n)` phases of equal budgets, each with its own design, each keeping the better half.

    Args:
      key: PRNG key.
      sampler: arms and rewards.
      basis: features are `basis^T x`; the identity for every task on its own.
      budget: pulls of all tasks; may be traced. Each task gets `budget / (M ceil(log2 n))` in a phase, rounded down.
      allocation: "XY" for the differences of the active arms, "G" or "uniform".

    Raises:
      BadInput: one arm, an unknown design, or a budget of fewer pulls than arms in a phase of a task.
    """
    check_choice("allocation", allocation, ALLOCATIONS)
    (tasks, arms), dtype = (sampler.present.shape[0], sampler.arms.shape[0]), sampler.arms.dtype
    each, phases = phase_pulls(sampler, budget), halvings(arms)
    features = sampler.arms @ jnp.asarray(basis, dtype)
    left, right = np.triu_indices(arms, 1)
    y = features[left] - features[right]

    def one(mask):
        weights, _, gap = design(features, y, mask[left] & mask[right], allocation)
        return efficient_apportionment(weights, each), gap

    def phase(state, r):
        active, _, gap, pulls = state
        counts, reached = over_sets(active, one, (jnp.zeros((tasks, arms), int), jnp.zeros(tasks, dtype)))
        sums = sampler.sums(jax.random.fold_in(key, r), counts)
        values = estimate(
            features, counts, sums
        )  # every task chooses in every phase; those that are not there have no pull
        count = -(-arms // 2 ** (r + 1))
        state = keep_best(values, active, count), values, jnp.maximum(gap, jnp.max(reached)), pulls + jnp.sum(counts)
        return state, None

    everything = sampler.present[:, None] | (jnp.arange(arms) == 0)
    start = everything, jnp.zeros((tasks, arms), dtype), jnp.zeros((), dtype), jnp.asarray(0)
    (active, values, gap, pulls), _ = jax.lax.scan(phase, start, jnp.arange(phases))
    return BudgetedChoice(jnp.argmax(active, axis=1), pulls, jnp.zeros((), int), values, jnp.asarray(basis, dtype), gap)


def fb_doe(
    key: PRNGKey,
    sampler: ArmSampler,
    budget: Scalar,
    *,
    rank: int,
    share: Scalar = 0.5,
    rounds: int | None = None,
    design: str = "E",
    allocation: str = "XY",
    correction: Scalar = 1.0,
) -> BudgetedChoice:
    """Spend a share of the budget on the shared features by an E-optimal design, and the rest on halving in them.

    Args:
      key: PRNG key.
      sampler: arms and rewards.
      budget: pulls of all tasks; may be traced, and swept by vmap.
      rank: k, dimension of the shared features.
      share: of the budget that is for the features; what is no whole batch goes to the second stage.
      rounds: p, pulls of a batch; None for 20 d.
      design, correction: of the first stage, as in `dou_exp_des`.
      allocation: of the second stage, as in `halve`.

    Raises:
      BadInput: a number outside its range, arms that do not span, or a budget without a single batch.
    """
    dim = sampler.arms.shape[1]
    check_rank(rank, min(dim, sampler.present.shape[0]), what="the smaller of the dimension and the number of tasks")
    check_share(share=share)
    check_positive(noise=sampler.noise)
    check_spanning("arms", sampler.arms)
    size = 20 * dim if rounds is None else rounds
    batches = jnp.floor(jnp.asarray(share) * budget / (sampler.tasks * size))
    made = known(batches)
    if made is not None and made.min() < 1:
        raise BadInput(
            f"budget got {float(jnp.min(jnp.asarray(budget))):g}, whose share for the features is less than a batch of {size} pulls in "
            "every task; raise the budget or the share, or shorten the batch (rounds)"
        )
    spent = sampler.tasks * batches * size
    phase_pulls(sampler, budget - spent)
    weights = feature_design(sampler.arms, design).weights
    batch = make_batch(sampler.arms, efficient_apportionment(weights, size), sampler.noise)
    keys = [jax.random.fold_in(key, i) for i in range(2)]
    basis, _ = recover_features(keys[0], sampler, batch, batches, rank=rank, correction=correction)
    found = halve(keys[1], sampler, basis, budget - spent, allocation=allocation)
    return found._replace(pulls=found.pulls + spent.astype(int), feature_pulls=spent.astype(int))


def halve_alone(key: PRNGKey, sampler: ArmSampler, budget: Scalar, *, allocation: str = "XY") -> BudgetedChoice:
    """Every task on its own: `halve` in all d dimensions."""
    check_spanning("arms", sampler.arms)
    dim = sampler.arms.shape[1]
    return halve(key, sampler, jnp.eye(dim, dtype=sampler.arms.dtype), budget, allocation=allocation)
