"""Active multi-task representation learning: passive, A-MTRL (L2) and L1-A-MTRL with unknown relevance.

Chen, Du, Jamieson 2022 (ICML) and Wang, Chen, Jamieson, Du 2023 (ICML). Epochs: allocate samples to source tasks by the
estimated relevance, draw them, fit the shared representation and the target head, estimate relevance anew.

`draw(key, counts) -> data` stands for buying labels: it sees whole numbers n_t and gives `Moments` (linear learner) or a
flat batch. `learn(key, data) -> Learned` is the empirical risk minimiser: `learn_linear` here, `active_convnet` for a
network. A rule is a pair of numbers (`allocation.Rule`), so that runs vmap over rules in one program.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.allocation import allocate, theoretical_l1_counts, theoretical_l2_counts
from mtrl.representation.alternating_minimisation import alternating_minimisation, fit_heads, ridge_start
from mtrl.representation.relevance import keep_largest, l2_relevance, lasso_relevance, random_support

Draw = Callable[[PRNGKey, Int[Array, " task"]], Any]
Learn = Callable[[PRNGKey, Any], "Learned"]


class Learned(NamedTuple):
    """Empirical risk minimiser over the source tasks, then the target head."""

    representation: Any  # linear: B_hat (dim, rank), orthonormal; network: its parameters
    heads: Float[Array, "rank task"]  # W_hat
    target_head: Float[Array, " rank"]  # w_hat
    residual: Float[Array, ""]  # relative gradient of the source fit, 0 iff stationary
    head_rank: Float[Array, ""]  # smallest numerical rank of a head system; below K, that head is not identified


class Epoch(NamedTuple):
    """What one epoch leaves behind; `run` stacks them along a leading epoch axis."""

    counts: Int[Array, " task"]  # samples bought in this epoch
    spent: Int[Array, ""]  # samples bought so far, all epochs
    learned: Learned
    relevance: Float[Array, " task"]  # nu_hat estimated at the end of this epoch
    all_zero: Bool[Array, ""]  # the estimate was zero: the next epoch is uniform


def learn_linear(
    key: PRNGKey, source: Moments, *, target: Moments, rank: int, iterations: int = 20, ridge: Scalar = 1e-3
) -> Learned:
    """`argmin_{B,W} sum_t ||X_t B w_t - y_t||^2` by AltMin, then `w_hat = argmin_v ||X_0 B_hat v - y_0||^2`.

    A sum over samples: the size n_t of a task is its weight, which is what makes the allocation matter.

    Args:
      key: unused; other learners start at random.
      source: moments of the source tasks.
      target: moments of the target, task axis of length 1.
      rank: K.
      iterations: rounds of alternating minimisation, from the `sqrt(n_t) ridge_t` start.
      ridge: of the start, relative to the mean diagonal of G_t.
    """
    del key
    # Data of any unit give the same computation: inputs by their root mean square, responses by their own size.
    scale = jnp.mean(jnp.trace(source.gram, axis1=1, axis2=2)) / source.gram.shape[-1]
    scale = jnp.where(scale > 0, scale, 1)
    size = jnp.max(jnp.abs(source.cross)) / scale
    size = jnp.where(size > 0, size, 1)
    gram, cross = source.gram / scale, source.cross / scale / size
    start = ridge_start(gram, cross, source.count, rank, ridge=ridge)
    fit = alternating_minimisation(gram, cross, start, iterations=iterations)
    target_head, _ = fit_heads(target.gram / scale, target.cross / scale, fit.basis)
    return Learned(fit.basis, fit.heads.T * size, target_head[0], fit.residual, jnp.min(fit.head_rank))


def estimate_relevance(
    learned: Learned, *, norm: Scalar, lasso_ratio: Scalar = 0.05, debias: bool = False
) -> tuple[Float[Array, " task"], Bool[Array, ""]]:
    """nu_hat from fitted heads: the L2 solution for norm 2, the LASSO for norm 1; and whether it is all zero."""
    l2 = l2_relevance(learned.heads, learned.target_head)
    l1 = lasso_relevance(learned.heads, learned.target_head, ratio=lasso_ratio, debias=debias)
    vector = jnp.where(jnp.asarray(norm) == 1, l1.vector, l2.vector)
    return vector, ~jnp.any(vector != 0)


def _epochs(
    key: PRNGKey,
    draw: Draw,
    learn: Learn,
    propose: Callable[[Float[Array, " task"], Any], Int[Array, " task"]],
    steps: Any,
    *,
    start: Float[Array, " task"],
    norm: Scalar,
    lasso_ratio: Scalar,
    debias: bool,
    reuse: bool,
) -> Epoch:
    """The loop common to all variants: counts by `propose(relevance, step)`, data, fit, new relevance."""
    keys = split_named(key, "data", "learn")

    def epoch(carry, step):
        index, step = step
        relevance, pooled, spent = carry
        counts = propose(relevance, step)
        data = draw(jax.random.fold_in(keys["data"], index), counts)
        if reuse:
            pooled = data = jax.tree.map(jnp.add, pooled, data)
        learned = learn(jax.random.fold_in(keys["learn"], index), data)
        estimate, all_zero = estimate_relevance(learned, norm=norm, lasso_ratio=lasso_ratio, debias=debias)
        spent = spent + jnp.sum(counts, dtype=jnp.int32)
        relevance = jnp.where(all_zero, start, estimate).astype(start.dtype)  # nothing selected: uniform again
        return (relevance, pooled, spent), Epoch(counts, spent, learned, estimate, all_zero)

    pooled = ()
    if reuse:
        shapes = jax.eval_shape(draw, keys["data"], jnp.zeros(start.shape, jnp.int32))
        pooled = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    length = jax.tree.leaves(steps)[0].shape[0]
    carry = (start, pooled, jnp.zeros((), jnp.int32))
    return jax.lax.scan(epoch, carry, (jnp.arange(length), steps))[1]


def run(
    key: PRNGKey,
    draw: Draw,
    learn: Learn,
    *,
    totals: Int[Array, " epoch"],
    tasks: int,
    floor: Scalar,
    norm: Scalar,
    exponent: Scalar,
    lasso_ratio: Scalar = 0.05,
    debias: bool = False,
    reuse: bool = False,
    sparse: Scalar | None = None,
    dtype: Any = float,
) -> Epoch:
    """Unknown relevance, practical variant: a few epochs of given totals, the first one uniform.

    The first epoch is the same for all rules under the same key. An all-zero estimate falls back to uniform sampling
    (`all_zero` says so).

    Args:
      key: typed PRNG key; data of epoch e depend on it, on e and on the counts only.
      draw: buys samples.
      learn: fits representation, heads and target head.
      totals: N_e, samples of each epoch, increasing (`active_checks.check_totals`).
      tasks: M.
      floor: N_min, smallest count of a task.
      norm, exponent: the rule L(p, q); (2, 0) passive, (2, 2) A-MTRL, (1, 1) L1-A-MTRL.
      lasso_ratio: lambda over `max_t |w_t^T w|`.
      debias: refit on the LASSO support.
      reuse: pool the samples of all epochs (data of `draw` are added up: `Moments`); False draws fresh ones and forgets
        the others, as in the analysis.
      sparse: k, only the k most relevant tasks are sampled beyond the floor after the first epoch (k random ones for
        exponent 0); None for all.
      dtype: of the relevance.

    Returns:
      `Epoch` with a leading epoch axis.
    """
    keys = split_named(key, "run", "support")
    totals = jnp.asarray(totals, jnp.int32)
    random = random_support(keys["support"], tasks, tasks if sparse is None else sparse, dtype)
    start = jnp.full(tasks, 1 / tasks, dtype)

    def propose(relevance, step):
        first, total = step
        support = None
        if sparse is not None:
            # After an all-zero estimate `relevance` is the uniform start again: every task may be sampled.
            ranked = (keep_largest(relevance, sparse) != 0) | jnp.all(relevance == start)
            support = jnp.where(jnp.asarray(exponent) > 0, ranked, random != 0) | first
        return allocate(relevance, budget=total, floor=floor, exponent=exponent, support=support)

    steps = (jnp.arange(totals.shape[0]) == 0, totals)
    return _epochs(
        keys["run"], draw, learn, propose, steps,
        start=start, norm=norm, lasso_ratio=lasso_ratio, debias=debias, reuse=reuse,
    )  # fmt: skip


def run_theoretical(
    key: PRNGKey,
    draw: Draw,
    learn: Learn,
    *,
    tasks: int,
    epochs: int,
    beta: Scalar,
    floor: Scalar,
    norm: Scalar,
    lasso_ratio: Scalar = 0.05,
    reuse: bool = False,
    dtype: Any = float,
) -> Epoch:
    """Unknown relevance, loop of the analyses: eps_i = 2^-i, nu_hat^1 = 1/M, fresh samples, i = 1..epochs.

    norm 2: Chen et al. 2022, counts `max(beta nu^2/eps_i^2, beta/eps_i, N_min)`, nu_hat of least L2 norm.
    norm 1: Wang et al. 2023, counts `max(beta ||nu||_1 |nu| / eps_i^2, N_min)`, nu_hat by the LASSO. Here lambda is a
    fraction of `max_t |w_t^T w|` as in the practical variant; the papers give it up to unknown constants.

    Args:
      key, draw, learn, tasks, floor, norm, lasso_ratio, dtype: as in `run`.
      epochs: Gamma, see `epochs_for`.
      beta: poly(K, R, 1/sigma_min(W), log) sigma^2 (K d + K M) in theory; a flag.
      reuse: pool the samples of all epochs, which the analysis does not cover.
    """
    keys = split_named(key, "run")

    def propose(relevance, index):
        accuracy = jnp.exp2(-(index + 1).astype(relevance.dtype))
        squared = theoretical_l2_counts(relevance, accuracy=accuracy, beta=beta, floor=floor)
        absolute = theoretical_l1_counts(relevance, accuracy=accuracy, beta=beta, floor=floor)
        return jnp.where(jnp.asarray(norm) == 1, absolute, squared)

    start = jnp.full(tasks, 1 / tasks, dtype)
    return _epochs(
        keys["run"], draw, learn, propose, jnp.arange(epochs),
        start=start, norm=norm, lasso_ratio=lasso_ratio, debias=False, reuse=reuse,
    )  # fmt: skip


def epochs_for(accuracy: float) -> int:
    """`Gamma = ceil(log2(1/eps))` epochs for target accuracy eps in (0, 1). Host function."""
    return math.ceil(math.log2(1 / accuracy))
