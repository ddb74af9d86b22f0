"""Deep matrix completion: a product of D square matrices fitted to observed entries by full-batch gradient descent."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_choice, check_nonnegative, check_positive, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import Numbers, PRNGKey, Scalar

STARTS = ("gaussian", "orthogonal", "identity", "analytical")
Matrix = Float[Array, "row column"]
Factors = Float[Array, "layer row column"]  # W^1 first


class Entries(NamedTuple):
    """A matrix M and a mask that is 1 where an entry is observed (Omega), 0 elsewhere."""

    target: Matrix
    mask: Matrix


def low_rank_matrix(key: PRNGKey, *, n: int, rank: Scalar, dtype: Any = None) -> Matrix:
    """`M = A B^T / sqrt(r)` with standard normal A, B (n, r), scaled to `||M||_F = n`: entries have mean square 1.

    Args:
      rank: may be traced; matrices of one key and several ranks share their first columns.
      dtype: floating type; the default one where it is missing.

    Raises:
      BadInput: the rank is below 1 or above n.
    """
    check_whole(upper=n, rank=rank, hint=f"the matrix has {n} rows")
    keys = split_named(key, "a", "b")
    a, b = (jax.random.normal(keys[name], (n, n), dtype or float) for name in ("a", "b"))
    product = jnp.where(jnp.arange(n) < rank, a, 0) @ b.T
    return product * (n / jnp.linalg.norm(product))


def observed_entries(key: PRNGKey, *, n: int, count: Scalar, dtype: Any = None) -> Matrix:
    """A uniform mask of `count` entries without replacement; masks of one key are nested, so the first n1 entries are among the first n2.

    Args:
      count: |Omega|, may be traced.

    Raises:
      BadInput: no entry, or more than there are.
    """
    check_whole(upper=n * n, count=count, hint=f"a mask must not be empty, and there are {n * n} entries")
    order = jax.random.permutation(key, n * n).reshape(n, n)
    return jnp.where(order < count, 1.0, 0.0).astype(dtype or float)


def check_nested(first: Any, second: Any) -> None:
    """Check that a first task's entries are among the second's.

    Raises:
      BadInput: it has more of them.
    """
    a, b = known(first), known(second)
    if a is not None and b is not None and np.max(a) > np.min(b):
        raise BadInput(
            f"phase 1 observes {np.max(a):g} entries, but must nest in the {np.min(b):g} of phase 2; lower the first or raise the second"
        )


def entries(target: Matrix, mask: Float[Array, "..."]) -> Entries:
    """A completion task from a matrix and its observed entries.

    Raises:
      BadInput: shapes differ, or nothing is observed.
    """
    if target.shape != mask.shape:
        raise BadInput(f"mask has shape {mask.shape}, but must have the matrix's, {target.shape}; observe its entries")
    seen = known(mask)
    if seen is not None and not np.any(seen):
        raise BadInput("mask is empty, but must hold at least one observed entry; raise the number of entries")
    return Entries(target, mask)


def starting_factors(
    key: PRNGKey, target: Matrix, *, depth: int, scale: Scalar = 1e-3, start: str = "gaussian", noise: Scalar = 0.0
) -> Factors:
    """The D factors before training.

    | start | every factor | norm of the product |
    | --- | --- | --- |
    | gaussian | entries N(0, (c^(1/D) n^(-1/2))^2) | about c sqrt(n) |
    | orthogonal | (c sqrt(n))^(1/D) / sqrt(n)^(1/D) times a random orthogonal matrix | c sqrt(n) |
    | identity | c^(1/D) I; with noise, diag(c + noise g)^(1/D) with g standard normal, the same in every factor | c sqrt(n) |
    | analytical | identity turned into the singular bases of M in the first and the last factor | c sqrt(n) |

    Args:
      target: M; its shape, and its bases for the analytical start.
      scale: c.
      noise: of the identity start alone; makes its singular values distinct.

    Raises:
      BadInput: D < 1, c not positive, M not square, or an unknown start.
    """
    check_whole(depth=depth, hint="a product needs a factor")
    check_positive(scale=scale, hint="a start at 0 is a saddle that is never left")
    check_nonnegative(noise=noise)
    check_choice("start", start, STARTS)
    n = target.shape[0]
    if target.shape[1] != n:
        raise BadInput(
            f"the matrix has shape {target.shape}, but a '{start}' start needs a square one; pad it with zeros"
        )
    keys, size = split_named(key, "factors", "noise"), jnp.asarray(scale, target.dtype) ** (1 / depth)
    if start == "gaussian":
        return size / n**0.5 * jax.random.normal(keys["factors"], (depth, n, n), target.dtype)
    if start == "orthogonal":
        return size * jax.random.orthogonal(keys["factors"], n, (depth,), target.dtype)
    values = scale + noise * jax.random.normal(keys["noise"], (n,), target.dtype)
    layers = jnp.broadcast_to(jnp.diag(values ** (1 / depth)), (depth, n, n))
    if start == "identity":
        return layers
    u, _, vt = jnp.linalg.svd(target)
    layers = layers.at[0].set(layers[0] @ vt)
    return layers.at[-1].set(u @ layers[-1])


def product(factors: Factors) -> Matrix:
    """`P = W^D ... W^1`."""
    out = factors[0]
    for i in range(1, factors.shape[0]):
        out = factors[i] @ out
    return out


def observed_loss(factors: Factors, data: Entries) -> Float[Array, ""]:
    """`L = 1 / (2 |Omega|) sum_Omega (P_ij - M_ij)^2`."""
    return jnp.sum(data.mask * (product(factors) - data.target) ** 2) / (2 * jnp.sum(data.mask))


def reconstruction_error(factors: Factors, target: Matrix) -> Float[Array, ""]:
    """Mean of `(P_ij - M_ij)^2` over all entries, observed or not."""
    return jnp.mean((product(factors) - target) ** 2)


def singular_values(factors: Factors, most: int) -> Float[Array, " rank"]:
    """The largest singular values of the product."""
    return jnp.linalg.svd(product(factors), compute_uv=False)[:most]


def completion(
    *, depth: int, lr: Scalar, scale: Scalar = 1e-3, start: str = "gaussian", noise: Scalar = 0.0
) -> Iteration:
    """Gradient descent on the observed loss (Kleinman, Achille and Soatto, ICLR 2024, section 4).

    Args:
      depth: factors D.
      lr: step; the data term is divided by |Omega|, so few entries or large matrices need a smaller one.
      scale, start, noise: see `starting_factors`.

    Returns:
      An `Iteration` on `Entries` whose state is the factors (layer, row, column); `step` reports the loss before it.

    Raises:
      BadInput: as `starting_factors`, or lr not positive.
    """
    check_whole(depth=depth, hint="a product needs a factor")
    check_positive(lr=lr, scale=scale)
    check_nonnegative(noise=noise)
    check_choice("start", start, STARTS)

    def init(key: PRNGKey, data: Entries) -> Factors:
        return starting_factors(key, data.target, depth=depth, scale=scale, start=start, noise=noise)

    def step(key: PRNGKey | None, factors: Factors, data: Entries) -> tuple[Factors, Float[Array, ""]]:
        loss, gradient = jax.value_and_grad(observed_loss)(factors, data)
        return factors - lr * gradient, loss

    return Iteration(init, step)


def check_descended(losses: Numbers, at: Numbers, *, depth: int, lr: float) -> None:
    """Check recorded losses (..., record) after a run.

    Raises:
      BadInput: one is not finite; names the first such step, the depth and the learning rate.
    """
    bad = ~np.isfinite(np.asarray(losses)).reshape(-1, len(np.asarray(at))).all(0)
    if bad.any():
        when = int(np.asarray(at)[bad.argmax()])
        raise BadInput(
            f"the loss is not finite at step {when} with depth {depth} and lr {lr:g}, but must stay so; lower lr"
        )
