"""The linear multitask model: hyperplanes of given alignment, features of several laws, noisy targets, and the exact test risk."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_finite, check_positive, check_psd, check_shape, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.psd import sqrt_psd
from mtrl.numerics.types import Numbers, PRNGKey, Scalar
from mtrl.random_matrix.data import TaskData

CONCENTRATED = ("gaussian", "rademacher", "uniform", "tanh")
LAWS = (*CONCENTRATED, "elliptical")


class LinearModel(NamedTuple):
    """`y = x . w_t/sqrt(Td) + eps`, `x = root_t z`, z of covariance I; made by `linear_model`, which checks."""

    W: Float[Array, "task dim"]
    root: Float[Array, "task dim dim"] | None  # root_t root_t^T = Sigma_t; None is the identity
    noise: Float[Array, " task"]  # variance of eps

    @property
    def gram(self) -> Float[Array, "task task"]:
        """`w_s.w_t/(Td)`."""
        return self.W @ self.W.T / self.W.size

    @property
    def covariance(self) -> Float[Array, "task dim dim"] | None:
        """Sigma_t; None is the identity."""
        return None if self.root is None else self.root @ self.root.mT


def linear_model(W: Numbers, *, noise: Numbers, covariance: Numbers | None = None) -> LinearModel:
    """The model from hyperplanes, noise variances and covariances.

    Args:
      W: (T, d) hyperplanes; the ordinary regression vectors are `w_t/sqrt(Td)`.
      noise: one variance for all tasks, or (T,).
      covariance: (T, d, d), or (d, d) for all tasks; None is the identity.

    Raises:
      BadInput: shapes that disagree, noise that is not positive, a covariance that is not symmetric positive semi-definite.
    """
    W = jnp.asarray(W, float)
    check_shape("W", W, (None, None), hint="one hyperplane per row")
    check_finite(W=W)
    check_positive(noise=noise)
    tasks, dim = W.shape
    noise = jnp.broadcast_to(jnp.asarray(noise, W.dtype), (tasks,))
    if covariance is None:
        return LinearModel(W, None, noise)
    covariance = jnp.asarray(covariance, W.dtype)
    covariance = jnp.stack([covariance] * tasks) if covariance.ndim == 2 else covariance
    check_shape("covariance", covariance, (tasks, dim, dim))
    check_psd(covariance=covariance)
    return LinearModel(W, sqrt_psd(covariance), noise)


def check_alignment(alpha: Scalar, tasks: int = 2) -> None:
    """Refuse a cosine that not all pairs of `tasks` vectors can share; a traced one passes.

    Raises:
      BadInput: alpha is not between -1/(tasks-1) and 1.
    """
    value = known(alpha)
    if value is None:
        return
    if not -1 <= value <= 1:
        raise BadInput(f"alpha is {value:g}, but a cosine lies between -1 and 1")
    if tasks > 2 and value < -1 / (tasks - 1) - 1e-12:
        raise BadInput(
            f"alpha is {value:g}, but {tasks} vectors cannot all have pairwise cosine below {-1 / (tasks - 1):.4g}"
        )


def aligned_gram(alpha: Scalar, tasks: int) -> Float[Array, "task task"]:
    """`w_s.w_t/(Td)` for |w_t|^2 = d and all cosines alpha.

    Raises:
      BadInput: no such vectors exist (`check_alignment`).
    """
    check_alignment(alpha, tasks)
    eye = jnp.eye(tasks)
    return (eye + jnp.asarray(alpha) * (1 - eye)) / tasks


def aligned_hyperplanes(key: PRNGKey, *, tasks: int, dim: int, alpha: Scalar) -> Float[Array, "task dim"]:
    """T vectors with |w_t|^2 = d and all cosines alpha, uniformly oriented (the paper's `w_2 = alpha w_1 + sqrt(1-alpha^2) w_1^perp`).

    They are the symmetric square root of the gram times T orthonormal rows.

    Raises:
      BadInput: no such vectors exist: dim is below the number of tasks, or alpha below -1/(tasks-1).
    """
    if dim < tasks:
        raise BadInput(f"dim got {dim}, but {tasks} hyperplanes of chosen cosines need at least {tasks} dimensions")
    check_alignment(alpha, tasks)
    rows = jnp.linalg.qr(jax.random.normal(key, (dim, tasks)))[0].T
    alpha = jnp.asarray(alpha, rows.dtype)
    rest = jnp.sqrt(jnp.maximum(1 - alpha, 0))
    shared = jnp.sqrt(jnp.maximum(1 + (tasks - 1) * alpha, 0))
    return jnp.sqrt(float(dim)) * (rest * rows + (shared - rest) / tasks * jnp.sum(rows, axis=0))


def aligned_model(key: PRNGKey, *, tasks: int, dim: int, alpha: Scalar, noise: Scalar) -> LinearModel:
    """Hyperplanes with |w_t|^2 = d and common cosine alpha, identity covariance, equal noise."""
    W = aligned_hyperplanes(key, tasks=tasks, dim=dim, alpha=alpha)
    return LinearModel(W, None, jnp.full(tasks, noise, W.dtype))


def autoregressive_covariance(rho: Scalar, dim: int) -> Float[Array, "dim dim"]:
    """`Sigma_ij = rho^|i-j|`."""
    gap = jnp.abs(jnp.arange(dim)[:, None] - jnp.arange(dim)[None]).astype(float)
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


def sample_tasks(key: PRNGKey, model: LinearModel, *, counts: tuple[int, ...], law: str = "gaussian") -> TaskData:
    """Draw one training set; task t uses its own key, so that a further task leaves the others as they were.

    Args:
      key: PRNG key.
      model: the model.
      counts: n_t of every task, static.
      law: of the features, see `sample_features`.

    Raises:
      BadInput: a task without samples, or a number of counts that is not that of the tasks.
    """
    T, d = model.W.shape
    check_shape("counts", counts, (T,), hint="one number of samples per task")
    check_whole(counts=counts)
    features, targets = [], []
    for t, n in enumerate(counts):
        keys = split_named(jax.random.fold_in(key, t), "features", "noise")
        X = sample_features(keys["features"], law=law, samples=n, dim=d)
        X = X if model.root is None else X @ model.root[t].T
        eps = jnp.sqrt(model.noise[t]) * jax.random.normal(keys["noise"], (n,))
        y = X @ model.W[t] / jnp.sqrt(float(T * d)) + eps
        features.append(jnp.pad(X, ((0, max(counts) - n), (0, 0))))
        targets.append(jnp.pad(y, (0, max(counts) - n))[:, None])
    return TaskData(jnp.stack(features), jnp.stack(targets), jnp.asarray(counts))


def exact_risk(model: LinearModel, W: Float[Array, "task dim output"]) -> Float[Array, " task"]:
    """Exact test risk of an estimate: `(What-W)^T Sigma (What-W)/(Td) + sig2`, no fresh samples needed."""
    error = W[:, :, 0] - model.W
    error = error if model.root is None else jnp.einsum("tji,tj->ti", model.root, error)
    return jnp.sum(error**2, axis=1) / model.W.size + model.noise
