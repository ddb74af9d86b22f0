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

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Num

from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.equivalents import equivalent_isotropic


class Equivalent(NamedTuple):
    """Deterministic equivalent: all that the scores' mean and variance need, free of the labels."""

    G: Float[Array, "group group"]
    K: Float[Array, " group"]  # diagonal of K
    V: Float[Array, "task group group"]  # V_i for every target i
    delta: Float[Array, " task"]
    converged: Bool[Array, ""]  # of the fixed point for delta


class Prediction(NamedTuple):
    """Law of the score of every task: N(mean[i, j], variance[i]) on class j."""

    mean: Float[Array, "task cls"]
    variance: Float[Array, " task"]


def centred_coordinates(counts: Num[Array, "task 2"]) -> Float[Array, "task 2"]:
    """u_i1 = n_i2/n_i, u_i2 = -n_i1/n_i: the centred class means are u_ia dmu_i."""
    fraction = counts / jnp.sum(counts, axis=1, keepdims=True)
    return jnp.stack([fraction[:, 1], -fraction[:, 0]], axis=1)


def mean_gram(gram: Float[Array, "task task"], counts: Num[Array, "task 2"]) -> Float[Array, "group group"]:
    """M for two classes from the Gram matrix gram[i, j] = dmu_i . dmu_j of the mean differences."""
    u = centred_coordinates(counts).astype(gram.dtype)
    M = u[:, :, None, None] * u[None, None] * gram[:, None, :, None]
    return M.reshape(u.size, u.size)


def expand(matrix: Float[Array, "*batch task task"], classes: int) -> Float[Array, "*batch group group"]:
    """E(.) = kron(., ones(classes, classes))."""
    return jnp.repeat(jnp.repeat(matrix, classes, axis=-1), classes, axis=-2)


def noise_response(Psi: Float[Array, "task task"], D: Float[Array, " task"]) -> Float[Array, "task task"]:
    """v = (I - Psi diag(D))^-1 Psi; column i belongs to target i."""
    return elimination.solve(jnp.eye(D.size, dtype=D.dtype) - Psi * D, Psi)


def noise_weights(v: Float[Array, "task task"], D: Float[Array, " task"]) -> Float[Array, "task task"]:
    """Diagonals of e_i e_i^T + diag(D * v_.i), one column per target i."""
    return jnp.eye(D.size, dtype=D.dtype) + D[:, None] * v


def equivalent(
    M: Float[Array, "group group"], counts: Num[Array, "task cls"], B: Float[Array, "task task"], *, dim: Scalar
) -> Equivalent:
    """Deterministic equivalent for identity covariance.

    Args:
      M: Gram matrix of the centred class means (`mean_gram` for two classes).
      counts: n_ij, samples per task and class.
      B: coupling diag(gamma) + lam 1 1^T, any positive semi-definite matrix.
      dim: p.
    """
    classes = counts.shape[1]
    found = equivalent_isotropic(B, jnp.sum(counts, axis=1), dim)
    p0, v = found.P, noise_response(found.Psi, found.D)
    S = jnp.einsum("sa,ai,at->ist", p0, noise_weights(v, found.D), p0)
    return assemble(
        G=expand(p0, classes) * M,
        SM=expand(S, classes) * M,
        v=v,
        delta=found.delta,
        kappa=found.kappa,
        counts=counts,
        converged=found.converged,
    )


def assemble(
    *,
    G: Float[Array, "group group"],
    SM: Float[Array, "task group group"],
    v: Float[Array, "task task"],
    delta: Float[Array, " task"],
    kappa: Float[Array, " task"],
    counts: Num[Array, "task cls"],
    converged: Bool[Array, ""],
) -> Equivalent:
    """V_i = K diag(v_si/(1+delta_s)) + K (E(S_i) * M) K with SM[i] = E(S_i) * M; shared with the general-covariance form."""
    K = (kappa[:, None] * counts / jnp.sum(counts, axis=1, keepdims=True)).astype(delta.dtype).ravel()
    own = jnp.repeat((v / (1.0 + delta)[:, None]).T, counts.shape[1], axis=1)  # (target, group)
    V = jax.vmap(jnp.diag)(K * own) + K[:, None] * SM * K
    return Equivalent(G=G, K=K, V=V, delta=delta, converged=converged)


def residual_labels(
    eq: Equivalent, ytil: Float[Array, "task cls"], *, rounding: float | None = None
) -> Float[Array, " group"]:
    """r = (I + G K)^-1 ytil, the mean of the dual variables times 1 + delta.

    Solved in the symmetric unknown K^1/2 r, whose matrix is I plus a positive semi-definite one.

    Args:
      eq: deterministic equivalent.
      ytil: labels.
      rounding: the identity counts as max(1, rounding * largest entry), which keeps the solve regular where means so large that 1 is lost
        in rounding would make it singular; None is the machine epsilon times the size, so that ordinary problems are untouched.
    """
    root = jnp.sqrt(eq.K)
    H = root[:, None] * eq.G * root
    rounding = eq.K.size * float(jnp.finfo(H.dtype).eps) if rounding is None else rounding
    ridge = jnp.maximum(1.0, rounding * jnp.max(jnp.abs(H)))
    system = ridge * jnp.eye(eq.K.size, dtype=H.dtype) + H
    return elimination.solve(system, (root * ytil.ravel())[:, None])[:, 0] / root


def predict(eq: Equivalent, ytil: Float[Array, "task cls"], *, rounding: float | None = None) -> Prediction:
    """Mean and variance of every task's score for centred labels (sum_j n_ij ytil_ij = 0); `rounding` as in `residual_labels`."""
    r = residual_labels(eq, ytil, rounding=rounding)
    mean = eq.G @ (eq.K * r)  # = ytil - r without its cancellation
    return Prediction(mean=mean.reshape(ytil.shape), variance=jnp.einsum("g,igh,h->i", r, eq.V, r))


def with_centring_noise(prediction: Prediction, counts: Num[Array, "task cls"]) -> Prediction:
    """First-order finite-size correction: variance (1 + 1/n_i), for the error averaged over training sets.

    A fresh x is centred by the training mean of its task, whose noise w_i . (mean_i - its expectation) has variance |w_i|^2/n_i given
    w_i (for Gaussian samples the mean is independent of the centred samples). It vanishes in the limit and is therefore not in the
    paper's formula; derived here, checked against simulation. At n_i = 40 it explains most of the excess of simulated over predicted
    errors.
    """
    n = jnp.sum(counts, axis=1)
    return prediction._replace(variance=(prediction.variance * (1.0 + 1.0 / n)).astype(prediction.variance.dtype))


def midpoint(prediction: Prediction) -> Float[Array, " task"]:
    """Threshold (m_i1 + m_i2)/2 of the corrected decision."""
    return (prediction.mean[:, 0] + prediction.mean[:, 1]) / 2


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


def error_midpoint(prediction: Prediction) -> Float[Array, " task"]:
    """Phi(-(m_i1 - m_i2)/(2 sqrt(var_i))): predicted error at the mid-point threshold."""
    return error_at(prediction.mean, prediction.variance, midpoint(prediction))
