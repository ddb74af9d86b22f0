"""Large-dimensional prediction of the multi-task least-squares SVM: scores are Gaussian with computable mean and variance.

Tiomoko, Tiomoko Ali, Couillet (ICLR 2021), theorem 1. The grouping of terms below is derived here and checked against simulation;
it is written for any number of classes and reduces to the paper's two-class form. With p0 = (B^-1 + diag(kappa))^-1,
kappa_i = n_i/(kp(1+delta_i)), delta_i = p0_ii/k (Sigma = I):

    G = E(p0) * M,   K = diag(n_ij/(kp(1+delta_i))),   r = (I + G K)^-1 ytil,   m = ytil - r = G K r,
    Psi = p0 * p0/k,   D = n/(kp(1+delta)^2),   v = (I - Psi diag(D))^-1 Psi,
    S_i = p0 (e_i e_i^T + diag(D * v_.i)) p0,   V_i = K diag(v_si/(1+delta_s)) + K (E(S_i) * M) K,   var_i = r^T V_i r.

M[(i,a),(j,b)] is the inner product of task-wise centred class means mu_ia - sum_c (n_ic/n_i) mu_ic; E repeats a task matrix over
classes. Pairs (task, class) are flattened task-major into one axis `group` of size k * classes.
"""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Num

from mtrl.numerics.checks import check_finite, check_positive, check_psd, check_shape, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification.problem import Table, floating
from mtrl.random_matrix.equivalents import Equivalent, equivalent_isotropic

Square = Num[ArrayLike, "task task"] | Sequence[Sequence[float]]  # one row per task: an array, or nested lists


class ScoreEquivalent(NamedTuple):
    """Deterministic equivalent: all that the scores' mean and variance need, free of the labels."""

    G: Float[Array, "group group"]
    K: Float[Array, " group"]  # diagonal of K
    V: Float[Array, "task group group"]  # V_i for every target i
    delta: Float[Array, " task"]
    converged: Bool[Array, ""]  # of the fixed point for delta


class ScoreLaw(NamedTuple):
    """Law of the score of every task: N(mean[i, j], variance[i]) on class j."""

    mean: Float[Array, "task cls"]
    variance: Float[Array, " task"]


def warn_uninformative(gram: Any) -> None:
    """Warn when all class means coincide: every label rule is 0/0 and the error is 0.5."""
    gram = known(gram)
    if gram is not None and not np.any(gram):
        warnings.warn(
            "all classes have equal means, so no score separates them: optimal labels are 0 and the error is 0.5",
            stacklevel=3,
        )


def check_centred(ytil: Any, counts: Any) -> None:
    """Refuse labels whose weighted task mean is not zero; the theory is for centred labels. Traced ones pass.

    Args:
      ytil: (task, cls) labels.
      counts: n_ij, or numbers proportional to them within each task.

    Raises:
      BadInput: not finite, or |sum_j n_ij ytil_ij| above 1e-6 (the rounding of their precision, where larger) of sum_j n_ij |ytil_ij|.
    """
    ytil, counts = known(ytil), known(counts)
    if ytil is None or counts is None:
        return
    check_shape("labels", ytil, counts.shape, hint="one value per task and class")
    check_finite(labels=ytil)
    tolerance = max(1e-6, 32 * float(np.finfo(np.result_type(ytil, np.float32)).eps))
    offset, size = (counts * ytil).sum(1), (counts * np.abs(ytil)).sum(1)
    for i in np.flatnonzero(np.abs(offset) > tolerance * size):
        raise BadInput(
            f"labels of task {i} have sample mean {offset[i] / counts[i].sum():.4g}, but must be centred "
            "(sum_j n_ij ytil_ij = 0); apply center_labels (--center_labels on the command line)"
        )


def mean_gram(gram: Square, counts: Table) -> Float[Array, "group group"]:
    """M for two classes from the Gram matrix gram[i, j] = dmu_i . dmu_j of the mean differences.

    The centred class means are u_ia dmu_i with u_i1 = n_i2/n_i, u_i2 = -n_i1/n_i.

    Raises:
      BadInput: gram is not symmetric positive semi-definite, or its size is not that of counts (task, 2).
    """
    gram = floating(gram)
    counts = jnp.asarray(counts, gram.dtype)
    check_shape("counts", counts, (gram.shape[0], 2), hint="gram has a row for every task")
    check_psd(gram=gram, hint="apply nearest_psd to an estimated one")
    warn_uninformative(gram)
    fraction = counts / jnp.sum(counts, axis=1, keepdims=True)
    u = jnp.stack([fraction[:, 1], -fraction[:, 0]], axis=1)
    return (u[:, :, None, None] * u * gram[:, None, :, None]).reshape(u.size, u.size)


