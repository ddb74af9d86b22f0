"""Labels of the multi-task least-squares SVM: +-1, and the optimal ones that repair negative transfer.

Tiomoko, Tiomoko Ali, Couillet (ICLR 2021), section 3: for target i maximise (m_i1 - m_i2)^2/var_i over all labels,

    r* = V_i^-1 K G (e_i1 - e_i2),   ytil* = (I + G K) r*,

defined up to a positive factor and centred by construction.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_shape, check_whole
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification.problem import Table, floating
from mtrl.random_matrix.classification.theory import ScoreEquivalent, centred_basis, solve_unit


class OptimalLabels(NamedTuple):
    """Labels maximising the predicted separation of one target."""

    ytil: Float[
        Array, "task cls"
    ]  # ytil[target, 0] - ytil[target, 1] = 2 for two classes; all zero when not informative
    informative: Bool[Array, ""]  # False when no class mean tells the target's classes apart (0/0: the error is 0.5)


def center_labels(ytil: Table, counts: Table) -> Float[Array, "task cls"]:
    """Subtract each task's sample-weighted mean, so that sum_j n_ij ytil_ij = 0."""
    ytil = floating(ytil)
    check_shape("counts", counts, ytil.shape, hint="one value per task and class of the labels")
    counts = jnp.asarray(counts, ytil.dtype)
    return ytil - jnp.sum(counts * ytil, axis=1, keepdims=True) / jnp.sum(counts, axis=1, keepdims=True)


def signed_labels(counts: Table, dtype: DTypeLike | None = None) -> Float[Array, "task 2"]:
    """The usual labels +1, -1, centred per task: (2 n_i2/n_i, -2 n_i1/n_i). Equal class sizes give exactly +-1."""
    counts = jnp.asarray(counts, float if dtype is None else dtype)
    return center_labels(jnp.broadcast_to(jnp.asarray([1.0, -1.0], counts.dtype), counts.shape), counts)


def contrast(counts: Float[Array, "task cls"], target: Scalar, positive: Scalar = 0) -> Float[Array, " group"]:
    """Vector c with c . m = m_target,positive - (sample-weighted mean of the target's other classes): e_i1 - e_i2 for two classes."""
    k, classes = counts.shape
    here = jnp.arange(classes) == positive
    rest = jnp.where(here, 0, counts[target])
    row = jnp.where(here, 1.0, -rest / jnp.sum(rest))
    return jnp.where((jnp.arange(k) == target)[:, None], row, 0.0).ravel()


def optimal_labels(
    eq: ScoreEquivalent,
    counts: Table,
    target: Scalar,
    *,
    positive: Scalar = 0,
    rounding: float | None = None,
) -> OptimalLabels:
    """Optimal labels of every task and class for one target task.

    V_i is solved on centred labels (r* is one) and scaled to unit diagonal, so that labels stay right however little of a source reaches
    the target: they then grow as 1/lam. A source of which nothing does (lam = 0: its rows of V_i vanish) gets label 0, so the predicted
    error jumps at lam = 0; its derivative there is that with the labels held.

    Args:
      eq: deterministic equivalent.
      counts: n_ij.
      target: index i of the task whose error matters.
      positive: class told apart from all others (matters for three classes and more).
      rounding: as in `solve_unit`.

    Returns:
      Labels scaled so that |ytil[target, positive] - mean of its other labels| = 2, with the sign that makes the predicted score of
      `positive` the larger one.

    Raises:
      BadInput: counts without a row for every task, or a target or class that is none.
    """
    counts = jnp.asarray(counts, eq.K.dtype)
    tasks = eq.delta.size
    check_shape("counts", counts, (tasks, eq.K.size // tasks), hint="one row per task of the equivalent")
    check_whole(lower=0, upper=tasks - 1, target=target)
    check_whole(lower=0, upper=counts.shape[1] - 1, positive=positive)
    c = contrast(counts, target, positive)
    # V_i = K^1/2 Vs K^1/2, solved for x with K^1/2 r = N x.
    basis = centred_basis(eq) / jnp.sqrt(eq.K)[:, None]
    r = basis @ solve_unit(basis.T @ eq.V[target] @ basis, basis.T @ (eq.K * (eq.G @ c)), rounding)
    ytil = center_labels((r + eq.G @ (eq.K * r)).reshape(counts.shape), counts)
    gap = jnp.abs(c @ ytil.ravel())
    ytil = jnp.where(gap == 0, 0.0, 2.0 * ytil / jnp.where(gap == 0, 1.0, gap))
    return OptimalLabels(ytil=ytil, informative=gap > 0)


def optimal_labels_every_target(eq: ScoreEquivalent, counts: Table, *, rounding: float | None = None) -> OptimalLabels:
    """`optimal_labels` for every task as target in turn; leading axis = target."""
    return jax.vmap(lambda i: optimal_labels(eq, counts, i, rounding=rounding))(jnp.arange(eq.delta.size))
