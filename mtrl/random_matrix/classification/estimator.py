"""Multi-task least-squares support vector machine.

Tiomoko, Tiomoko Ali, Couillet (ICLR 2021), section 2, after Xu et al., "Multi-task least-squares support vector machines" (2014):

    min |w_0|^2/(2 lam) + sum_i |v_i|^2/(2 gamma_i) + (1/2) sum_i |y_i - Xc_i^T (w_0 + v_i)/sqrt(kp) - b_i 1|^2,

with Xc_i the features of task i minus their training mean, K = Z^T A Z/(kp), A = B kron I_p, B = diag(gamma) + lam 1 1^T,
Q = (K + I)^-1 and P the (n, k) task indicator:

    alpha = Q (y - P b),   b = (P^T Q P)^-1 P^T Q y,   g_i(x) = w_i . (x - mean_i) + b_i,   w_i = (1/(kp)) sum_s B_is Xc_s alpha_s.

`W` holds these w_i, that is (w_0 + v_i)/sqrt(kp) in the notation of the objective. LARGE lam means little penalty on the shared
part: much sharing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Num
from numpy.typing import ArrayLike as Listed

from mtrl.numerics.checks import check_psd, check_shape, check_whole
from mtrl.random_matrix.classification.problem import Samples, Table, floating


class Machine(NamedTuple):
    """Fitted scores g_i(x) = W_i . (x - centre_i) + bias_i of every task."""

    W: Float[Array, "task dim"]
    bias: Float[Array, " task"]
    centre: Float[Array, "task dim"]  # training mean of each task, 0 when features were not centred
    alpha: Float[Array, " sample"]  # dual variables, the training residuals
    ridge: Float[Array, ""]  # what stood for the identity in K + I: 1, or more where 1 would be lost in rounding
    finite: Bool[Array, ""]  # False when the factorisation failed (NaN or infinity in the data)


def fit(
    data: Samples,
    labels: Table | Num[ArrayLike, " sample"] | Sequence[float],
    B: Num[ArrayLike, "task task"] | Sequence[Sequence[float]],
    *,
    center: bool = True,
    rounding: float | None = None,
) -> Machine:
    """Solve the multi-task least-squares support vector machine in closed form.

    Any positive semi-definite B is allowed; B = [[gamma]] with one task is the single-task machine.

    Args:
      data: training samples (`pack` checks one's own); every task of B needs at least one.
      labels: (task, cls) one label per task and class, or (sample,) one regression target per sample.
      B: `coupling(gamma, lam)`, diag(gamma) + lam 1 1^T.
      center: subtract each task's training mean from its features. The theory needs it; without it only the bias absorbs a shift.
      rounding: the identity in K + I counts as max(1, rounding * mean diagonal of K), so that features of any scale can be factorised
        (it then equals the fit with B divided by that number); None is 4 n times the machine epsilon, which leaves ordinary data
        untouched. The value used is reported as `ridge`.

    Raises:
      BadInput: a task or class index beyond B and the labels, or B that is not positive semi-definite (where they are not traced).
    """
    labels, B = floating(labels), floating(B)
    k, p = B.shape[0], data.X.shape[1]
    check_psd(B=B)
    check_whole(lower=0, upper=k - 1, task=data.task, hint="B has a row for every task")
    if labels.ndim == 2:
        check_shape("labels", labels, (k, None), hint="one row per task")
        check_whole(lower=0, upper=labels.shape[1] - 1, label=data.label, hint="labels have a column for every class")
        y = labels[data.task, data.label]
    else:
        check_shape("labels", labels, data.task.shape, hint="one per sample, or one row per task")
        y = labels
    P = jax.nn.one_hot(data.task, k, dtype=data.X.dtype)
    centre = (P.T @ data.X) / jnp.sum(P, axis=0)[:, None]
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
    return Machine(W=W, bias=bias, centre=centre, alpha=alpha, ridge=ridge, finite=jnp.all(jnp.isfinite(alpha)))


def score(machine: Machine, X: Listed, task: int | Int[Array, "*#sample"]) -> Float[Array, " sample"]:
    """g_i(x) of every row of X (sample, dim), all of one task or with one task index each."""
    check_whole(lower=0, upper=machine.W.shape[0] - 1, task=task)
    return jnp.sum(machine.W[task] * (floating(X) - machine.centre[task]), axis=-1) + machine.bias[task]


def predict(
    machine: Machine,
    X: Listed,
    task: int | Int[Array, "*#sample"],
    *,
    threshold: float | Float[Array, "*#task"],
) -> Int[Array, " sample"]:
    """Class index of every row of X: 0 (C_1) where the score is above the threshold, else 1.

    Args:
      machine: fitted.
      X: (sample, dim) new rows.
      task: their task, one for all or one each.
      threshold: one for all tasks or one per task; (m_i1 + m_i2)/2 for the corrected rule (`Rule.threshold`), 0 for the classical one.
    """
    above = score(machine, X, task) > jnp.broadcast_to(threshold, machine.bias.shape)[task]
    return jnp.where(above, 0, 1)


def score_moments(
    machine: Machine, means: Float[Array, "task cls dim"], roots: Float[Array, "task dim dim"] | None = None
) -> tuple[Float[Array, "task cls"], Float[Array, " task"]]:
    """Exact mean and variance of g_i(x) over a fresh x ~ N(mu_ij, Sigma_i), given the fit: no test samples are needed."""
    mean = jnp.einsum("ip,icp->ic", machine.W, means - machine.centre[:, None]) + machine.bias[:, None]
    spread = machine.W if roots is None else jnp.einsum("ip,ipq->iq", machine.W, roots)
    return mean, jnp.sum(spread**2, axis=-1)