def expand(matrix: Float[Array, "*batch task task"], classes: int) -> Float[Array, "*batch group group"]:
    """E(.) = kron(., ones(classes, classes))."""
    return jnp.repeat(jnp.repeat(matrix, classes, axis=-1), classes, axis=-2)


def noise_terms(
    Psi: Float[Array, "task task"], D: Float[Array, " task"]
) -> tuple[Float[Array, "task task"], Float[Array, "task task"]]:
    """v = (I - Psi diag(D))^-1 Psi and the diagonals of e_i e_i^T + diag(D * v_.i); column i belongs to target i."""
    eye = jnp.eye(D.size, dtype=D.dtype)
    v = elimination.solve(eye - Psi * D, Psi)
    return v, eye + D[:, None] * v


def score_equivalent(M: Float[Array, "group group"], counts: Table, B: Square, *, dim: Scalar) -> ScoreEquivalent:
    """Deterministic equivalent for identity covariance.

    Args:
      M: Gram matrix of the centred class means (`mean_gram` for two classes).
      counts: n_ij, samples per task and class.
      B: `coupling(gamma, lam)`, or any other positive semi-definite matrix.
      dim: p.

    Raises:
      BadInput: sizes that disagree, an empty class, or B that is not positive semi-definite.
    """
    B = floating(B)
    counts = check_sizes(counts, B)
    classes = counts.shape[1]
    check_shape("M", M, (counts.size, counts.size), hint="one row for every task and class of counts")
    check_positive(dim=dim)
    found = equivalent_isotropic(B, jnp.sum(counts, axis=1), dim)
    v, weights = noise_terms(found.Psi, found.D)
    S = jnp.einsum("sa,ai,at->ist", found.P, weights, found.P)
    return assemble(found, counts, v, G=expand(found.P, classes) * M, SM=expand(S, classes) * M)


def check_sizes(counts: Table, B: Float[Array, "task task"]) -> Float[Array, "task cls"]:
    """counts as floats.

    Raises:
      BadInput: no row of counts for a task of B, an empty class, or B that is not positive semi-definite.
    """
    check_whole(counts=counts, hint="every class of every task needs a sample")
    check_psd(B=B)
    check_shape("counts", counts, (B.shape[0], None), hint="B has a row for every task")
    return jnp.asarray(counts, B.dtype)


def assemble(
    found: Equivalent,
    counts: Float[Array, "task cls"],
    v: Float[Array, "task task"],
    *,
    G: Float[Array, "group group"],
    SM: Float[Array, "task group group"],
) -> ScoreEquivalent:
    """V_i = K diag(v_si/(1+delta_s)) + K (E(S_i) * M) K with SM[i] = E(S_i) * M, from a solved fixed point of either kind."""
    K = (found.kappa[:, None] * counts / jnp.sum(counts, axis=1, keepdims=True)).ravel()
    own = jnp.repeat((v / (1.0 + found.delta)[:, None]).T, counts.shape[1], axis=1)  # (target, group)
    V = jax.vmap(jnp.diag)(K * own) + K[:, None] * SM * K
    return ScoreEquivalent(G=G, K=K, V=V, delta=found.delta, converged=found.converged)


def centred_basis(eq: ScoreEquivalent) -> Float[Array, "group rest"]:
    """N: orthonormal basis of K^1/2 r for centred r (sum_j n_ij r_ij = 0), per task a Householder reflection without its first column."""
    tasks = eq.delta.size
    weights = eq.K.reshape(tasks, -1)  # proportional to n_ij within a task
    q = jnp.sqrt(weights / jnp.sum(weights, axis=1, keepdims=True))
    w = q.at[:, 0].add(1.0)
    eye = jnp.eye(q.shape[1], dtype=q.dtype)
    blocks = (eye - w[:, :, None] * w[:, None] / w[:, :1, None])[:, :, 1:]  # |w|^2 = 2 w_1
    return jnp.einsum("tcr,ts->tcsr", blocks, jnp.eye(tasks, dtype=q.dtype)).reshape(eq.K.size, -1)


