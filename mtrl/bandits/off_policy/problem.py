"""Multi-task off-policy learning from bandit feedback: the two-level Gaussian hierarchy, logged data, the value of a policy.

Paper: Hong, Kveton, Zaheer, Katariya and Ghavamzadeh, "Multi-Task Off-Policy Learning from Bandit Feedback", ICML 2023, arXiv 2212.04720.

Symbols: m tasks, K actions, d features, n logged interactions (n_s of task s), mu_* ~ N(mu_q, Sigma_q), theta_s ~ N(mu_*,
Sigma_0), phi(x, a) in R^d, Y = phi^T theta_s + N(0, sigma^2). The paper's `G_s` and `B_s` are `Moments.gram / sigma^2` and
`Moments.cross / sigma^2`.
"""

import warnings
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import (
    check_finite,
    check_nonnegative,
    check_positive,
    check_psd,
    check_shape,
    check_whole,
    known,
)
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.psd import sqrt_psd
from mtrl.numerics.moments import Moments, flat_moments
from mtrl.numerics.types import Numbers, PRNGKey, Scalar


class Hierarchy(NamedTuple):
    """What the algorithms are told: hyper-prior, task covariance, noise. Make it by `hierarchy`, which checks."""

    mu_q: Float[Array, " dim"]  # mean of mu_*
    cov_q: Float[Array, "dim dim"]  # Sigma_q, covariance of mu_*; may be singular
    cov_0: Float[Array, "dim dim"]  # Sigma_0, covariance of theta_s about mu_*; invertible
    noise: Scalar  # sigma, standard deviation of a reward


class Tasks(NamedTuple):
    """One draw of the hierarchy."""

    mu_star: Float[Array, " dim"]  # mu_*
    theta: Float[Array, "task dim"]  # theta_s


class Log(NamedTuple):
    """Logged data D; rows in any order of tasks, oldest first."""

    task: Int[Array, " sample"]  # S_t in 0..m-1
    features: Float[Array, "sample dim"]  # phi(x_t, A_t)
    action: Int[Array, " sample"]  # A_t
    reward: Float[Array, " sample"]  # Y_t


def hierarchy(mu_q: Numbers, cov_q: Numbers, cov_0: Numbers, *, noise: Scalar) -> Hierarchy:
    """A checked hierarchy; a number in place of a covariance stands for that multiple of the identity.

    Args:
      mu_q: (d,) hyper-prior mean.
      cov_q: (d, d) hyper-prior covariance Sigma_q, or a variance; singular and zero are legal.
      cov_0: (d, d) task covariance Sigma_0, or a variance.
      noise: sigma.

    Raises:
      BadInput: shapes that do not fit, NaN, Sigma_q not positive semi-definite, Sigma_0 not positive definite, sigma not above 0.
    """
    mean = jnp.asarray(mu_q, dtype=float)
    check_shape("mu_q", mean, (None,))
    check_finite(mu_q=mean)
    eye = jnp.eye(mean.shape[0])
    wide, narrow = (
        jnp.asarray(c, dtype=float) * eye if jnp.ndim(jnp.asarray(c)) == 0 else jnp.asarray(c, dtype=float)
        for c in (cov_q, cov_0)
    )
    for name, matrix in (("Sigma_q", wide), ("Sigma_0", narrow)):
        check_shape(name, matrix, eye.shape, hint="give a covariance of the features' dimension, or one variance")
    check_psd(Sigma_q=wide, hint="Sigma_q must be positive semi-definite")
    check_psd(
        definite=True,
        Sigma_0=narrow,
        hint="Sigma_0 must be positive definite; for tasks that are all alike use pooled_opo",
    )
    check_positive(sigma=noise, hint="the algorithms divide by the variance of a reward")
    return Hierarchy(mean, wide, narrow, noise)


def statistics(task: Numbers, features: Numbers, reward: Numbers, *, tasks: int) -> Moments:
    """Moments of one's own log, checked: what every algorithm here takes. Tasks without data are legal and warned of.

    Args:
      task: (n,) task number of every interaction, 0..tasks-1.
      features: (n, d) feature row of the action that was taken.
      reward: (n,) rewards.
      tasks: m.

    Raises:
      BadInput: lengths that differ, a task number outside its range, NaN.
    """
    ids, rows, paid = jnp.asarray(task), jnp.asarray(features, dtype=float), jnp.asarray(reward, dtype=float)
    check_whole(tasks=tasks)
    check_shape("features", rows, (None, None), hint="one row of d features per logged interaction")
    check_shape("task", ids, (rows.shape[0],), hint="one task number per row of features")
    check_shape("reward", paid, (rows.shape[0],), hint="one reward per row of features")
    check_whole(lower=0, upper=tasks - 1, task=ids, hint="number the tasks from 0, or raise tasks")
    check_finite(features=rows, reward=paid, hint="cut the rows without a reward")
    data = flat_moments(rows, paid, ids.astype(int), tasks)
    counts = known(data.count)
    if counts is not None and not counts.all():
        warnings.warn(
            f"{int((counts == 0).sum())} of {tasks} tasks have no data (the first is {int(np.argmin(counts))}); "
            "they get the hyper-posterior",
            stacklevel=2,
        )
    return data


def check_statistics(data: Moments, prior: Hierarchy) -> None:
    """Refuse statistics whose dimension is not the hierarchy's.

    Raises:
      BadInput: the width of phi is not d.
    """
    dim = prior.mu_q.shape[0]
    check_shape("phi^T phi of the data", data.gram, (None, dim, dim), hint=f"the hierarchy has d = {dim} features")


