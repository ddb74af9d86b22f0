"""Predictions on the axes of the simulations: subspace error, transfer error, minimum-norm error, and the papers'
rates.

The first-order laws are derived here (perturbation of the estimator at large N, Gaussian inputs N(0, I)) and checked
against simulation and against the released results of Tripuraneni et al. 2021. They hold while the predicted sine is
below about 0.4. Symbols: d dim, r rank, n samples per task, N = n * tasks, Gam = `diversity(heads)`, nu its
least eigenvalue, kappa its condition number, sigma the noise deviation, n2 target samples.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


def _sine(ratio: Array, dim: Scalar, rank: Scalar) -> Float[Array, ""]:
    """sin atan(ratio (sqrt(d-r) + sqrt(r))): norm of a Gaussian (d-r, r) matrix, turned into the sine of an angle."""
    tangent = ratio * (jnp.sqrt(dim - rank) + jnp.sqrt(rank))
    return jnp.where(jnp.isinf(tangent), 1.0, tangent / jnp.sqrt(1 + tangent**2))


def _effective(total: Scalar, samples: Scalar, rank: int) -> Float[Array, ""]:
    """`N_eff = N (n-r)/n`, each head costs r of its n samples; zero for n <= r, where least squares learns nothing."""
    return jnp.maximum(jnp.asarray(total * (samples - rank) / samples), 0)


def least_squares_sine(
    gamma: Float[Array, "rank rank"], *, samples: Scalar, total: Scalar, dim: Scalar, noise: Scalar
) -> Float[Array, ""]:
    """Sine of the largest angle of rank-r least squares (factored, AltMin, AltMinGD at convergence).

    `sin atan(sigma (sqrt(d-r) + sqrt(r)) / sqrt(N_eff nu))`, `N_eff = N (n-r)/n`: each head costs r of its n samples.

    Args:
      gamma: Gam.
      samples: n per task; 1 for n <= r.
      total: N.
      dim: d.
      noise: sigma.
    """
    rank = gamma.shape[0]
    effective = _effective(total, samples, rank)
    return _sine(noise / jnp.sqrt(effective * jnp.linalg.eigvalsh(gamma)[0]), dim, rank)


def least_squares_frobenius(
    gamma: Float[Array, "rank rank"], *, samples: Scalar, total: Scalar, dim: Scalar, noise: Scalar
) -> Float[Array, ""]:
    """Expected squared Frobenius distance of rank-r least squares, `sigma^2 (d-r) tr(Gam^{-1}) / N_eff`; infinite for n <= r."""
    rank = gamma.shape[0]
    effective = _effective(total, samples, rank)
    return noise**2 * (dim - rank) * jnp.sum(1 / jnp.linalg.eigvalsh(gamma)) / effective


def moments_sine(
    gamma: Float[Array, "rank rank"],
    heads: Float[Array, "task rank"],
    *,
    total: Scalar,
    dim: Scalar,
    noise: Scalar,
) -> Float[Array, ""]:
    """Sine of the largest angle of the method of moments (equal n_t).

    As `least_squares_sine` with `sqrt(lambda_max((2 Gam)^{-1} S (2 Gam)^{-1}) / N)` in place of
    `sigma / sqrt(N_eff nu)`, `S = mean_t [3 s_t^2 I + 12 s_t a_t a_t^T]`, `s_t = ||a_t||^2 + sigma^2`, up to the
    rotation by B. It does not vanish with sigma.
    """
    rank = gamma.shape[0]
    size = jnp.sum(heads**2, axis=1) + noise**2
    spread = 3 * jnp.mean(size**2) * jnp.eye(rank, dtype=heads.dtype)
    spread = spread + 12 * jnp.einsum("t,tr,ts->rs", size, heads, heads) / heads.shape[0]
    inverse = jnp.linalg.inv(2 * gamma)
    return _sine(jnp.sqrt(jnp.linalg.norm(inverse @ spread @ inverse, ord=2) / total), dim, rank)


def transfer_risk(missed: Scalar, *, rank: Scalar, samples: Scalar, noise: Scalar) -> Float[Array, ""]:
    """`E||theta_hat - theta_0||^2 = D + (sigma^2 + D) r / (n2 - r - 1)`, exact given B_hat for Gaussian inputs.

    Args:
      missed: `D = ||(I - B_hat B_hat^T) theta_0||^2`.
      rank: r.
      samples: n2; infinite for n2 <= r + 1.
      noise: sigma.
    """
    missed, spare = jnp.asarray(missed), samples - rank - 1
    return missed + (noise**2 + missed) * jnp.where(spare > 0, rank / jnp.where(spare > 0, spare, 1), jnp.inf)


def minimum_norm_risk(square_norm: Scalar, *, dim: Scalar, samples: Scalar, noise: Scalar) -> Float[Array, ""]:
    """Expected squared error of (minimum-norm) least squares, Gaussian inputs: double descent at n2 = d.

    `sigma^2 d/(n2-d-1)` for n2 > d+1; `||theta||^2 (1 - n2/d) + sigma^2 n2/(d-n2-1)` for n2 < d-1; infinite between.

    Args:
      square_norm: ||theta_0||^2.
      dim: d.
      samples: n2.
      noise: sigma.
    """
    over, under = samples - dim - 1, dim - samples - 1
    many = noise**2 * dim / jnp.where(over > 0, over, 1)
    few = square_norm * (1 - samples / dim) + noise**2 * samples / jnp.where(under > 0, under, 1)
    return jnp.where(over > 0, many, jnp.where(under > 0, few, jnp.inf))


def moments_rate(*, nu: Scalar, kappa: Scalar, total: Scalar, dim: Scalar, rank: Scalar) -> Float[Array, ""]:
    """`sin^2 <= (kappa/nu) d r / N` up to logarithms (Tripuraneni et al. 2021, Theorem 3)."""
    return jnp.asarray(kappa / nu * dim * rank / total)


def local_search_rate(*, nu: Scalar, total: Scalar, dim: Scalar, rank: Scalar, tasks: Scalar) -> Float[Array, ""]:
    """`sin^2 <= (1/nu) max(d, T) r / N` up to logarithms (Tripuraneni et al. 2021, Theorem 2)."""
    return jnp.asarray(jnp.maximum(dim, tasks) * rank / (nu * total))


def lower_rate(*, nu: Scalar, total: Scalar, dim: Scalar, rank: Scalar) -> Float[Array, ""]:
    """`sin^2 >= max(1/(nu N), d r / N)` up to constants: the information limit (Tripuraneni et al. 2021, Theorem 5)."""
    return jnp.maximum(1 / (nu * total), dim * rank / total)


def few_shot_rate(
    *, total: Scalar, dim: Scalar, rank: Scalar, target_samples: Scalar, noise: Scalar
) -> Float[Array, ""]:
    """Excess target risk `sigma^2 (r d / N + r / n2)` (Du et al. 2021, Theorem 4.1), constants and logarithms dropped."""
    return jnp.asarray(noise**2 * (rank * dim / total + rank / target_samples))


def alternating_rate(*, nu: Scalar, total: Scalar, dim: Scalar, rank: Scalar, noise: Scalar) -> Float[Array, ""]:
    """Subspace error `sigma sqrt(d r / (nu N))` of AltMin(GD) (Thekumparampil et al. 2021), logarithms dropped."""
    return noise * jnp.sqrt(dim * rank / (nu * total))


def fedrep_contraction(
    rounds: Float[Array, " round"], *, step: Scalar, smallest: Scalar, start_sine: Scalar, constant: Scalar = 1.0
) -> Float[Array, " round"]:
    """Distance after k rounds relative to the start, `(1 - c eta E_0 sigma_min^2)^{k/2}` (Collins et al. 2021, Thm 1).

    Args:
      rounds: k.
      step: eta of the averaged gradient.
      smallest: smallest singular value of `A / sqrt(|S|)`.
      start_sine: sine at the start; `E_0 = 1 - start_sine^2`.
      constant: c, 1 in the paper.
    """
    rate = 1 - constant * step * (1 - start_sine**2) * smallest**2
    return jnp.clip(rate, 0, 1) ** (rounds / 2)


def least_squares_constant_ratio(
    gamma: Float[Array, "rank rank"], heads: Float[Array, "task rank"], *, samples: Scalar, noise: Scalar
) -> Float[Array, ""]:
    """How many times larger the first-order error of the method of moments is than that of least squares."""
    small = 1e12  # so many samples that the tangent and the sine agree
    arguments = {"total": small, "dim": 1.0 + gamma.shape[0], "noise": noise}
    return moments_sine(gamma, heads, **arguments) / least_squares_sine(gamma, samples=samples, **arguments)
