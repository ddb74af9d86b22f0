"""Related binary (or multi-class) tasks as Gaussian mixtures with shared geometry, and the type of labelled samples.

Model of Tiomoko, Tiomoko Ali, Couillet, "Deciphering and Optimizing Multi-Task Learning: a Random Matrix Approach", ICLR 2021,
section 2: a sample of class j of task i is x ~ N(mu_ij, Sigma_i), with Sigma_i = I_p unless roots are given.

| paper | here | shape |
| --- | --- | --- |
| mu_ij | means[i, j] | (task, cls, dim) |
| X_i (columns) | rows of X with task == i | (sample, dim) |
| n_ij | counts[i, j] | (task, cls) |
| Delta mu_i = mu_i1 - mu_i2 | mean_differences | (task, dim) |
| C_1, C_2 | label 0, 1 | |
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Num
from numpy.typing import ArrayLike as Listed

from mtrl.numerics.checks import check_finite, check_nonnegative, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

Counts = tuple[tuple[int, ...], ...]  # static numbers of samples, which set shapes
# One row per task: an array, or nested lists.
Table = Num[ArrayLike, "task cls"] | Sequence[Sequence[float]]


def floating(values: Listed) -> Float[Array, "..."]:
    """An array of floats: whole numbers and lists become floats of the default precision, other precisions stay."""
    values = jnp.asarray(values)
    return values if jnp.issubdtype(values.dtype, jnp.floating) else values.astype(float)


class Samples(NamedTuple):
    """Labelled samples of several tasks, one row each, in any order."""

    X: Float[Array, "sample dim"]  # features
    task: Int[Array, " sample"]  # index of the task, 0 .. k-1
    label: Int[Array, " sample"]  # index of the class: 0 is the paper's C_1, 1 its C_2


def pack(X: Listed, task: Listed, label: Listed, *, tasks: int | None = None, classes: int = 2) -> Samples:
    """Samples of one's own, checked.

    Args:
      X: (n, p) features.
      task: (n,) task index of every row, 0 .. k-1.
      label: (n,) class index of every row; 0 is the paper's C_1, 1 its C_2.
      tasks: k; None takes the largest index plus 1.
      classes: number of classes.

    Raises:
      BadInput: shapes that disagree, values that are not finite, an unknown task or label, or an empty class.
    """
    X, task, label = np.asarray(X), np.asarray(task), np.asarray(label)
    if X.ndim != 2 or task.shape != X.shape[:1] or label.shape != X.shape[:1]:
        raise BadInput(
            f"X, task and label got shapes {X.shape}, {task.shape} and {label.shape}, but need (n, p), (n,) and (n,)"
        )
    check_finite(X=X)
    tasks = int(task.max(initial=0)) + 1 if tasks is None else tasks
    check_whole(lower=0, upper=tasks - 1, task=task)
    check_whole(lower=0, upper=classes - 1, label=label)
    counts = np.zeros((tasks, classes), dtype=int)
    np.add.at(counts, (task.astype(int), label.astype(int)), 1)
    for i, j in np.argwhere(counts < 1):
        raise BadInput(f"class {j + 1} of task {i} has no samples, but every class of every task needs at least one")
    dtype = X.dtype if np.issubdtype(X.dtype, np.floating) else float
    return Samples(jnp.asarray(X, dtype), jnp.asarray(task, jnp.int32), jnp.asarray(label, jnp.int32))


class Mixture(NamedTuple):
    """Parameters of the Gaussian mixtures."""

    means: Float[Array, "task cls dim"]  # class means mu_ij
    roots: Float[Array, "task dim dim"] | None = None  # square roots R_i with Sigma_i = R_i R_i^T; None is the identity


def check_directions(sources: int, dim: int) -> None:
    """Refuse fewer dimensions than orthonormal directions q.

    Raises:
      BadInput: dim is at most the number of sources.
    """
    if dim <= sources:
        raise BadInput(
            f"dim got {dim}, but {sources} sources and their target need {sources + 1} orthogonal directions; choose a larger dim"
        )


def related_means(
    similarity: Num[ArrayLike, " source"] | Sequence[float], *, norm: Scalar, dim: int
) -> Float[Array, "task 2 dim"]:
    """Class means of sources whose mean difference has cosine `similarity[s]` with that of the target, the last task.

    dmu_target = norm q_0 and dmu_s = norm (beta_s q_0 + sqrt(1 - beta_s^2) q_s) with orthonormal q; classes sit at +-dmu/2 (a
    common shift of both classes changes nothing after task-wise centring).

    Args:
      similarity: beta_s in [-1, 1].
      norm: |dmu|, in units of the noise's standard deviation.
      dim: p, at least one more than the number of sources.

    Raises:
      BadInput: dim is too small, a cosine lies outside [-1, 1], or norm is negative.
    """
    beta = known(similarity)
    if beta is not None and not (np.abs(beta) <= 1).all():
        raise BadInput(f"similarity got {beta[~(np.abs(beta) <= 1)][0]:g}, but a cosine lies between -1 and 1")
    check_nonnegative(norm=norm)
    similarity = floating(similarity)
    sources = similarity.shape[0]
    check_directions(sources, dim)
    q = jnp.eye(sources + 1, dim, dtype=similarity.dtype)
    own = jnp.sqrt(jnp.maximum(1.0 - similarity**2, 0.0))
    dmu = norm * jnp.concatenate([similarity[:, None] * q[0] + own[:, None] * q[1:], q[:1]])
    return jnp.stack([dmu / 2, -dmu / 2], axis=1)


def mean_differences(means: Float[Array, "task 2 dim"]) -> Float[Array, "task dim"]:
    """Delta mu_i = mu_i1 - mu_i2."""
    return means[:, 0] - means[:, 1]


def membership(counts: Counts) -> tuple[Int[np.ndarray, " sample"], Int[np.ndarray, " sample"]]:
    """Task and class index of every sample, tasks and classes in order (host side: `counts` sets shapes)."""
    task = [i for i, row in enumerate(counts) for n in row for _ in range(n)]
    label = [j for row in counts for j, n in enumerate(row) for _ in range(n)]
    return np.asarray(task, dtype=np.int32), np.asarray(label, dtype=np.int32)


def sample_mixture(key: PRNGKey, params: Mixture, *, counts: Counts) -> Samples:
    """Draw `counts[i][j]` samples of class j of task i."""
    check_whole(counts=counts)
    keys = split_named(key, "features")
    task, label = membership(counts)
    means = params.means
    noise = jax.random.normal(keys["features"], (task.size, means.shape[-1]), means.dtype)
    if params.roots is not None:
        noise = jnp.einsum("sij,sj->si", params.roots[task], noise)
    return Samples(X=means[task, label] + noise, task=jnp.asarray(task), label=jnp.asarray(label))


def bayes_error(means: Float[Array, "task 2 dim"]) -> Float[Array, " task"]:
    """Phi(-|dmu_i|/2): error of the best rule that knows the means (identity covariance, equal priors)."""
    return jax.scipy.stats.norm.cdf(-jnp.linalg.norm(mean_differences(means), axis=-1) / 2)
