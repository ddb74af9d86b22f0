"""Least squares with a shared subspace, `min over B, w of sum_t ||y_t - X_t B w_t||^2`, from the moments of the data.

Two ways to descend, both with exact heads: alternating ridge solves (`alternate`), and Gauss-Newton steps on B with the heads eliminated
(`project_variables`; Golub and Pereyra 1973), which needs far fewer steps for directions whose heads are small. A positive ridge
keeps every system regular before there is data; in the system of a basis it counts as at least 16 eps times the system's trace, since less
is lost in rounding. Pseudo-inverse heads without a ridge: `mtrl.representation.subspace`.

| symbol | name | shape |
| --- | --- | --- |
| B | basis | (dim, rank), orthonormal columns |
| w_t | heads | (task, rank) |
| G_t = X_t^T X_t, c_t = X_t^T y_t | `data.gram`, `data.cross` | (task, dim, dim), (task, dim) |
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg import elimination
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


class SharedSubspace(NamedTuple):
    """A subspace with the heads that are best in it."""

    basis: Float[Array, "dim rank"]
    heads: Float[Array, "task rank"]
    inverse: Float[Array, "task rank rank"]  # (B^T G_t B + ridge I)^-1


def best_heads(data: Moments, basis: Float[Array, "dim rank"], ridge: Scalar) -> SharedSubspace:
    """Ridge heads in a fixed subspace, `w_t = (B^T G_t B + ridge I)^-1 B^T c_t`."""
    inner = jnp.einsum("dk,mde,el->mkl", basis, data.gram, basis)
    inverse = elimination.inverse(inner + ridge * jnp.eye(basis.shape[1], dtype=basis.dtype))
    return SharedSubspace(basis, jnp.einsum("mkl,ml->mk", inverse, data.cross @ basis), inverse)


def _solve(
    system: Float[Array, "rank dim rank dim"], target: Float[Array, "rank dim"], ridge: Scalar
) -> Float[Array, "dim rank"]:
    """`(system + max(ridge, 16 eps trace(system)) I)^-1 target`: where the data leave the system singular and rounding takes the ridge,
    elimination meets a zero pivot or not as the compiler has it."""
    rank, dim = target.shape
    flat = system.reshape(rank * dim, rank * dim)
    least = 16 * jnp.finfo(flat.dtype).eps * jnp.trace(flat)
    flat = flat + jnp.maximum(ridge, least) * jnp.eye(rank * dim, dtype=flat.dtype)
    return jnp.linalg.solve(flat, target.reshape(-1)).reshape(rank, dim).T


def best_basis(data: Moments, heads: Float[Array, "task rank"], ridge: Scalar) -> Float[Array, "dim rank"]:
    """Best (not orthonormal) basis for fixed heads, one ridge system of size dim * rank."""
    system = jnp.einsum("mk,ml,mde->kdle", heads, heads, data.gram)
    return _solve(system, jnp.einsum("mk,md->kd", heads, data.cross), ridge)


def spectral_start(data: Moments, rank: int, ridge: Scalar) -> Float[Array, "dim {rank}"]:
    """Leading left singular vectors of the matrix of the tasks' own ridge estimates."""
    eye = jnp.eye(data.cross.shape[1], dtype=data.cross.dtype)
    estimates = jnp.linalg.solve(data.gram + ridge * eye, data.cross[..., None])[..., 0]
    _, vectors = jnp.linalg.eigh(estimates.T @ estimates)
    return vectors[:, ::-1][:, :rank]


def alternate(data: Moments, start: Float[Array, "dim rank"], *, ridge: Scalar, sweeps: int = 15) -> SharedSubspace:
    """`sweeps` times heads, basis, QR; then the heads. The loss never rises except for the ridge's share.

    Args:
      data: moments of the tasks.
      start: orthonormal basis, of the last fit or `spectral_start`.
      ridge: positive.
      sweeps: alternations (static).
    """

    def sweep(basis, _):
        return jnp.linalg.qr(best_basis(data, best_heads(data, basis, ridge).heads, ridge))[0], None

    return best_heads(data, jax.lax.scan(sweep, start, None, length=sweeps)[0], ridge)


def basis_step(data: Moments, found: SharedSubspace, ridge: Scalar) -> Float[Array, "dim rank"]:
    """The Gauss-Newton step dB for `theta_t = B w_t + dB w_t + B dw_t` with the heads' best answers dw_t put in.

    `sum_t S_t dB w_t w_t^T + ridge dB = sum_t (c_t - G_t B w_t) w_t^T`, `S_t = G_t - G_t B (B^T G_t B + ridge I)^-1 B^T G_t`, for heads
    that are best for B. Heads and cross moments are divided by the heads' root mean square, so that the damping has the units of the loss.
    """
    size = jnp.sqrt(jnp.mean(found.heads**2))
    size = jnp.where(size > 0, size, 1.0)
    heads, cross = found.heads / size, data.cross / size
    pulled = data.gram @ found.basis  # G_t B
    left = data.gram - jnp.einsum("mdk,mkl,mel->mde", pulled, found.inverse, pulled)  # S_t
    missing = cross - jnp.einsum("mdk,mk->md", pulled, heads)
    return _solve(jnp.einsum("mk,ml,mde->kdle", heads, heads, left), jnp.einsum("mk,md->kd", heads, missing), ridge)


def project_variables(
    data: Moments, start: Float[Array, "dim rank"], *, ridge: Scalar, steps: int = 5
) -> SharedSubspace:
    """`steps` Gauss-Newton steps from `start`, made orthonormal by QR after each; without data it stays."""

    def step(found, _):
        basis, _ = jnp.linalg.qr(found.basis + basis_step(data, found, ridge))
        return best_heads(data, basis, ridge), None

    return jax.lax.scan(step, best_heads(data, start, ridge), None, length=steps)[0]
