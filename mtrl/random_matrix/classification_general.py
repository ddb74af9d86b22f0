"""Prediction of the multi-task least-squares SVM when task i has covariance Sigma_i instead of the identity.

Derived here and checked against simulation; the papers treat it in the appendix of the long version (Tiomoko, Couillet, Tiomoko,
"Large Dimensional Analysis and Improvement of Multi Task Learning", arXiv 2009.01591). With
P = (B^-1 kron I + blockdiag(kappa_i Sigma_i))^-1 in place of p0 kron I and centred class means c_ia,

    G[(i,a),(j,b)] = c_ia^T P_ij c_jb,
    Psi_sr = tr(Sigma_s P_sr Sigma_r P_rs)/(kp),
    S_i = P blockdiag((e_i + D * v_.i)_s Sigma_s) P,

and everything else as for the identity; optimal labels and tuning apply unchanged to the returned `Equivalent`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from mtrl.random_matrix.classification_theory import Equivalent, assemble, noise_response, noise_weights
from mtrl.random_matrix import equivalents


def centred_means(means: Float[Array, "task cls dim"], counts: Num[Array, "task cls"]) -> Float[Array, "task cls dim"]:
    """mu_ia - sum_c (n_ic/n_i) mu_ic: class means as task-wise centring leaves them."""
    fraction = (counts / jnp.sum(counts, axis=1, keepdims=True)).astype(means.dtype)
    return means - jnp.einsum("ic,icp->ip", fraction, means)[:, None]


def mean_gram_of_classes(
    means: Float[Array, "task cls dim"], counts: Num[Array, "task cls"]
) -> Float[Array, "group group"]:
    """M, the Gram matrix of the centred class means, for any number of classes."""
    centred = centred_means(means, counts).reshape(-1, means.shape[-1])
    return centred @ centred.T


def equivalent_general(
    means: Float[Array, "task cls dim"],
    covariance: Float[Array, "task dim dim"],
    counts: Num[Array, "task cls"],
    B: Float[Array, "task task"],
) -> Equivalent:
    """Deterministic equivalent for general covariances; cost (k p)^3 per step of the fixed point.

    Args:
      means: mu_ij; here the means themselves are needed, not only their Gram matrix.
      covariance: Sigma_i, common to the classes of task i.
      counts: n_ij.
      B: coupling diag(gamma) + lam 1 1^T, any positive semi-definite matrix.
    """
    k, classes, p = means.shape
    c = centred_means(means, counts).reshape(k * classes, p)
    task = jnp.repeat(jnp.arange(k), classes)
    found = equivalents.equivalent_general(B, jnp.sum(counts, axis=1), covariance)
    v = noise_response(found.Psi, found.D)
    Pc = jnp.einsum("spgq,gq->sgp", found.P[:, :, task], c)  # P_{s, task(g)} c_g
    weights = noise_weights(v, found.D)
    return assemble(
        G=jnp.einsum("gp,ghp->gh", c, Pc[task]),
        SM=jnp.einsum("sgp,si,spq,shq->igh", Pc, weights, covariance, Pc, optimize=True),
        v=v,
        delta=found.delta,
        kappa=found.kappa,
        counts=counts,
        converged=found.converged,
    )
