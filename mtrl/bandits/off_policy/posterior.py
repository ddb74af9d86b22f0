"""Gaussian posteriors of task parameters, what they are made of, and the policy that is pessimistic about them.

Everything is whitened by Sigma_0 = L0 L0^T: with `H_s = L0^T G_s L0` the matrix `I + H_s` has no eigenvalue below 1, whatever
the data, so that empty tasks and rank-deficient G_s need no care. `St_s = L0 (I + H_s)^-1 L0^T`, and `W_s = Sigma_0^-1 -
Sigma_0^-1 St_s Sigma_0^-1` is formed as the product `L0^-T H_s (I + H_s)^-1 L0^-1`; the difference would lose all digits where
G_s is small.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.off_policy.problem import Hierarchy, check_contexts
from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.linalg import elimination
from mtrl.numerics.linalg.psd import sqrt_psd
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


class Posterior(NamedTuple):
    """theta_s given D is N(mean_s, cov_s); of mu_* too, where the algorithm has one."""

    mean: Float[Array, "task dim"]  # theta_hat_s
    cov: Float[Array, "task dim dim"]  # Sigma_hat_s
    hyper_mean: Float[Array, " dim"]  # mu_bar
    hyper_cov: Float[Array, "dim dim"]  # Sigma_bar


class Whitened(NamedTuple):
    """The data of every task in the coordinates in which Sigma_0 is the identity."""

    root: Float[Array, "dim dim"]  # L0
    shrink: Float[Array, "task dim dim"]  # (I + H_s)^-1
    signal: Float[Array, "task dim"]  # L0^T B_s
    information: Float[Array, "task dim dim"]  # L0^T W_s L0 = H_s (I + H_s)^-1


def symmetric(matrix: Float[Array, "*batch dim dim"]) -> Float[Array, "*batch dim dim"]:
    """The symmetric part, which takes off rounding."""
    return (matrix + jnp.swapaxes(matrix, -1, -2)) / 2


def congruent(matrix: Float[Array, "task dim dim"], root: Float[Array, "dim dim"]) -> Float[Array, "task dim dim"]:
    """`R^T S_s R` for symmetric S_s, with R on the right both times: from the left XLA multiplies task by task, several times slower."""
    return symmetric(jnp.swapaxes(matrix @ root, -1, -2) @ root)


def whiten(data: Moments, cov_0: Float[Array, "dim dim"], noise: Scalar) -> Whitened:
    """G_s and B_s seen through Sigma_0."""
    root = jnp.linalg.cholesky(cov_0)
    inner = congruent(data.gram / noise**2, root)
    shrink = symmetric(elimination.inverse(jnp.eye(root.shape[0], dtype=root.dtype) + inner))
    return Whitened(root, shrink, (data.cross / noise**2) @ root, symmetric(inner @ shrink))


def unwhiten(white: Whitened, hyper_mean: Float[Array, " dim"], hyper_cov: Float[Array, "dim dim"]) -> Posterior:
    """Task posteriors from the hyper-posterior N(mu_bar, Sigma_bar), by the laws of total expectation and covariance.

    `theta_hat_s = St_s (Sigma_0^-1 mu_bar + B_s)`, `Sigma_hat_s = St_s + St_s Sigma_0^-1 Sigma_bar Sigma_0^-1 St_s`.
    """
    root, shrink = white.root, white.shrink
    below = jax.scipy.linalg.solve_triangular(root, hyper_mean, lower=True)
    half = jax.scipy.linalg.solve_triangular(root, hyper_cov, lower=True)
    spread = jax.scipy.linalg.solve_triangular(root, half.T, lower=True)  # L0^-1 Sigma_bar L0^-T
    mean = jnp.einsum("de,tef,tf->td", root, shrink, below + white.signal)
    cov = congruent(shrink + shrink @ spread @ shrink, root.T)
    return Posterior(mean, cov, hyper_mean, hyper_cov)


def update_gaussian(
    mean: Float[Array, " dim"],
    cov: Float[Array, "dim dim"],
    information: Float[Array, "dim dim"],
    evidence: Float[Array, " dim"],
) -> tuple[Float[Array, " dim"], Float[Array, "dim dim"]]:
    """N(mean, cov) given the likelihood `exp(evidence^T x - x^T information x / 2)`; both matrices may be singular.

    With `cov = C C^T` the posterior covariance is `C (I + C^T W C)^-1 C^T`, which equals `(I + cov W)^-1 cov` (push-through
    identity) and is symmetric as it stands; the mean is `mean + posterior cov (evidence - W mean)`. C is the symmetric square
    root, in which eigenvalues that rounding makes negative are 0.
    """
    root = sqrt_psd(cov)
    inner = jnp.eye(cov.shape[0], dtype=cov.dtype) + symmetric(root @ information @ root)
    after = root @ symmetric(elimination.inverse(inner)) @ root
    return mean + after @ (evidence - information @ mean), after


def widths(posterior: Posterior, contexts: Float[Array, "task sample arm dim"]) -> Float[Array, "task sample arm"]:
    """`sqrt(phi^T Sigma_hat_s phi)`; 0, also as a gradient, where rounding makes the square negative."""
    square = jnp.sum(jnp.einsum("tckd,tde->tcke", contexts, posterior.cov) * contexts, axis=-1)
    positive = square > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1)), square * 0)


def lower_bounds(
    posterior: Posterior, contexts: Float[Array, "task sample arm dim"], *, alpha: Scalar
) -> Float[Array, "task sample arm"]:
    """`L = phi^T theta_hat_s - alpha sqrt(phi^T Sigma_hat_s phi)`, the lower confidence bound of every action.

    Raises:
      BadInput: contexts that do not fit the posterior, or alpha below 0.
    """
    check_nonnegative(alpha=alpha, hint="0 is the greedy policy, the paper's experiments take 0.1")
    check_contexts(contexts, *posterior.mean.shape)
    return jnp.einsum("tckd,td->tck", contexts, posterior.mean) - alpha * widths(posterior, contexts)


def pessimistic(
    posterior: Posterior, contexts: Float[Array, "task sample arm dim"], *, alpha: Scalar
) -> Int[Array, "task sample"]:
    """`pi_s(x) = argmax_a L`, ties to the lowest number; alpha = 0.1 in all of the paper's experiments, 0 is greedy (a control)."""
    return jnp.argmax(lower_bounds(posterior, contexts, alpha=alpha), axis=-1)


