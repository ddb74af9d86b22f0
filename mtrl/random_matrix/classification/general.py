"""Prediction of the multi-task least-squares SVM when task i has covariance Sigma_i instead of the identity.

Derived here and checked against simulation; the papers treat it in the appendix of the long version (Tiomoko, Couillet, Tiomoko,
"Large Dimensional Analysis and Improvement of Multi Task Learning", arXiv 2009.01591). With
P = (B^-1 kron I + blockdiag(kappa_i Sigma_i))^-1 in place of p0 kron I and centred class means c_ia,

    G[(i,a),(j,b)] = c_ia^T P_ij c_jb,
    Psi_sr = tr(Sigma_s P_sr Sigma_r P_rs)/(kp),
    S_i = P blockdiag((e_i + D * v_.i)_s Sigma_s) P,

and everything else as for the identity; optimal labels and tuning apply unchanged to the returned `ScoreEquivalent`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_psd, check_shape
from mtrl.random_matrix.classification.problem import Table, floating
from mtrl.random_matrix.classification.theory import ScoreEquivalent, Square, assemble, check_sizes, noise_terms
from mtrl.random_matrix.equivalents import equivalent_general


def centred_means(means: Float[Array, "task cls dim"], counts: Table) -> Float[Array, "task cls dim"]:
    """mu_ia - sum_c (n_ic/n_i) mu_ic: class means as task-wise centring leaves them."""
    counts = jnp.asarray(counts, means.dtype)
    check_shape("counts", counts, means.shape[:2], hint="means have a row for every task and class")
    fraction = counts / jnp.sum(counts, axis=1, keepdims=True)
    return means - jnp.einsum("ic,icp->ip", fraction, means)[:, None]


def mean_gram_of_classes(means: Float[Array, "task cls dim"], counts: Table) -> Float[Array, "group group"]:
    """M, the Gram matrix of the centred class means, for any number of classes."""
    centred = centred_means(means, counts).reshape(-1, means.shape[-1])
    return centred @ centred.T


def score_equivalent_general(
    means: Float[Array, "task cls dim"], covariance: Float[Array, "task dim dim"], counts: Table, B: Square
) -> ScoreEquivalent:
    """Deterministic equivalent for general covariances; cost (k p)^3 per step of the fixed point.

    Args:
      means: mu_ij; here the means themselves are needed, not only their Gram matrix.
      covariance: Sigma_i, common to the classes of task i.
      counts: n_ij.
      B: `coupling(gamma, lam)`, or any other positive semi-definite matrix.

    Raises:
      BadInput: sizes that disagree, an empty class, or a covariance or B that is not positive semi-definite.
    """
    k, classes, p = means.shape
    B = floating(B)
    counts = check_sizes(counts, B)
    check_shape("covariance", covariance, (k, p, p))
    check_psd(covariance=covariance)
    c = centred_means(means, counts).reshape(k * classes, p)
    task = jnp.repeat(jnp.arange(k), classes)
    found = equivalent_general(B, jnp.sum(counts, axis=1), covariance)
    v, weights = noise_terms(found.Psi, found.D)
    Pc = jnp.einsum("spgq,gq->sgp", found.P[:, :, task], c)  # P_{s, task(g)} c_g
    G = jnp.einsum("gp,ghp->gh", c, Pc[task])
    SM = jnp.einsum("sgp,si,spq,shq->igh", Pc, weights, covariance, Pc, optimize=True)
    return assemble(found, counts, v, G=G, SM=SM)
