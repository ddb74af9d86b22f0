"""What a learner may do with a problem: pull, and see rewards. It holds the arms and the noise level, and never the truth.

A phase asks for hundreds of thousands of pulls, of which it uses a few sums. With Gaussian noise these have known laws, by which they
are drawn: the rewards of c pulls of an arm sum to `c mean + sigma sqrt(c) N(0, 1)`; a batch's least-squares estimate is
`N(theta, sigma^2 (Xbar^T Xbar)^-1)`, and the outer products of T of them sum to `T mean mean^T + Wishart(T - 1)`. With `literal=True` every
pull is made; both have the same law (tested).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Num

from mtrl.bandits.exploration.problem import ArmTasks, ContextTasks, presence
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

Counts = Int[Array, " arm"]


class ArmSampler(NamedTuple):
    """Common arms of M tasks."""

    arms: Float[Array, "arm dim"]
    tasks: Scalar  # M, the tasks that are there
    present: Bool[Array, " task"]
    noise: Float[Array, ""]  # sigma
    # (key, covariance of an estimate, counts of a batch, batches T) -> sum over tasks and batches of th th^T
    scatter: Callable[..., Float[Array, "dim dim"]]
    sums: Callable[..., Float[Array, "task arm"]]  # (key, counts (task, arm)) -> sums of rewards


class ContextSampler(NamedTuple):
    """Contexts at random, the same features in M tasks."""

    features: Float[Array, "context arm dim"]
    tasks: Scalar  # M, the tasks that are there
    present: Bool[Array, " task"]
    noise: Float[Array, ""]  # sigma
    law: Float[Array, " context"]  # D, for who knows it
    observe: Callable[
        ..., Float[Array, " context"]
    ]  # (key, n) -> how often each context comes in n rounds that are only watched
    contexts: Callable[
        ..., Float[Array, "*batch context"]
    ]  # (key, n (*batch,)) -> the same for any traced numbers of rounds
    # (key, policy, inverse U^-1, rounds p of a half batch, batches T, squares=False) -> sum over tasks and batches of th^(1) th^(2)^T
    products: Callable[..., Float[Array, "dim dim"]]
    sums: Callable[..., Float[Array, "task context arm"]]  # (key, counts (task, context, arm)) -> sums of rewards


def wishart(key: PRNGKey, degrees: Scalar, factor: Float[Array, "dim dim"]) -> Float[Array, "dim dim"]:
    """A Wishart matrix of any number of degrees (0 and singular ones too) by Bartlett's decomposition.

    Args:
      key: PRNG key.
      degrees: whole and at least 0; may be traced.
      factor: L with `L L^T` the scale.
    """
    dim, dtype = factor.shape[0], factor.dtype
    keys = split_named(key, "diagonal", "below")
    left = jnp.asarray(degrees, dtype) - jnp.arange(dim).astype(dtype)
    diagonal = jnp.sqrt(jax.random.chisquare(keys["diagonal"], jnp.maximum(left, 1), (dim,), dtype))
    lower = jnp.tril(jax.random.normal(keys["below"], (dim, dim), dtype), -1) + jnp.diag(diagonal)
    half = factor @ jnp.where(left > 0, lower, 0)  # of n degrees only the first n columns are there
    return half @ half.T


def sum_rewards(
    key: PRNGKey, means: Float[Array, "task *arm"], counts: Num[Array, "task *arm"], noise: Scalar
) -> Float[Array, "task *arm"]:
    """Sums of the rewards of so many pulls."""
    real = counts.astype(means.dtype)
    return real * means + noise * jnp.sqrt(real) * jax.random.normal(key, means.shape, means.dtype)


def sum_rewards_literally(
    key: PRNGKey, means: Float[Array, "task arm"], counts: Int[Array, "task arm"], noise: Scalar
) -> Float[Array, "task arm"]:
    """The same, pull by pull: arm 0 first, then arm 1, and so on."""
    ends = jnp.cumsum(counts, axis=1)
    rows = jnp.arange(means.shape[0])

    def pull(i, sums):
        arms = jnp.minimum(jnp.sum(ends <= i, axis=1), means.shape[1] - 1)
        rewards = means[rows, arms] + noise * jax.random.normal(jax.random.fold_in(key, i), rows.shape, means.dtype)
        return sums.at[rows, arms].add(jnp.where(i < ends[:, -1], rewards, 0))

    return jax.lax.fori_loop(0, jnp.max(ends), pull, jnp.zeros_like(means))


def arm_sampler(problem: ArmTasks, *, literal: bool = False) -> ArmSampler:
    """The learner's face of a problem with common arms.

    Args:
      problem: with its truth.
      literal: make every pull instead of drawing the sums.
    """
    arms, means, noise = problem.arms, problem.means, problem.linear.noise
    present = presence(problem)
    parameters = jnp.where(present[:, None], problem.linear.parameters, 0)
    tasks, dim = parameters.shape
    count = tasks if problem.present is None else jnp.sum(present).astype(arms.dtype)

    def scatter(key, covariance, counts, batches):
        del counts
        keys = split_named(key, "mean", "spread")
        factor = jnp.linalg.cholesky(covariance)
        many = jnp.asarray(batches).astype(arms.dtype)
        safe = jnp.maximum(many, 1)
        luck = jnp.where(present[:, None], jax.random.normal(keys["mean"], (tasks, dim), arms.dtype), 0)
        average = parameters + luck @ factor.T / jnp.sqrt(safe)
        total = many * average.T @ average + wishart(keys["spread"], count * jnp.maximum(many - 1, 0), factor)
        return jnp.where(many > 0, total, 0)

    def scatter_literally(key, covariance, counts, batches):
        whole = jnp.where(present[:, None], counts, 0)
        inverse = covariance / noise**2

        def batch(j, total):
            sums = sum_rewards_literally(jax.random.fold_in(key, j), means, whole, noise)
            estimates = sums @ arms @ inverse
            return total + estimates.T @ estimates

        return jax.lax.fori_loop(0, jnp.asarray(batches).astype(int), batch, jnp.zeros((dim, dim), arms.dtype))

    def sums(key, counts):
        return (sum_rewards_literally if literal else sum_rewards)(key, means, counts, noise)

    return ArmSampler(arms, count, present, noise, scatter_literally if literal else scatter, sums)


def context_sampler(problem: ContextTasks) -> ContextSampler:
    """The learner's face of a problem with random contexts; the rounds of C-FeatRecover are made one by one."""
    features, law, means, noise = problem.features, problem.probabilities, problem.means, problem.linear.noise
    (contexts, _, dim), tasks = features.shape, means.shape[0]
    present = presence(problem)
    count = tasks if problem.present is None else jnp.sum(present).astype(features.dtype)
    flat, rewards = features.reshape(-1, dim), means.reshape(tasks, -1)
    dtype = features.dtype

    def observe(key, rounds):
        ends = jnp.cumsum(law)
        places = jnp.searchsorted(ends, jax.random.uniform(key, (rounds,), dtype) * ends[-1], side="right")
        return jnp.sum(jax.nn.one_hot(jnp.minimum(places, contexts - 1), contexts, dtype=dtype), axis=0)

    def visits(key, rounds):
        rounds = jnp.asarray(rounds).astype(dtype)
        shares = jnp.broadcast_to(law, (*rounds.shape, contexts))
        return jax.random.multinomial(key, rounds, shares, dtype=dtype)

    def products(key, policy, inverse, rounds, batches, *, squares=False):
        ends = jnp.cumsum((law[:, None] * policy).reshape(-1))
        dual = flat @ inverse  # phi^T U^-1
        order = jnp.argsort(~present, stable=True)  # the tasks that are there first
        total = jnp.asarray(batches).astype(int) * jnp.asarray(count).astype(int)  # batches of all tasks

        def block(j, gathered):
            """As many batches as there are rows for tasks, whosever they are: batch q is of task q mod M."""
            keys = split_named(jax.random.fold_in(key, j), "pairs", "noise")
            batch = j * tasks + jnp.arange(tasks)
            places = jax.random.uniform(keys["pairs"], (tasks, 2, rounds, 1), dtype) * ends[-1]
            before = jnp.sum(places < ends, axis=2).at[..., -1].set(rounds)  # draws up to every pair (s, a)
            visits = jnp.diff(before, prepend=0, axis=-1)
            mean = rewards[order[batch % jnp.asarray(count).astype(int)]][:, None]
            halves = sum_rewards(keys["noise"], jnp.broadcast_to(mean, visits.shape), visits, noise) @ dual / rounds
            halves = jnp.where((batch < total)[:, None, None], halves, 0)
            if squares:  # one batch of all the rounds, times itself
                return gathered + halves.mean(1).T @ halves.mean(1)
            return gathered + halves[:, 0].T @ halves[:, 1]

        return jax.lax.fori_loop(0, -(-total // tasks), block, jnp.zeros((dim, dim), dtype))

    def sums(key, counts):
        return sum_rewards(key, means, counts, noise)

    return ContextSampler(features, count, present, noise, law, observe, visits, products, sums)
