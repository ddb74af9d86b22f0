"""FeatRecover and C-FeatRecover: the shared features from the second moment of many small least-squares estimates.

Du, Huang and Sun 2023 (arXiv 2302.04441), FeatRecover of DouExpDes and C-FeatRecover of C-DouExpDes. `Z -> (1/M) sum_m theta_m theta_m^T
= B Gamma B^T`, whose leading k eigenvectors span B.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.exploration.sampler import ArmSampler
from mtrl.numerics.checks import check_choice
from mtrl.numerics.designs.certificate import CertifiedDesign, certify
from mtrl.numerics.designs.e_optimal import e_optimal
from mtrl.numerics.designs.g_optimal import g_optimal
from mtrl.numerics.types import PRNGKey, Scalar

DESIGNS = ("E", "G", "uniform")


class Batch(NamedTuple):
    """One batch of arms, pulled again and again."""

    counts: Int[Array, " arm"]  # how often each arm is in it
    covariance: Float[Array, "dim dim"]  # of an estimate: sigma^2 (Xbar^T Xbar)^-1
    spread: Float[Array, ""]  # s2: its largest eigenvalue


def feature_design(arms: Float[Array, "arm dim"], kind: str) -> CertifiedDesign:
    """The design of the batch: E-optimal as in the paper, or what an ablation puts in its place, with the value `||A^-1||`.

    Raises:
      BadInput: an unknown kind.
    """
    check_choice("design", kind, DESIGNS)
    best = e_optimal(arms)
    if kind == "E":
        return best
    weights = g_optimal(arms).weights if kind == "G" else jnp.full(arms.shape[0], 1 / arms.shape[0], arms.dtype)
    smallest = jnp.linalg.eigvalsh((arms.T * weights) @ arms)[0]
    return certify(weights, 1 / smallest, best.bound, jnp.inf, best.rank)


def make_batch(arms: Float[Array, "arm dim"], counts: Int[Array, " arm"], noise: Scalar) -> Batch:
    """The batch of so many pulls of each arm; with arms that do not span, not finite."""
    covariance = noise**2 * jnp.linalg.inv((arms.T * counts.astype(arms.dtype)) @ arms)
    covariance = (covariance + covariance.T) / 2
    return Batch(counts, covariance, jnp.linalg.eigvalsh(covariance)[-1])


def leading(moment: Float[Array, "dim dim"], rank: int) -> Float[Array, "dim rank"]:
    """Eigenvectors of the k largest eigenvalues of the symmetric part; their sign and rotation mean nothing."""
    _, vectors = jnp.linalg.eigh((moment + moment.T) / 2)
    return vectors[:, ::-1][:, :rank]


def feature_moment(
    scatter: Float[Array, "dim dim"],
    estimates: Scalar,
    covariance: Float[Array, "dim dim"],
    *,
    correction: Scalar = 1.0,
) -> Float[Array, "dim dim"]:
    """`Z = (1 / (M T)) sum th th^T - sigma^2 (Xbar^T Xbar)^-1`, whose mean is `B Gamma B^T`.

    Args:
      scatter: sum of the outer products of the estimates.
      estimates: M T.
      covariance: of one estimate. Without taking it off, Z leans towards the directions that the design knows least, and its leading
        eigenvectors with it, unless the batch is isotropic.
      correction: how much of it to take off; 0 for the ablation.
    """
    moment = scatter / jnp.maximum(jnp.asarray(estimates, scatter.dtype), 1)
    return moment - correction * covariance


def recover_features(
    key: PRNGKey, sampler: ArmSampler, batch: Batch, batches: Scalar, *, rank: int, correction: Scalar = 1.0
) -> tuple[Float[Array, "dim rank"], Float[Array, "dim dim"]]:
    """FeatRecover: every task pulls the batch T times; B_hat and the sum of outer products.

    Args:
      key, sampler: luck and what may be pulled.
      batch: Xbar.
      batches: T, whole; may be traced.
      rank: k.
      correction: as in `feature_moment`.
    """
    scatter = sampler.scatter(key, batch.covariance, batch.counts, batches)
    moment = feature_moment(scatter, sampler.tasks * batches, batch.covariance, correction=correction)
    return leading(moment, rank), scatter
