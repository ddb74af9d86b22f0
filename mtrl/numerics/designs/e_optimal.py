"""E-optimal design, over points and over the actions of contexts: the largest smallest eigenvalue of the information matrix.

`rho_E = min_lambda ||A(lambda)^{-1}|| = 1 / max_lambda lambda_min(A(lambda))`. The smallest eigenvalue is not differentiable where it is
repeated, which is where the optimum lies; so it is approached by the criteria `(tr A^{-p})^{1/p}` of rising p, each by the multiplicative
rule (Kiefer 1974, Annals of Statistics 2; Yu 2010, Annals of Statistics 38).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative, check_whole, known
from mtrl.numerics.designs.certificate import CertifiedDesign, certify, check_tolerance
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

LADDER = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0)


def _climb(
    features: Float[Array, "context arm dim"],
    shares: Float[Array, " context"],
    iterations: int,
    tolerance: Scalar,
) -> CertifiedDesign:
    """The ladder for conditional weights pi(a|s) at contexts of given shares; points are one context.

    Certificate: for every positive semidefinite U of trace one `lambda_min(A(pi)) <= tr(U A(pi)) <= sum_s D(s) max_a phi^T U phi`. The best
    weights and the best U of all steps are kept.
    """
    contexts, arms, dim = features.shape
    size = jnp.max(jnp.abs(features))
    rows = features / jnp.where(size > 0, size, 1)

    def spectrum(weights):
        flat = rows.reshape(-1, dim)
        return jnp.linalg.eigh((flat.T * (shares[:, None] * weights).reshape(-1)) @ flat)

    def step(power, state):
        weights, best, lower, upper = state
        values, vectors = spectrum(weights)
        better = values[0] > lower
        best, lower = jnp.where(better, weights, best), jnp.maximum(values[0], lower)
        # A^{-p-1} / tr A^{-p-1} from eigenvalues over the smallest one, which cannot overflow.
        ratios = (jnp.maximum(values[0], 0) / jnp.where(values > 0, values, jnp.inf)) ** (power + 1)
        ratios = jnp.where(jnp.sum(ratios) > 0, ratios, jnp.ones_like(ratios))
        slopes = jnp.sum(ratios / jnp.sum(ratios) * (rows @ vectors) ** 2, axis=-1)
        upper = jnp.minimum(upper, shares @ jnp.max(slopes, axis=1))
        top = jnp.max(slopes, axis=1, keepdims=True)
        raised = weights * (slopes / jnp.where(top > 0, top, 1)) ** (1 / (power + 1))
        total = jnp.sum(raised, axis=1, keepdims=True)
        weights = jnp.where(total > 0, raised / jnp.where(total > 0, total, 1), weights)
        return weights, best, lower, upper

    def rung(state, power):
        # Each rung starts at the best weights so far: the one before it ended at the optimum of another criterion.
        return jax.lax.fori_loop(0, iterations, lambda _, s: step(power, s), state), None

    finite = jnp.isfinite(features).all() & jnp.isfinite(shares).all()
    start = jnp.where(finite, jnp.full((contexts, arms), 1 / arms, features.dtype), jnp.nan)
    dtype = features.dtype
    state = (start, start, jnp.asarray(0, dtype), jnp.asarray(jnp.inf, dtype))
    (weights, best, lower, upper), _ = jax.lax.scan(rung, state, jnp.asarray(LADDER, dtype))
    _, best, lower, upper = step(jnp.asarray(LADDER[-1], dtype), (weights, best, lower, upper))
    values = spectrum(start)[0]
    rank = jnp.sum(values > dim * jnp.finfo(dtype).eps * values[-1]).astype(dtype)
    seen = jnp.where(rank == dim, 1, jnp.nan).astype(dtype)  # what does not span has lambda_min zero, up to rounding
    scale = jnp.where(finite, size**2, jnp.nan)
    return certify(best, seen / (lower * scale), 1 / (upper * scale), tolerance, rank)


def e_optimal(points: Float[Array, "arm dim"], *, iterations: int = 400, tolerance: Scalar = 1e-2) -> CertifiedDesign:
    """The E-optimal design over rows x by the ladder p = 1, 4, ..., 4096: `lambda <- lambda (x^T U x)^{1/(p+1)}`, `U ~ A^{-p-1}`.

    Orthogonal points of norms a_i have `lambda_i ~ 1/a_i^2` and `rho_E = sum_i 1/a_i^2`; rung p reaches `lambda_i ~ a_i^{-2p/(p+1)}`.

    Args:
      points: X, which must span all dimensions (`check_spanning` on the host); the value of others is NaN.
      iterations: static number of steps per rung.
      tolerance: largest relative gap that counts as converged; 400 steps reach 4e-3 on 40 anisotropic points of R^4.

    Returns:
      `CertifiedDesign` with value `1 / lambda_min(A(lambda))`, at least rho_E, and the bound below rho_E.

    Raises:
      BadInput: no iteration, or a tolerance that the precision cannot reach.
    """
    check_whole(iterations=iterations)
    check_tolerance(tolerance, points.dtype)
    design = _climb(points[None], jnp.ones(1, points.dtype), iterations, tolerance)
    return design._replace(weights=design.weights[0])


def contextual_e_optimal(
    features: Float[Array, "context arm dim"],
    probabilities: Float[Array, " context"],
    *,
    iterations: int = 400,
    tolerance: Scalar = 1e-2,
) -> CertifiedDesign:
    """The policy pi(a|s) of the largest `lambda_min(sum_s D(s) sum_a pi(a|s) phi phi^T)`, by the same ladder in every context.

    Args:
      features: phi(s, a).
      probabilities: D(s), known or estimated.
      iterations: static number of steps per rung.
      tolerance: largest relative gap that counts as converged.

    Returns:
      `CertifiedDesign` with weights (context, arm), value `1 / lambda_min`, and the bound below the best one.

    Raises:
      BadInput: probabilities that are negative or do not sum to one, no iteration, or a tolerance that the precision cannot reach.
    """
    check_whole(iterations=iterations)
    check_tolerance(tolerance, features.dtype)
    check_distribution("probabilities", probabilities)
    return _climb(features, probabilities, iterations, tolerance)


def check_distribution(name: str, values: Array) -> None:
    """Check that the last axis is a probability vector; traced ones pass.

    Raises:
      BadInput: a negative entry, or another sum than one.
    """
    array = known(values)
    if array is None:
        return
    check_nonnegative(hint="they are probabilities", **{name: array})
    sums = array.sum(-1)
    wrong = sums.flat[int(abs(sums - 1).argmax())] if sums.ndim else sums
    if abs(wrong - 1) > 1e-5:
        raise BadInput(f"{name} sum to {float(wrong):.6g}, but must sum to 1; divide by the sum")
