"""The linear multitask model: hyperplanes of given alignment, features of several laws, noisy targets, and the exact test risk."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.random_matrix.data import TaskData

CONCENTRATED = ("gaussian", "rademacher", "uniform", "tanh")
LAWS = (*CONCENTRATED, "elliptical")


class Params(NamedTuple):
    """`y = x . w_t/sqrt(Td) + eps`, `x = root_t z`, z of covariance I."""

    W: Float[Array, "task dim"]
    root: Float[Array, "task dim dim"]  # root_t root_t^T = Sigma_t
    noise: Float[Array, " task"]  # variance of eps


def aligned_hyperplanes(key: PRNGKey, *, tasks: int, dim: int, alpha: Scalar) -> Float[Array, "task dim"]:
    """T vectors with |w_t|^2 = d and all cosines alpha, uniformly oriented (the paper's `w_2 = alpha w_1 + sqrt(1-alpha^2) w_1^perp`).

    They are the symmetric square root of the gram times T orthonormal rows; needs alpha >= -1/(tasks-1) (`check.check_alignment`).

    Raises:
      BadInput: dim is below the number of tasks.
    """
    if dim < tasks:
        raise BadInput(f"dim got {dim}, but {tasks} hyperplanes of chosen cosines need at least {tasks} dimensions")
    rows = jnp.linalg.qr(jax.random.normal(key, (dim, tasks)))[0].T
    alpha = jnp.asarray(alpha, rows.dtype)
    rest = jnp.sqrt(jnp.maximum(1 - alpha, 0))
    shared = jnp.sqrt(jnp.maximum(1 + (tasks - 1) * alpha, 0))
    return jnp.sqrt(float(dim)) * (rest * rows + (shared - rest) / tasks * jnp.sum(rows, axis=0))


def autoregressive_covariance(rho: Scalar, dim: int) -> Float[Array, "dim dim"]:
    """`Sigma_ij = rho^|i-j|`."""
    gap = jnp.abs(jnp.arange(dim)[:, None] - jnp.arange(dim)[None])
    return jnp.asarray(rho, float) ** gap


def tanh_whitener(A: Float[Array, "dim rank"], terms: int = 25) -> Float[Array, "dim dim"]:
    """`C^-1/2` for `C = Cov(tanh(A g))`, rows of A of length 1, from the Hermite series `C_ij = sum_k c_k^2 (A A^T)_ij^k`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(101)
    weights = weights / weights.sum()
    values = np.tanh(nodes)
    C = jnp.zeros((A.shape[0], A.shape[0]), A.dtype)
    R = A @ A.T
    R = R - jnp.diag(jnp.diagonal(R))
    previous, current = np.ones_like(nodes), nodes  # normalised Hermite polynomials
    for k in range(1, 2 * terms):
        c = float(weights @ (values * current))
        C = C + c**2 * R**k
        previous, current = current, (nodes * current - np.sqrt(k) * previous) / np.sqrt(k + 1)
    C = C + float(weights @ values**2) * jnp.eye(A.shape[0], dtype=A.dtype)
    s, U = jnp.linalg.eigh(C)
    return (U / jnp.sqrt(s)) @ U.T


def sample_features(key: PRNGKey, *, law: str, samples: int, dim: int) -> Float[Array, "sample dim"]:
    """Rows z of mean 0 and covariance I.

    Concentrated: "gaussian"; "rademacher" (signs); "uniform" (on [-sqrt 3, sqrt 3]); "tanh" (whitened tanh(A g), A of 2d columns with
    random rows of length 1, a Lipschitz image of a Gaussian). Not concentrated: "elliptical", Gaussian rows times a random radius, .2
    with probability .8 and sqrt((1-.032)/.2) with probability .2.

    Raises:
      BadInput: unknown law.
    """
    keys = split_named(key, "entries", "radius", "mixing")
    shape = (samples, dim)
    if law == "gaussian":
        return jax.random.normal(keys["entries"], shape)
    if law == "rademacher":
        return jax.random.rademacher(keys["entries"], shape, dtype=float)
    if law == "uniform":
        return jax.random.uniform(keys["entries"], shape, minval=-(3**0.5), maxval=3**0.5)
    if law == "tanh":
        A = jax.random.normal(keys["mixing"], (dim, 2 * dim))
        A = A / jnp.linalg.norm(A, axis=1, keepdims=True)
        return jnp.tanh(jax.random.normal(keys["entries"], (samples, 2 * dim)) @ A.T) @ tanh_whitener(A)
    if law == "elliptical":
        small = jax.random.bernoulli(keys["radius"], 0.8, (samples, 1))
        radius = jnp.where(small, 0.2, ((1 - 0.8 * 0.2**2) / 0.2) ** 0.5)
        return radius * jax.random.normal(keys["entries"], shape)
    raise BadInput(f"law is {law!r}, but takes one of {', '.join(LAWS)}")


def sample(key: PRNGKey, params: Params, *, counts: tuple[int, ...], law: str = "gaussian") -> TaskData:
    """Draw one training set; task t uses its own key, so that a further task leaves the others as they were.

    Args:
      key: PRNG key.
      params: the model.
      counts: n_t of every task, static.
      law: of the features, see `sample_features`.
    """
    T, d = params.W.shape
    features, targets = [], []
    for t, n in enumerate(counts):
        keys = split_named(jax.random.fold_in(key, t), "features", "noise")
        X = sample_features(keys["features"], law=law, samples=n, dim=d) @ params.root[t].T
        eps = jnp.sqrt(params.noise[t]) * jax.random.normal(keys["noise"], (n,))
        y = X @ params.W[t] / jnp.sqrt(float(T * d)) + eps
        features.append(jnp.pad(X, ((0, max(counts) - n), (0, 0))))
        targets.append(jnp.pad(y, (0, max(counts) - n))[:, None])
    return TaskData(jnp.stack(features), jnp.stack(targets), jnp.asarray(counts))


def test_risk(params: Params, W: Float[Array, "task dim output"]) -> Float[Array, " task"]:
    """Exact test risk of an estimate: `(What-W)^T Sigma (What-W)/(Td) + sig2`, no fresh samples needed."""
    T, d = params.W.shape
    error = jnp.einsum("tji,tj->ti", params.root, W[:, :, 0] - params.W)
    return jnp.sum(error**2, axis=1) / (T * d) + params.noise


test_risk.__test__ = False  # a name pytest would collect
