"""Labels of the multi-task least-squares SVM: +-1, and the optimal ones that repair negative transfer.

Tiomoko, Tiomoko Ali, Couillet (ICLR 2021), section 3: for target i maximise (m_i1 - m_i2)^2/var_i over all labels,

    r* = V_i^-1 K G (e_i1 - e_i2),   ytil* = (I + G K) r*,

defined up to a positive factor and centred by construction.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Num

from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification_theory import Equivalent


class OptimalLabels(NamedTuple):
    """Labels maximising the predicted separation of one target."""

    ytil: Float[
        Array, "task cls"
    ]  # ytil[target, 0] - ytil[target, 1] = 2 for two classes; all zero when not informative
    informative: Bool[Array, ""]  # False when no class mean tells the target's classes apart (0/0: the error is 0.5)


def center_labels(ytil: Float[Array, "task cls"], counts: Num[Array, "task cls"]) -> Float[Array, "task cls"]:
    """Subtract each task's sample-weighted mean, so that sum_j n_ij ytil_ij = 0."""
    mean = jnp.sum(counts * ytil, axis=1, keepdims=True) / jnp.sum(counts, axis=1, keepdims=True)
    return (ytil - mean).astype(ytil.dtype)


def signed_labels(counts: Num[Array, "task 2"], dtype: DTypeLike | None = None) -> Float[Array, "task 2"]:
    """The usual labels +1, -1, centred per task: (2 n_i2/n_i, -2 n_i1/n_i). Equal class sizes give exactly +-1."""
    ytil = jnp.broadcast_to(jnp.asarray([1.0, -1.0], dtype=dtype), counts.shape)
    return center_labels(ytil, counts)


def contrast(counts: Num[Array, "task cls"], target: Scalar, positive: Scalar = 0) -> Float[Array, " group"]:
    """Vector c with c . m = m_target,positive - (sample-weighted mean of the target's other classes): e_i1 - e_i2 for two classes."""
    k, classes = counts.shape
    here = jnp.arange(classes) == positive
    rest = jnp.where(here, 0, counts[target])
    row = jnp.where(here, 1.0, -rest / jnp.sum(rest))
    return jnp.where((jnp.arange(k) == target)[:, None], row, 0.0).ravel()


def optimal_labels(
    eq: Equivalent,
    counts: Num[Array, "task cls"],
    target: Scalar,
    *,
    positive: Scalar = 0,
    cutoff: float | None = None,
) -> OptimalLabels:
    """Optimal labels of every task and class for one target task.

    V_i is singular when the target ignores a source (lam = 0: that source's rows vanish), so the system is solved by least squares:
    eigenvalues of the symmetrically scaled V_i below `cutoff` times its largest are left out, which gives ignored tasks label 0.

    Args:
      eq: deterministic equivalent.
      counts: n_ij.
      target: index i of the task whose error matters.
      positive: class told apart from all others (matters for three classes and more).
      cutoff: relative eigenvalue cut-off; None is the machine epsilon times the size of V_i.

    Returns:
      Labels scaled so that |ytil[target, positive] - mean of its other labels| = 2, with the sign that makes the predicted score of
      `positive` the larger one.
    """
    c = contrast(counts, target, positive).astype(eq.K.dtype)
    V = eq.V[target]
    root = jnp.sqrt(eq.K)
    # V_i = K^1/2 Vs K^1/2, solved in the scaled unknown K^1/2 r.
    Vs = V / (root[:, None] * root)
    solution, _ = solve_psd((Vs + Vs.T) / 2, root * (eq.G @ c), cutoff)
    r = solution / root
    ytil = r + eq.G @ (eq.K * r)
    gap = jnp.abs(c @ ytil)
    informative = gap > 0
    ytil = jnp.where(informative, 2.0 * ytil / jnp.where(informative, gap, 1.0), 0.0)
    return OptimalLabels(ytil=ytil.reshape(counts.shape), informative=informative)


def optimal_labels_every_target(
    eq: Equivalent, counts: Num[Array, "task cls"], *, cutoff: float | None = None
) -> OptimalLabels:
    """`optimal_labels` for every task as target in turn; leading axis = target."""
    return jax.vmap(lambda i: optimal_labels(eq, counts, i, cutoff=cutoff))(jnp.arange(counts.shape[0]))
