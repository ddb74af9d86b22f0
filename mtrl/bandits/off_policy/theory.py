"""Bounds of Hong et al. 2023 (section 5) on the per-task suboptimality, on the axes of the simulations.

All hold with probability at least 1 - delta given the data, for features with `||phi|| <= 1` and data that explore: `G_s >=
gamma sigma^-2 n_s G_{s,*}` for a gamma in (0, 1]. `C = sqrt(20 d^2 log(1/delta))`. For all m tasks at once take `delta / m` (union bound).

The display equations are not readable in the paper's text and are re-derived from its proofs. The step `||St_s Sigma_0^-1|| <=
1` behind the hyper-parameter term is true where Sigma_0 commutes with every G_s (isotropic Sigma_0 always does) and not in
general, so `hier_bound` refuses other covariances.
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.bandits.off_policy.posterior import Posterior
from mtrl.numerics.checks import check_between, check_positive, check_psd, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.psd import pinv_psd, sqrt_psd
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar

Rate = Float[Array, "..."]
Number = Scalar | Rate


def _check_delta(delta: Scalar) -> None:
    given = known(delta)
    if given is not None and not ((given > 0) & (given <= 1 / math.e)).all():
        raise BadInput(
            f"delta got {given:g}, but the theoretical width needs it in (0, 1/e] = (0, 0.3679]; take 0.1, or give alpha as a number"
        )


def _check_bound(gamma: Number, noise: Number, delta: Scalar, feature_norm: Number) -> None:
    _check_delta(delta)
    check_positive(sigma=noise)
    check_positive(gamma=gamma, hint="the log never shows some direction of the optimal actions, and no bound holds")
    check_between(
        0.0, 1.0 + 1e-9, gamma=gamma, hint="a log that explores more than the optimal policy counts as gamma = 1"
    )
    check_between(
        0.0,
        1.0 + 1e-9,
        feature_norm=feature_norm,
        hint="the bounds hold for ||phi|| <= 1 only: scale the features, or leave them out",
    )


def alpha(dim: Number, delta: Scalar) -> Rate:
    """Width multiplier of the theory, `sqrt(5 d log(1/delta))`.

    From `P(chi2_d > d + 2 sqrt(d L) + 2 L) <= exp(-L)` with L = log(1/delta) >= 1.

    Raises:
      BadInput: delta outside (0, 1/e].
    """
    _check_delta(delta)
    return jnp.sqrt(5.0 * jnp.asarray(dim) * jnp.log(1.0 / jnp.asarray(delta)))


def constant(dim: Number, delta: Scalar) -> Rate:
    """`C = sqrt(20 d^2 log(1/delta))`, which is `2 sqrt(d) alpha`."""
    return 2.0 * jnp.sqrt(jnp.asarray(dim)) * alpha(dim, delta)


def trace_bound(dim: Number, smallest: Number, times: Number) -> Rate:
    """`tr(G (P + k G)^-1) <= d / (lambda_d(P) + k)` for `0 <= G`, `lambda_1(G) <= 1`."""
    return jnp.asarray(dim) / (jnp.asarray(smallest) + jnp.asarray(times))


def coverage(data: Moments, optimal: Float[Array, "task dim dim"]) -> Float[Array, ""]:
    """The largest gamma of `G_s >= gamma sigma^-2 n_s G_{s,*}` over all tasks with data: the smallest generalised eigenvalue, at most 1.

    Args:
      data: of every task.
      optimal: invertible `G_{s,*}` (`optimal_gram`).
    """
    half = pinv_psd(sqrt_psd(optimal))
    ratio = half @ (data.gram / jnp.maximum(data.count, 1)[:, None, None]) @ half
    lowest = jnp.linalg.eigvalsh(ratio)[:, 0]
    return jnp.minimum(jnp.min(jnp.where(data.count > 0, lowest, jnp.inf)), 1.0)


def task_bound(
    count: Number,
    cov: Float[Array, "dim dim"],
    *,
    gamma: Number,
    noise: Number,
    delta: Scalar,
    feature_norm: Number,
) -> Rate:
    """Theorem 1: `C / sqrt(lambda_d(Sigma^-1) + gamma sigma^-2 n_s)` for a task with prior covariance Sigma.

    Sigma is Sigma_0 for OracleOPO and `Sigma_q + Sigma_0` for FlatOPO.

    Args:
      count: n_s.
      cov: prior covariance of the task parameter.
      gamma: coverage of the optimal actions.
      noise: sigma.
      delta: chance of failure.
      feature_norm: largest `||phi||`.

    Raises:
      BadInput: delta outside (0, 1/e], gamma outside (0, 1], features longer than 1.
    """
    _check_bound(gamma, noise, delta, feature_norm)
    check_psd(definite=True, Sigma=cov)
    precision = 1.0 / jnp.linalg.eigvalsh(cov)[-1]
    explored = jnp.asarray(gamma) * jnp.asarray(count) / jnp.asarray(noise) ** 2
    return constant(cov.shape[0], delta) / jnp.sqrt(precision + explored)


def hyper_bound(
    counts: Float[Array, "... task"],
    cov_q: Float[Array, "dim dim"],
    cov_0: Float[Array, "dim dim"],
    *,
    gamma: Number,
    noise: Number,
    delta: Scalar,
    feature_norm: Number,
    narrowest: Number = 1.0,
    gram: Float[Array, "task dim dim"] | None = None,
) -> Rate:
    """The hyper-parameter term of Theorem 2: what the task term does not say of mu_*.

    `C (lambda_d(Sigma_q^-1) + sum_z 1 / (lambda_1(Sigma_0) + sigma^2 lambda_1(G_{z,*}^-1) / (gamma n_z)))^-1/2`; it vanishes as m grows.

    Args:
      counts: n_z of every task; 0 adds nothing.
      cov_q, cov_0: Sigma_q (not zero), Sigma_0.
      gamma, noise, delta, feature_norm: as in `task_bound`.
      narrowest: `lambda_1(G_{z,*}^-1)` of every task; 1 is right only where every feature row has one non-zero entry and both
        covariances are diagonal.
      gram: `Moments.gram`, with which a Sigma_0 that is not isotropic is shown to commute.

    Raises:
      BadInput: as `task_bound`; a Sigma_0 that is neither isotropic nor commutes with the data; narrowest below 1.
    """
    _check_bound(gamma, noise, delta, feature_norm)
    check_psd(Sigma_q=cov_q)
    check_psd(definite=True, Sigma_0=cov_0)
    given = known(narrowest)
    if given is not None and (given < 1 - 1e-9).any():
        raise BadInput(
            f"narrowest got {given.min():g}, but lambda_1(G_*^-1) is at least 1 where ||phi|| <= 1; give 1 / lambda_d(G_*)"
        )
    _check_commutes(cov_0, gram)
    counts = jnp.asarray(counts, dtype=float)
    least = jnp.asarray(noise) ** 2 * jnp.asarray(narrowest) / (jnp.asarray(gamma) * jnp.maximum(counts, 1e-300))
    learnt = jnp.sum(jnp.where(counts > 0, 1.0 / (jnp.linalg.eigvalsh(cov_0)[-1] + least), 0.0), axis=-1)
    return constant(cov_0.shape[0], delta) / jnp.sqrt(1.0 / jnp.linalg.eigvalsh(cov_q)[-1] + learnt)


def _check_commutes(cov_0: Array, gram: Array | None) -> None:
    matrix = known(cov_0)
    if matrix is None:
        return
    size = abs(matrix).max()
    if abs(matrix - matrix[0, 0] * np.eye(len(matrix))).max() <= 1e-9 * size:
        return
    grams = None if gram is None else known(gram)
    if grams is None or abs(matrix @ grams - grams @ matrix).max() > 1e-9 * size * max(abs(grams).max(), 1e-300):
        raise BadInput(
            "Sigma_0 got a matrix that is not a multiple of the identity, but Theorem 2 holds only where Sigma_0 commutes with every G_s; "
            "overlay it for an isotropic Sigma_0, or give the gram matrices to show that they commute"
        )


def hier_bound(
    count: Number,
    counts: Float[Array, "... task"],
    cov_q: Float[Array, "dim dim"],
    cov_0: Float[Array, "dim dim"],
    *,
    gamma: Number,
    noise: Number,
    delta: Scalar,
    feature_norm: Number,
    narrowest: Number = 1.0,
    gram: Float[Array, "task dim dim"] | None = None,
) -> Rate:
    """Theorem 2, HierOPO: `task_bound` of a task with `count` interactions under Sigma_0, plus `hyper_bound` of all tasks.

    For a new task of the same hierarchy essentially the same holds with its own count.
    """
    common = dict(gamma=gamma, noise=noise, delta=delta, feature_norm=feature_norm)
    return task_bound(count, cov_0, **common) + hyper_bound(
        counts, cov_q, cov_0, narrowest=narrowest, gram=gram, **common
    )


def for_all_tasks(delta: Scalar, tasks: int) -> Scalar:
    """The delta to give a per-task bound so that it holds for all m tasks at once with probability 1 - delta: delta / m."""
    check_whole(tasks=tasks)
    return delta / tasks


def width_bound(posterior: Posterior, optimal: Float[Array, "task dim dim"], *, alpha: Scalar) -> Float[Array, " task"]:
    """The middle of the chain behind Theorem 1, for any posterior.

    `suboptimality <= 2 E c(x, pi_*(x)) <= 2 alpha sqrt(tr(G_{s,*} Sigma_hat_s))`.
    """
    return 2.0 * alpha * jnp.sqrt(jnp.sum(optimal * posterior.cov, axis=(-1, -2)))
