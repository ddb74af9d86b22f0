"""A-MTRL with unknown relevance: passive, squared (L2) and absolute (L1) rules, and the loop that buys labels by them.

Chen, Du, Jamieson 2022 (ICML) and Wang, Chen, Jamieson, Du 2023 (ICML). Epochs: allocate samples to source tasks by the
estimated relevance, buy them, fit the shared representation and the target head, estimate relevance anew.

`a_mtrl` and `a_mtrl_by_accuracy` are factories: `select` says how many labels n_t to buy of each task, `update` gets what was
bought (`Moments` for the linear learner, else a flat batch). `learn(key, data) -> Learned` is the empirical risk minimiser:
`learn_linear` here, `learn_convnet` for a network. A rule is a pair of numbers (`allocation.Rule`), so that runs vmap over
rules in one program.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.active.allocation import allocate, theoretical_l1_counts, theoretical_l2_counts
from mtrl.representation.active.checks import check_lasso_ratio, check_totals
from mtrl.representation.active.relevance import keep_largest, l2_relevance, lasso_relevance, random_support
from mtrl.representation.subspace import alternating_minimisation, fit_heads, ridge_start

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
    """What one epoch leaves behind; `run_epochs` stacks them along a leading epoch axis."""

    counts: Int[Array, " task"]  # samples bought in this epoch; all 0 after a relevance that was not finite
    spent: Int[Array, ""]  # samples bought so far, all epochs
    learned: Learned
    relevance: Float[Array, " task"]  # nu_hat estimated at the end of this epoch
    all_zero: Bool[Array, ""]  # the estimate was zero: the next epoch is uniform
    gap: Float[Array, ""]  # duality gap of the LASSO over `||w_hat||^2 / 2`; 0 for the L2 estimate


class State(NamedTuple):
    """What `select` goes by."""

    relevance: Float[Array, " task"]  # nu_hat; 1/M before the first epoch and after an all-zero estimate
    uniform: Bool[Array, ""]  # the relevance is that 1/M
    drawn: Bool[Array, " task"]  # k tasks drawn at random, for k-sparse passive sampling
    pooled: Any  # data of all epochs so far, with `reuse`
    epoch: Int[Array, ""]
    spent: Int[Array, ""]


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
    unit = source._replace(gram=source.gram / scale, cross=source.cross / scale / size)
    fit = alternating_minimisation(unit, ridge_start(unit, rank=rank, ridge=ridge), iterations=iterations)
    target_head, _ = fit_heads(target._replace(gram=target.gram / scale, cross=target.cross / scale), fit.basis)
    return Learned(fit.basis, fit.heads.T * size, target_head[0], fit.residual, jnp.min(fit.head_rank))


class Estimate(NamedTuple):
    """Relevance estimated from fitted heads."""

    vector: Float[Array, " task"]  # nu_hat
    all_zero: Bool[Array, ""]
    gap: Float[Array, ""]  # relative duality gap of the LASSO, 0 for the L2 solution


def estimate_relevance(learned: Learned, *, norm: Scalar, lasso_ratio: Scalar = 0.05, debias: bool = False) -> Estimate:
    """nu_hat from fitted heads: the L2 solution for norm 2, the LASSO for norm 1."""
    l2 = l2_relevance(learned.heads, learned.target_head)
    l1 = lasso_relevance(learned.heads, learned.target_head, ratio=lasso_ratio, debias=debias)
    lasso = jnp.asarray(norm) == 1
    vector = jnp.where(lasso, l1.vector, l2.vector)
    return Estimate(vector, ~jnp.any(vector != 0), jnp.where(lasso, l1.gap, 0).astype(vector.dtype))


def _sampler(
    learn: Learn,
    propose: Callable[[State], Int[Array, " task"]],
    *,
    tasks: int,
    sparse: Scalar | None,
    norm: Scalar,
    lasso_ratio: Scalar,
    debias: bool,
    reuse: bool,
    dtype: Any,
) -> Algorithm:
    """What all variants share: counts by `propose(state)`, then fit and new relevance."""
    check_lasso_ratio(lasso_ratio)
    check_whole(tasks=tasks)
    check_whole(lower=1, upper=2, norm=norm, hint="1 is the LASSO, 2 the least L2 norm")
    start = jnp.full(tasks, 1 / tasks, dtype)

    def init(key, view):
        drawn = random_support(key, tasks, tasks if sparse is None else sparse)
        zero = jnp.zeros((), jnp.int32)
        return State(start, jnp.asarray(True), drawn, view if reuse else (), zero, zero)

    def select(key, state, view):
        del key, view
        return propose(state)

    def update(key, state, view, counts, data):
        del view
        pooled = data = jax.tree.map(jnp.add, state.pooled, data) if reuse else data
        learned = learn(key, data)
        estimate = estimate_relevance(learned, norm=norm, lasso_ratio=lasso_ratio, debias=debias)
        # Nothing is bought only where the relevance was not finite; a fit to nothing must not look like a result.
        bought = jnp.sum(counts) > 0
        estimate, learned = jax.tree.map(
            lambda x: jnp.where(bought, x, jnp.nan).astype(x.dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x,
            (estimate, learned),
        )
        all_zero = estimate.all_zero & bought
        spent = state.spent + jnp.sum(counts, dtype=jnp.int32)
        relevance = jnp.where(all_zero, start, estimate.vector).astype(dtype)  # nothing selected: uniform again
        new = State(relevance, all_zero, state.drawn, pooled if reuse else (), state.epoch + 1, spent)
        return new, Epoch(counts, spent, learned, estimate.vector, all_zero, estimate.gap)

    return Algorithm(init, select, update)


def a_mtrl(
    *,
    learn: Learn,
    tasks: int,
    totals: Sequence[int] | Int[Array, " epoch"],
    floor: Scalar,
    norm: Scalar = 1.0,
    exponent: Scalar = 1.0,
    lasso_ratio: Scalar = 0.05,
    debias: bool = False,
    reuse: bool = False,
    sparse: Scalar | None = None,
    dtype: Any = float,
) -> Algorithm:
    """Unknown relevance, practical variant: a few epochs of given totals, the first one uniform.

    The first epoch is the same for all rules under the same key. An all-zero estimate falls back to uniform sampling
    (`Epoch.all_zero` says so); after an estimate that is not finite nothing more is bought and everything is NaN.

    Args:
      learn: fits representation, heads and target head.
      tasks: M.
      totals: N_e, samples of each epoch, not falling.
      floor: N_min, smallest count of a task.
      norm, exponent: the rule L(p, q); (2, 0) passive, (2, 2) A-MTRL, (1, 1) L1-A-MTRL.
      lasso_ratio: lambda over `max_t |w_t^T w|`.
      debias: refit on the LASSO support.
      reuse: pool the samples of all epochs (data are added up: `Moments`; `init` gets data of no samples as its view); False
        forgets the others, as in the analysis.
      sparse: k, only the k most relevant tasks are sampled beyond the floor after the first epoch (k random ones for
        exponent 0); None for all.
      dtype: of the relevance.
    """
    check_totals(totals, tasks=tasks, floor=floor)
    check_nonnegative(exponent=exponent)
    totals = jnp.asarray(totals).astype(jnp.int32)

    def propose(state):
        support = None
        if sparse is not None:
            ranked = keep_largest(state.relevance, sparse) != 0
            support = jnp.where(jnp.asarray(exponent) > 0, ranked | state.uniform, state.drawn) | (state.epoch == 0)
        return allocate(state.relevance, budget=totals[state.epoch], floor=floor, exponent=exponent, support=support)

    return _sampler(
        learn, propose,
        tasks=tasks, sparse=sparse, norm=norm, lasso_ratio=lasso_ratio, debias=debias, reuse=reuse, dtype=dtype,
    )  # fmt: skip


def a_mtrl_by_accuracy(
    *,
    learn: Learn,
    tasks: int,
    beta: Scalar,
    floor: Scalar,
    norm: Scalar = 1.0,
    lasso_ratio: Scalar = 0.05,
    reuse: bool = False,
    dtype: Any = float,
) -> Algorithm:
    """Unknown relevance, loop of the analyses: eps_i = 2^-i, nu_hat^1 = 1/M, fresh samples, i = 1..`epochs_for(eps)`.

    norm 2: Chen et al. 2022, counts `max(beta nu^2/eps_i^2, beta/eps_i, N_min)`, nu_hat of least L2 norm.
    norm 1: Wang et al. 2023, counts `max(beta ||nu||_1 |nu| / eps_i^2, N_min)`, nu_hat by the LASSO. Here lambda is a
    fraction of `max_t |w_t^T w|` as in the practical variant; the papers give it up to unknown constants.

    Args:
      learn, tasks, floor, norm, lasso_ratio, dtype: as in `a_mtrl`.
      beta: poly(K, R, 1/sigma_min(W), log) sigma^2 (K d + K M) in theory; a flag.
      reuse: pool the samples of all epochs, which the analysis does not cover.
    """
    check_positive(beta=beta)
    check_nonnegative(floor=floor)

    def propose(state):
        accuracy = jnp.exp2(-(state.epoch + 1).astype(state.relevance.dtype))
        squared = theoretical_l2_counts(state.relevance, accuracy=accuracy, beta=beta, floor=floor)
        absolute = theoretical_l1_counts(state.relevance, accuracy=accuracy, beta=beta, floor=floor)
        return jnp.where(jnp.asarray(norm) == 1, absolute, squared)

    return _sampler(
        learn, propose,
        tasks=tasks, sparse=None, norm=norm, lasso_ratio=lasso_ratio, debias=False, reuse=reuse, dtype=dtype,
    )  # fmt: skip


def run_epochs(key: PRNGKey, algorithm: Algorithm, draw: Draw, *, tasks: int, epochs: int) -> Epoch:
    """Play `a_mtrl` or `a_mtrl_by_accuracy` against a source of labels that is simulated.

    Args:
      key: typed PRNG key; data of epoch e depend on it, on e and on the counts only.
      algorithm: the sampler.
      draw: buys samples, `draw(key, counts)`.
      tasks: M.
      epochs: static.

    Returns:
      `Epoch` with a leading epoch axis.
    """
    keys = split_named(key, "run", "support")
    streams = split_named(keys["run"], "data", "learn")
    shapes = jax.eval_shape(draw, streams["data"], jnp.zeros(tasks, jnp.int32))
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)

    def epoch(state, index):
        own = jax.random.fold_in(streams["learn"], index)
        counts = algorithm.select(own, state, None)
        data = draw(jax.random.fold_in(streams["data"], index), counts)
        return algorithm.update(own, state, None, counts, data)

    return jax.lax.scan(epoch, algorithm.init(keys["support"], nothing), jnp.arange(epochs))[1]


def epochs_for(accuracy: float) -> int:
    """`Gamma = ceil(log2(1/eps))` epochs for target accuracy eps in (0, 1). Host function."""
    return math.ceil(math.log2(1 / accuracy))


def warn_of_estimates(all_zero: Any, gap: Any, *, tolerance: float = 1e-3) -> None:
    """Say how often a relevance estimate was zero, so that an epoch was uniform, or was stopped before it converged."""
    times, unfinished = int(np.sum(all_zero)), int(np.sum(np.asarray(gap) > tolerance))
    if times:
        warnings.warn(
            f"{times} relevance estimates were all zero, so the next epoch was uniform; lower lasso_ratio", stacklevel=2
        )
    if unfinished:
        warnings.warn(
            f"{unfinished} LASSO estimates of the relevance stopped at a relative duality gap of up to "
            f"{float(np.max(gap)):.1e}; raise lasso_ratio",
            stacklevel=2,
        )
