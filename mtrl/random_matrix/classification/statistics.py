"""Statistics of the theory estimated from training data alone (Tiomoko, Tiomoko Ali, Couillet, ICLR 2021, section 3.3).

The theory needs only the k x k Gram matrix dmu_i . dmu_j, which averages over p coordinates: small data sets suffice. Off the diagonal
the two tasks' samples are independent, so the product of the empirical differences is unbiased; on the diagonal the noise of the class
means has to be removed.
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.psd import spectral_map
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification.problem import Samples


def group_matrix(data: Samples, tasks: int, classes: int = 2) -> Float[Array, "sample task cls"]:
    """1 where a sample belongs to (task, class)."""
    one_hot = functools.partial(jax.nn.one_hot, dtype=data.X.dtype)
    return one_hot(data.task, tasks)[:, :, None] * one_hot(data.label, classes)[:, None]


def class_counts(data: Samples, tasks: int, classes: int = 2) -> Float[Array, "task cls"]:
    """n_ij."""
    return jnp.sum(group_matrix(data, tasks, classes), axis=0)


def class_means(data: Samples, tasks: int, classes: int = 2) -> Float[Array, "task cls dim"]:
    """Empirical class means of every task."""
    members = group_matrix(data, tasks, classes)
    return jnp.einsum("ntc,np->tcp", members, data.X) / jnp.sum(members, axis=0)[..., None]


def gram_corrected(data: Samples, tasks: int) -> Float[Array, "task task"]:
    """dmu_i . dmu_j from products of class-mean differences, with p/n_i1 + p/n_i2 subtracted for i = j.

    Unbiased for identity covariance; sampling noise may make it indefinite: `mtrl.numerics.linalg.psd.nearest_psd` projects.
    """
    means = class_means(data, tasks)
    difference = means[:, 0] - means[:, 1]
    noise = data.X.shape[1] * jnp.sum(1.0 / class_counts(data, tasks), axis=1)
    return difference @ difference.T - jnp.diag(noise)


def half_of_class(data: Samples, tasks: int) -> Int[Array, " sample"]:
    """0 or 1: alternating halves within each task and class, in the order of the samples."""
    members = group_matrix(data, tasks)
    rank = jnp.sum(jnp.cumsum(members, axis=0) * members, axis=(1, 2)).astype(jnp.int32)
    return rank % 2


def gram_split(data: Samples, tasks: int) -> Float[Array, "task task"]:
    """dmu_i . dmu_j where the diagonal is the product of the differences of two halves of every class.

    Unbiased for any covariance, noisier than `gram_corrected`. Every class needs two samples; the halves of an odd class differ by
    one sample.

    Raises:
      BadInput: a class with a single sample.
    """
    check_whole(
        lower=2, counts=class_counts(data, tasks), hint="a class is split in two halves; gram_corrected needs none"
    )
    means = class_means(data, tasks)
    difference = means[:, 0] - means[:, 1]
    half = half_of_class(data, tasks)
    members = group_matrix(data, tasks)

    def difference_of(which):
        chosen = members * (half == which)[:, None, None].astype(members.dtype)
        mean = jnp.einsum("ntc,np->tcp", chosen, data.X) / jnp.sum(chosen, axis=0)[..., None]
        return mean[:, 0] - mean[:, 1]

    own = jnp.sum(difference_of(0) * difference_of(1), axis=1)
    cross = difference @ difference.T
    return cross - jnp.diag(jnp.diagonal(cross)) + jnp.diag(own)


def class_mean_gram(data: Samples, tasks: int, classes: int) -> Float[Array, "group group"]:
    """M for any number of classes: Gram matrix of the centred empirical class means, minus the expectation of its noise.

    With H_i the centring over the classes of task i, the noise adds p H_i diag(1/n_ij) H_i^T to the diagonal block of task i (identity
    covariance). For two classes this is `mean_gram(gram_corrected)`. Not projected.
    """
    counts, means = class_counts(data, tasks, classes), class_means(data, tasks, classes)
    fraction = counts / jnp.sum(counts, axis=1, keepdims=True)
    H = jnp.eye(classes, dtype=means.dtype) - fraction[:, None, :]  # (task, cls, cls)
    centred = jnp.einsum("tab,tbp->tap", H, means).reshape(tasks * classes, -1)
    noise = data.X.shape[1] * jnp.einsum("tac,tc,tbc->tab", H, 1.0 / counts, H)
    blocks = jnp.einsum("tab,ts->tasb", noise, jnp.eye(tasks, dtype=means.dtype))
    return centred @ centred.T - blocks.reshape(tasks * classes, tasks * classes)


def shrunk_root(S: Float[Array, "dim dim"], shrinkage: Scalar) -> Float[Array, "dim dim"]:
    """((1 - s) S + s (tr S/p) I)^-1/2, symmetric.

    Raises:
      BadInput: s outside (0, 1].
    """
    share = known(shrinkage)
    if share is not None and not 0 < share <= 1:
        raise BadInput(f"shrinkage got {share:g}, but must be above 0 and at most 1")
    p = S.shape[0]
    shrunk = (1 - shrinkage) * S + shrinkage * (jnp.trace(S) / p) * jnp.eye(p, dtype=S.dtype)
    return spectral_map(shrunk, lambda values: 1.0 / jnp.sqrt(values))


def whitening(data: Samples, tasks: int, *, shrinkage: float = 0.1, classes: int = 2) -> Float[Array, "dim dim"]:
    """Inverse symmetric root of the shrunk pooled within-class covariance, (1 - s) S + s (tr S/p) I.

    Multiply features by it (`X @ T`) before using the identity-covariance theory on real data.

    Args:
      data: training samples.
      tasks, classes: sizes.
      shrinkage: s in (0, 1]; S alone is singular when samples are fewer than features.
    """
    means = class_means(data, tasks, classes)
    residual = data.X - means[data.task, data.label]
    S = residual.T @ residual / (residual.shape[0] - tasks * classes)
    return shrunk_root(S, shrinkage)
