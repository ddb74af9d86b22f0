"""Active multi-task representation learning: passive, A-MTRL (L2) and L1-A-MTRL with known or unknown relevance.

Chen, Du, Jamieson 2022 (ICML) and Wang, Chen, Jamieson, Du 2023 (ICML). Epochs: allocate samples to source tasks by the
estimated relevance, draw them, fit the shared representation, estimate relevance anew.

A `draw(key, counts) -> Moments` stands for buying labels: it sees whole numbers n_t and gives `X_t^T X_t, X_t^T y_t`.
All methods use one traced program: a rule is a pair of numbers (`allocation.Rule`), so runs vmap over rules.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.allocation import allocate, theoretical_l1_counts, theoretical_l2_counts
from mtrl.representation.alternating_minimisation import alternating_minimisation, fit_heads, ridge_start
from mtrl.representation.relevance import keep_largest, l2_relevance, lasso_relevance, random_support

Draw = Callable[[PRNGKey, Int[Array, " task"]], Moments]


class Learned(NamedTuple):
    """Empirical risk minimiser over the source tasks, then the target head."""

    basis: Float[Array, "dim rank"]  # B_hat, orthonormal
    heads: Float[Array, "rank task"]  # W_hat
    target_head: Float[Array, " rank"]  # w_hat
    residual: Float[Array, ""]  # relative gradient of the source fit, 0 iff stationary
    head_rank: Float[Array, ""]  # smallest numerical rank of a head system; below rank, that head is not identified


class Epoch(NamedTuple):
    """What one epoch leaves behind; `run` stacks them along a leading epoch axis."""

    counts: Int[Array, " task"]  # samples bought in this epoch
    spent: Int[Array, ""]  # samples bought so far, all epochs
    learned: Learned
    relevance: Float[Array, " task"]  # nu_hat estimated at the end of this epoch
    all_zero: Bool[Array, ""]  # the estimate was zero: the next epoch is uniform


def learn(source: Moments, target: Moments, *, rank: int, iterations: int = 20, ridge: Scalar = 1e-3) -> Learned:
    """Section "ERM": `argmin_{B,W} sum_t ||X_t B w_t - y_t||^2` by AltMin, then `w_hat = argmin_v ||X_0 B_hat v - y_0||^2`.

    A sum over samples: the size n_t of a task is its weight, which is what makes the allocation matter.

    Args:
      source: moments of the source tasks.
      target: moments of the target, task axis of length 1.
      rank: K.
      iterations: rounds of alternating minimisation, from the `sqrt(n_t) ridge_t` start.
      ridge: of the start, relative to the mean diagonal of G_t.
    """
    scale = jnp.mean(jnp.trace(source.gram, axis1=1, axis2=2)) / source.gram.shape[-1]
    scale = jnp.where(scale > 0, scale, 1)
    # Data of any unit give the same computation: inputs by sqrt(scale), responses by their own size.
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


def run(
    key: PRNGKey,
    draw: Draw,
    target: Moments,
    *,
    totals: Int[Array, " epoch"],
    tasks: int,
    rank: int,
    floor: Scalar,
    norm: Scalar,
    exponent: Scalar,
    lasso_ratio: Scalar = 0.05,
    debias: bool = False,
    reuse: bool = False,
    sparse: Scalar | None = None,
    iterations: int = 20,
) -> Epoch:
    """Unknown relevance, practical variant: a few epochs of given totals, the first one uniform.

    The first epoch is the same for all rules under the same key. An all-zero estimate falls back to uniform sampling
    (`all_zero` says so).

    Args:
      key: typed PRNG key; data of epoch e depend on it and on e only, and on the counts.
      draw: buys samples.
      target: moments of the fixed target data, task axis of length 1.
      totals: N_e, samples of each epoch, not decreasing.
      tasks: M.
      rank: K.
      floor: N_min, smallest count of a task.
      norm, exponent: the rule L(p, q); (2, 0) passive, (2, 2) A-MTRL, (1, 1) L1-A-MTRL.
      lasso_ratio: lambda over `max_t |w_t^T w|`.
      debias: refit on the LASSO support.
      reuse: pool the samples of all epochs; False draws fresh ones and forgets the others, as in the analysis.
      sparse: k, only the k most relevant tasks are sampled beyond the floor after the first epoch (k random ones for
        exponent 0); None for all.
      iterations: of alternating minimisation.

    Returns:
      `Epoch` with a leading epoch axis.
    """
    keys = split_named(key, "data", "support")

    def epoch(carry, step):
        relevance, pooled, spent = carry
        index, total = step
        support = None
        if sparse is not None:
            chosen = jnp.where(
                jnp.asarray(exponent) > 0,
                keep_largest(relevance, sparse),
                random_support(keys["support"], tasks, sparse, relevance.dtype),
            )
            support = (chosen != 0) | (index == 0) | ~jnp.any(relevance != 0)
        counts = allocate(relevance, budget=total, floor=floor, exponent=exponent, support=support)
        fresh = draw(jax.random.fold_in(keys["data"], index), counts)
        pooled = jax.tree.map(jnp.add, pooled, fresh) if reuse else fresh
        learned = learn(pooled, target, rank=rank, iterations=iterations)
        relevance, all_zero = estimate_relevance(learned, norm=norm, lasso_ratio=lasso_ratio, debias=debias)
        spent = spent + jnp.sum(counts)
        return (relevance, pooled, spent), Epoch(counts, spent, learned, relevance, all_zero)

    dtype, dim = target.gram.dtype, target.gram.shape[-1]
    empty = Moments(
        jnp.zeros((tasks, dim, dim), dtype), jnp.zeros((tasks, dim), dtype), jnp.zeros(tasks, dtype), jnp.zeros(tasks, dtype)
    )
    start = (jnp.full(tasks, 1 / tasks, dtype), empty, jnp.zeros((), jnp.int32))
    totals = jnp.asarray(totals, jnp.int32)
    return jax.lax.scan(epoch, start, (jnp.arange(totals.shape[0]), totals))[1]


def run_theoretical(
    key: PRNGKey,
    draw: Draw,
    target: Moments,
    *,
    tasks: int,
    rank: int,
    epochs: int,
    beta: Scalar,
    floor: Scalar,
    norm: Scalar,
    lasso_ratio: Scalar = 0.05,
    reuse: bool = False,
    iterations: int = 20,
) -> Epoch:
    """Unknown relevance, loop of the analyses: eps_i = 2^-i, nu_hat^1 = 1/M, fresh samples, i = 1..epochs.

    norm 2: Chen et al. 2022, counts `max(beta nu^2/eps_i^2, beta/eps_i, N_min)`, nu_hat of least L2 norm.
    norm 1: Wang et al. 2023, counts `max(beta ||nu||_1 |nu| / eps_i^2, N_min)`, nu_hat by the LASSO. Here lambda is a
    fraction of `max_t |w_t^T w|` as in the practical variant; the papers give it up to unknown constants.

    Args:
      epochs: Gamma = ceil(log2(1/eps)), see `epochs_for`.
      beta: poly(K, R, 1/sigma_min(W), log) sigma^2 (K d + K M) in theory; a flag.
      key, draw, target, tasks, rank, floor, norm, lasso_ratio, reuse, iterations: as in `run`. With `reuse` the samples
        of all epochs are pooled, which the analysis does not cover.
    """
    keys = split_named(key, "data")

    def epoch(carry, index):
        relevance, pooled, spent = carry
        accuracy = jnp.exp2(-(index + 1).astype(relevance.dtype))
        squared = theoretical_l2_counts(relevance, accuracy=accuracy, beta=beta, floor=floor)
        absolute = theoretical_l1_counts(relevance, accuracy=accuracy, beta=beta, floor=floor)
        counts = jnp.where(jnp.asarray(norm) == 1, absolute, squared)
        fresh = draw(jax.random.fold_in(keys["data"], index), counts)
        pooled = jax.tree.map(jnp.add, pooled, fresh) if reuse else fresh
        learned = learn(pooled, target, rank=rank, iterations=iterations)
        relevance, all_zero = estimate_relevance(learned, norm=norm, lasso_ratio=lasso_ratio)
        relevance = jnp.where(all_zero, 1 / tasks, relevance)
        spent = spent + jnp.sum(counts)
        return (relevance, pooled, spent), Epoch(counts, spent, learned, relevance, all_zero)

    dtype, dim = target.gram.dtype, target.gram.shape[-1]
    empty = Moments(
        jnp.zeros((tasks, dim, dim), dtype), jnp.zeros((tasks, dim), dtype), jnp.zeros(tasks, dtype), jnp.zeros(tasks, dtype)
    )
    start = (jnp.full(tasks, 1 / tasks, dtype), empty, jnp.zeros((), jnp.int32))
    return jax.lax.scan(epoch, start, jnp.arange(epochs))[1]


def epochs_for(accuracy: float) -> int:
    """`Gamma = ceil(log2(1/eps))` epochs for target accuracy eps in (0, 1)."""
    return int(-(-jnp.log2(1 / accuracy) // 1))