def check_contexts(contexts: Array, tasks: int, dim: int, arms: int | None = None) -> None:
    """Refuse contexts that do not fit.

    Raises:
      BadInput: not (m, contexts, K, d).
    """
    check_shape("contexts", contexts, (tasks, None, arms, dim), hint="(tasks, contexts, K actions, d features)")


def sample_tasks(key: PRNGKey, prior: Hierarchy, *, tasks: int) -> Tasks:
    """mu_* and the parameters of m tasks."""
    keys, shape = split_named(key, "mu_star", "theta"), prior.mu_q.shape
    mu_star = prior.mu_q + sqrt_psd(prior.cov_q) @ jax.random.normal(keys["mu_star"], shape, prior.mu_q.dtype)
    own = jax.random.normal(keys["theta"], (tasks, *shape), prior.mu_q.dtype)
    return Tasks(mu_star, mu_star + own @ jnp.linalg.cholesky(prior.cov_0).T)


def sample_log(
    key: PRNGKey,
    theta: Float[Array, "task dim"],
    contexts: Float[Array, "sample arm dim"],
    *,
    noise: Scalar,
    frequency: Float[Array, " task"],
    greed: Scalar = 0.0,
    shy: Scalar = 0.0,
) -> Log:
    """Logged interactions: a task by its frequency, an action by the logging policy, its reward.

    The logging policy is `P(a | x, s) ~ exp(greed r - shy r^2)` with `r = phi(x, a)^T theta_s`. Both 0 is the paper's uniform one;
    greed above 0 prefers good actions; shy above 0 prefers actions of little worth either way, whose features say nothing along
    theta_s: there gamma is small.

    Args:
      key: randomness.
      theta: task parameters.
      contexts: features of all K actions at every interaction.
      noise: sigma.
      frequency: how often each task is met, up to a factor; 0 for never.
      greed, shy: of the logging policy.
    """
    keys, rows = split_named(key, "task", "action", "noise"), contexts.shape[0]
    task = jax.random.categorical(keys["task"], jnp.log(frequency), shape=(rows,))
    worth = jnp.einsum("nkd,nd->nk", contexts, theta[task])
    action = jax.random.categorical(keys["action"], greed * worth - shy * worth**2)
    features = jnp.take_along_axis(contexts, action[:, None, None], 1)[:, 0]
    error = noise * jax.random.normal(keys["noise"], (rows,), theta.dtype)
    return Log(task, features, action, jnp.sum(features * theta[task], -1) + error)


def cumulative_moments(log: Log, checkpoints: Int[Array, " round"], *, tasks: int) -> Moments:
    """Moments of the first n interactions for every n of `checkpoints` (ascending), in one pass: a leading axis `round` on each field."""
    place = jnp.arange(log.reward.shape[0], dtype=checkpoints.dtype)
    after = jnp.searchsorted(checkpoints, place, side="right").astype(log.task.dtype)
    stages = checkpoints.shape[0] + 1  # the last one holds what lies behind every checkpoint
    parts = flat_moments(log.features, log.reward, after * tasks + log.task, stages * tasks)
    return jax.tree.map(lambda x: jnp.cumsum(x.reshape(stages, tasks, *x.shape[1:])[:-1], axis=0), parts)


def expected_rewards(
    contexts: Float[Array, "task sample arm dim"], theta: Float[Array, "task dim"]
) -> Float[Array, "task sample arm"]:
    """`phi(x, a)^T theta_s`."""
    return jnp.einsum("tckd,td->tck", contexts, theta)


def suboptimality(
    contexts: Float[Array, "task sample arm dim"], theta: Float[Array, "task dim"], actions: Int[Array, "task sample"]
) -> Float[Array, " task"]:
    """`E_x[max_a phi^T theta_s - phi(x, pi(x))^T theta_s]` of a deterministic policy, averaged over the given contexts."""
    rewards = expected_rewards(contexts, theta)
    got = jnp.take_along_axis(rewards, actions[..., None], axis=-1)[..., 0]
    return jnp.mean(jnp.max(rewards, axis=-1) - got, axis=-1)


def logging_suboptimality(
    contexts: Float[Array, "task sample arm dim"],
    theta: Float[Array, "task dim"],
    *,
    greed: Scalar = 0.0,
    shy: Scalar = 0.0,
) -> Float[Array, " task"]:
    """The same of the logging policy of `sample_log`, a control that is not in the paper: what nothing learnt is worth."""
    check_finite(greed=greed, shy=shy)
    rewards = expected_rewards(contexts, theta)
    return jnp.mean(
        jnp.max(rewards, axis=-1) - jnp.sum(jax.nn.softmax(greed * rewards - shy * rewards**2) * rewards, axis=-1),
        axis=-1,
    )


def optimal_gram(
    contexts: Float[Array, "task sample arm dim"], theta: Float[Array, "task dim"]
) -> Float[Array, "task dim dim"]:
    """`G_{s,*} = E[phi(x, pi_*(x)) phi(x, pi_*(x))^T]`, averaged over the given contexts."""
    best = jnp.argmax(expected_rewards(contexts, theta), axis=-1)
    chosen = jnp.take_along_axis(contexts, best[..., None, None], axis=2)[:, :, 0]
    return jnp.einsum("tcd,tce->tde", chosen, chosen) / contexts.shape[1]


def zipf(tasks: int, exponent: Scalar) -> Float[Array, " task"]:
    """Frequencies `1 / s^exponent` of tasks 1..m, a skew that is not in the paper; 0 for uniform."""
    check_nonnegative(exponent=exponent)
    return jnp.arange(1.0, tasks + 1) ** -exponent
