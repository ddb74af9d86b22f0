"""Multi-task least-squares support vector machine.

Tiomoko, Tiomoko Ali, Couillet (ICLR 2021), section 2, after Xu et al., "Multi-task least-squares support vector machines" (2014):

    min |w_0|^2/(2 lam) + sum_i |v_i|^2/(2 gamma_i) + (1/2) sum_i |y_i - Xc_i^T (w_0 + v_i)/sqrt(kp) - b_i 1|^2,

with Xc_i the features of task i minus their training mean, K = Z^T A Z/(kp), A = B kron I_p, B = diag(gamma) + lam 1 1^T,
Q = (K + I)^-1 and P the (n, k) task indicator:

    alpha = Q (y - P b),   b = (P^T Q P)^-1 P^T Q y,   g_i(x) = w_i . (x - mean_i) + b_i,   w_i = (1/(kp)) sum_s B_is Xc_s alpha_s.

`W` holds these w_i, that is (w_0 + v_i)/sqrt(kp) in the notation of the objective. LARGE lam means little penalty on the shared
part: much sharing.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from mtrl.random_matrix.classification_problem import Samples


class Fit(NamedTuple):
    """Fitted scores g_i(x) = W_i . (x - centre_i) + bias_i of every task."""

    W: Float[Array, "task dim"]
    bias: Float[Array, " task"]
    centre: Float[Array, "task dim"]  # training mean of each task, 0 when features were not centred
    alpha: Float[Array, " sample"]  # dual variables, the training residuals
    ridge: Float[Array, ""]  # what stood for the identity in K + I: 1, or more where 1 would be lost in rounding
    finite: Bool[Array, ""]  # False when the factorisation failed (NaN or infinity in the data)


def indicator(index: Int[Array, " sample"], size: int, dtype: DTypeLike) -> Float[Array, "sample index"]:
    """One column per index value, 1 where a sample has it."""
    return jax.nn.one_hot(index, size, dtype=dtype)


def centre_tasks(X: Float[Array, "sample dim"], P: Float[Array, "sample task"]) -> Float[Array, "task dim"]:
    """Training mean of every task."""
    return (P.T @ X) / jnp.sum(P, axis=0)[:, None]


def fit(
    data: Samples,
    y: Float[Array, " sample"],
    B: Float[Array, "task task"],
    *,
    center: bool = True,
    rounding: float | None = None,
) -> Fit:
    """Solve the multi-task least-squares support vector machine in closed form.

    Any positive semi-definite B is allowed; B = [[gamma]] with one task is the single-task machine.

    Args:
      data: training samples; every task of B needs at least one.
      y: regression target of every sample (`label_samples` spreads one value per task and class).
      B: coupling diag(gamma) + lam 1 1^T.
      center: subtract each task's training mean from its features. The theory needs it; without it only the bias absorbs a shift.
      rounding: the identity in K + I counts as max(1, rounding * mean diagonal of K), so that features of any scale can be factorised
        (it then equals the fit with B divided by that number); None is 4 n times the machine epsilon, which leaves ordinary data
        untouched. The value used is reported as `ridge`.
    """
    k, p = B.shape[0], data.X.shape[1]
    P = indicator(data.task, k, data.X.dtype)
    centre = centre_tasks(data.X, P)
    if not center:
        centre = jnp.zeros_like(centre)
    Xc = data.X - centre[data.task]
    kernel = B[data.task][:, data.task] * (Xc @ Xc.T) / (k * p)
    # P^T alpha = 0 at the optimum, so adding c P P^T to the kernel changes neither alpha nor b; it lifts the directions that
    # centring made null and keeps the factorisation accurate for features of any scale.
    size = jnp.mean(jnp.diagonal(kernel))
    rounding = 4 * P.shape[0] * float(jnp.finfo(P.dtype).eps) if rounding is None else rounding
    ridge = jnp.maximum(1.0, rounding * size)
    system = kernel + (1.0 + size) * (P @ P.T) + ridge * jnp.eye(P.shape[0], dtype=P.dtype)
    factor = jax.scipy.linalg.cho_factor(system)
    QP = jax.scipy.linalg.cho_solve(factor, P)
    Qy = jax.scipy.linalg.cho_solve(factor, y)
    bias = jnp.linalg.solve(P.T @ QP, P.T @ Qy)
    alpha = Qy - QP @ bias
    W = (B[:, data.task] * alpha) @ Xc / (k * p)
    return Fit(W=W, bias=bias, centre=centre, alpha=alpha, ridge=ridge, finite=jnp.all(jnp.isfinite(alpha)))


def label_samples(data: Samples, ytil: Float[Array, "task cls"]) -> Float[Array, " sample"]:
    """y: the label of its task and class for every sample."""
    return ytil[data.task, data.label]


def score(fitted: Fit, X: Float[Array, "sample dim"], task: Int[Array, " sample"]) -> Float[Array, " sample"]:
    """g_i(x) of every sample under its task's classifier."""
    return jnp.sum(fitted.W[task] * (X - fitted.centre[task]), axis=-1) + fitted.bias[task]


def decide(scores: Float[Array, " sample"], threshold: Float[Array, "*sample"]) -> Bool[Array, " sample"]:
    """True for class C_1: score above the threshold, (m_i1 + m_i2)/2 for the corrected rule and 0 for the classical one."""
    return scores > threshold


def score_moments(
    fitted: Fit, means: Float[Array, "task cls dim"], roots: Float[Array, "task dim dim"] | None = None
) -> tuple[Float[Array, "task cls"], Float[Array, " task"]]:
    """Exact mean and variance of g_i(x) over a fresh x ~ N(mu_ij, Sigma_i), given the fit: no test samples are needed."""
    mean = jnp.einsum("ip,icp->ic", fitted.W, means - fitted.centre[:, None]) + fitted.bias[:, None]
    spread = fitted.W if roots is None else jnp.einsum("ip,ipq->iq", fitted.W, roots)
    return mean, jnp.sum(spread**2, axis=-1)