def log_marginal_likelihood(data: Moments, prior: Hierarchy) -> Float[Array, ""]:
    """`log p(Y | features)` of all tasks with mu_* and theta integrated out.

    Rewards are jointly Gaussian, within a task with covariance
    `Phi_s (Sigma_q + Sigma_0) Phi_s^T + sigma^2 I`, across tasks with `Phi_s Sigma_q Phi_z^T`."""
    variance, white, mu = prior.noise**2, whiten(data, prior.cov_0, prior.noise), prior.mu_q
    centred = data.cross - data.gram @ mu
    square = (data.square - 2 * data.cross @ mu + jnp.einsum("d,tde,e->t", mu, data.gram, mu)) / variance
    signal = centred / variance @ white.root
    explained = jnp.einsum("td,tde,te->t", signal, white.shrink, signal)
    information, evidence = hyper_evidence(white._replace(signal=signal))
    shift, after = update_gaussian(jnp.zeros_like(mu), prior.cov_q, information, evidence)
    root = sqrt_psd(prior.cov_q)
    eye = jnp.eye(mu.shape[0], dtype=mu.dtype)
    volume = jnp.linalg.slogdet(eye + root @ information @ root)[1] - jnp.sum(jnp.linalg.slogdet(white.shrink)[1])
    quadratic = jnp.sum(square - explained) - evidence @ shift
    return -(jnp.sum(data.count) * jnp.log(2 * jnp.pi * variance) + volume + quadratic) / 2


def hyper_evidence(white: Whitened) -> tuple[Float[Array, "dim dim"], Float[Array, " dim"]]:
    """`W = sum_s W_s` and `r = sum_s Sigma_0^-1 St_s B_s`: each task is one observation of mu_*."""
    left = jax.scipy.linalg.solve_triangular(white.root, jnp.sum(white.information, axis=0), lower=True, trans=1)
    information = jax.scipy.linalg.solve_triangular(white.root, left.T, lower=True, trans=1)
    evidence = jnp.einsum("tde,te->d", white.shrink, white.signal)
    return symmetric(information), jax.scipy.linalg.solve_triangular(white.root, evidence, lower=True, trans=1)