def solve_unit(
    matrix: Float[Array, "rest rest"], right: Float[Array, " rest"], rounding: float | None = None
) -> Float[Array, " rest"]:
    """`matrix^-1 right` for a positive semi-definite matrix, scaled to unit diagonal; 0 where its rows vanish.

    Args:
      matrix: positive semi-definite.
      right: right-hand side.
      rounding: added to the unit diagonal, which keeps the solve regular where class means are so large that only a singular part is
        left of the matrix; None is the machine epsilon times the size.
    """
    diagonal = jnp.diagonal(matrix)
    vanishes = diagonal <= 0
    unit = jnp.sqrt(jnp.where(vanishes, 1.0, diagonal))
    rounding = diagonal.size * float(jnp.finfo(matrix.dtype).eps) if rounding is None else rounding
    system = matrix / (unit[:, None] * unit) + jnp.diag(jnp.where(vanishes, 1.0, rounding))
    return elimination.solve(system, (right / unit)[:, None])[:, 0] / unit


def residual_labels(
    eq: ScoreEquivalent, ytil: Float[Array, "task cls"], *, rounding: float | None = None
) -> Float[Array, " group"]:
    """r = (I + G K)^-1 ytil, the mean of the dual variables times 1 + delta.

    Solved for x with K^1/2 r = N x, whose matrix is I plus a positive semi-definite one; `rounding` as in `solve_unit`. Task means of the
    labels drop out, as the free biases of `fit` absorb them.
    """
    root, N = jnp.sqrt(eq.K), centred_basis(eq)
    H = N.T @ (root[:, None] * eq.G * root) @ N
    return N @ solve_unit(jnp.eye(N.shape[1], dtype=H.dtype) + H, N.T @ (root * ytil.ravel()), rounding) / root


def score_law(eq: ScoreEquivalent, ytil: Table, *, rounding: float | None = None) -> ScoreLaw:
    """Mean and variance of every task's score for centred labels; `rounding` as in `residual_labels`.

    Raises:
      BadInput: labels that are not centred (sum_j n_ij ytil_ij = 0).
    """
    ytil = jnp.asarray(ytil, eq.K.dtype)
    check_centred(ytil, eq.K.reshape(eq.delta.size, -1))
    r = residual_labels(eq, ytil, rounding=rounding)
    mean = eq.G @ (eq.K * r)  # = ytil - r without its cancellation
    return ScoreLaw(mean=mean.reshape(ytil.shape), variance=jnp.einsum("g,igh,h->i", r, eq.V, r))


def with_centring_noise(law: ScoreLaw, counts: Table) -> ScoreLaw:
    """First-order finite-size correction: variance (1 + 1/n_i), for the error averaged over training sets.

    A fresh x is centred by the training mean of its task, whose noise w_i . (mean_i - its expectation) has variance |w_i|^2/n_i given
    w_i (for Gaussian samples the mean is independent of the centred samples). It vanishes in the limit and is therefore not in the
    paper's formula; derived here, checked against simulation. At n_i = 40 it explains most of the excess of simulated over predicted
    errors.
    """
    n = jnp.sum(jnp.asarray(counts, law.variance.dtype), axis=1)
    return law._replace(variance=law.variance * (1.0 + 1.0 / n))


def midpoint(law: ScoreLaw) -> Float[Array, " task"]:
    """Threshold (m_i1 + m_i2)/2 of the corrected decision."""
    return (law.mean[:, 0] + law.mean[:, 1]) / 2


def error_at(
    mean: Float[Array, "*#task 2"], variance: Float[Array, "*#task"], threshold: Float[Array, "*#task"]
) -> Float[Array, "..."]:
    """Equal-prior error of "class 1 if score > threshold" for Gaussian scores.

    Average of Phi(-(m_1 - c)/sd) and Phi((m_2 - c)/sd). A score without any variance or gap carries no information: error 0.5.
    """
    empty = variance <= 0
    sd = jnp.sqrt(jnp.where(empty, 1.0, variance))
    cdf = jax.scipy.stats.norm.cdf
    error = 0.5 * (cdf(-(mean[..., 0] - threshold) / sd) + cdf((mean[..., 1] - threshold) / sd))
    return jnp.where(empty, 0.5, error)


def error_midpoint(law: ScoreLaw) -> Float[Array, " task"]:
    """Phi(-(m_i1 - m_i2)/(2 sqrt(var_i))): predicted error at the mid-point threshold."""
    return error_at(law.mean, law.variance, midpoint(law))
