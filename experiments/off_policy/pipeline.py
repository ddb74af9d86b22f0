"""The recommendation pipeline: ratings (read or generated), their completion, the mixture of users, the bandit on its largest part."""

from typing import Any, NamedTuple

import numpy as np

from experiments.off_policy.protocol import ALPHA
from mtrl import bandits, data
from mtrl.harness import evaluate, jax, jnp, split_named

CENTRES = 7
FIRST, SPREAD, WITHIN = 3.0, 0.6, 0.2  # of the stand-in: centres (3, N(0, 0.36), ...), users N(centre, 0.2 I)


class Quality(NamedTuple):
    """What the steps before the bandit found."""

    held_out: Any  # error on held-out ratings, one per candidate ridge
    sigma: Any  # residual standard deviation at the best
    members: int  # users of the largest component


def centres_of(key: Any, dim: int, count: int = CENTRES) -> Any:
    """Centres of the stand-in's users."""
    return jnp.concatenate([jnp.full((count, 1), FIRST), SPREAD * jax.random.normal(key, (count, dim - 1))], 1)


def generated(*, users: int, movies: int, observed: float, rank: int, noise: float) -> tuple[Any, ...]:
    """(user, item, rating) of the stand-in, one fixed draw: users of 7 Gaussians, items N(0, I/d), random entries; not rounded."""
    keys = split_named(jax.random.key(0), "centres", "component", "users", "items", "observed", "noise")
    centres = centres_of(keys["centres"], rank)
    member = jax.random.randint(keys["component"], (users,), 0, CENTRES)
    u = centres[member] + WITHIN**0.5 * jax.random.normal(keys["users"], (users, rank))
    v = jax.random.normal(keys["items"], (movies, rank)) / rank**0.5
    user, item = (np.asarray(i) for i in jnp.nonzero(jax.random.uniform(keys["observed"], (users, movies)) < observed))
    exact = np.sum(np.asarray(u)[user] * np.asarray(v)[item], -1)
    return user, item, exact + noise * np.asarray(jax.random.normal(keys["noise"], exact.shape))


def held_out(user: Any, item: Any, rating: Any, ridges: Any, **static: Any) -> Any:
    """Errors of the candidates."""
    return bandits.off_policy.hold_out_errors(jax.random.key(1), user, item, rating, ridges, **static)


def completed(user: Any, item: Any, rating: Any, ridge: Any, **static: Any) -> Any:
    """Factors at one ridge, from all ratings."""
    return bandits.off_policy.complete(
        jax.random.key(2), user, item, rating, jnp.ones_like(rating), ridge=ridge, **static
    )


def prepare(config: Any) -> tuple[str, Any, Any, Quality]:
    """(name of the data, cluster, item factors, quality): the steps before the bandit, the same for files and stand-in."""
    if config.data_dir:
        table = data.read_movielens(config.data_dir)
        name, (user, item, rating) = table.name, table[:3]
    else:
        name = "stand-in"
        user, item, rating = generated(
            users=config.users, movies=config.movies, observed=config.observed, rank=config.rank, noise=config.noise
        )
    static = dict(users=int(user.max()) + 1, items=int(item.max()) + 1, rank=config.rank, iterations=config.sweeps)
    errors = evaluate(held_out, user, item, rating, np.array(config.ridges), **static)
    ridge = float(config.ridges[int(np.argmin(errors))])
    factors = evaluate(completed, user, item, rating, ridge, **static)
    sigma = float(factors.residual)
    cluster = bandits.off_policy.largest_cluster(
        factors.users, noise=sigma, tasks=config.tasks, components=config.components
    )
    return name, cluster, factors.items, Quality(errors, sigma, len(cluster.users))


def play(
    key: Any, prior: Any, mu_star: Any, theta: Any, items: Any, ns: Any, *, actions: int, contexts: int, count: int
) -> Any:
    """(losses (n, method), loss of uniform logging): contexts of K movies drawn uniformly, task and action uniform."""
    keys, op, tasks = split_named(key, "seen", "log", "fresh"), bandits.off_policy, theta.shape[0]
    seen = items[jax.random.randint(keys["seen"], (count, actions), 0, items.shape[0])]
    log = op.sample_log(keys["log"], theta, seen, noise=prior.noise, frequency=jnp.ones(tasks))
    fresh = items[jax.random.randint(keys["fresh"], (tasks, contexts, actions), 0, items.shape[0])]

    def loss(found):
        return jnp.mean(op.suboptimality(fresh, theta, op.pessimistic(found, fresh, alpha=ALPHA)))

    def one(moments):
        found = op.oracle_opo(moments, prior, mu_star), op.hier_opo(moments, prior), op.flat_opo(moments, prior)
        return jnp.stack([loss(f) for f in found])

    losses = jax.lax.map(one, op.cumulative_moments(log, ns, tasks=tasks))
    return losses, jnp.mean(op.logging_suboptimality(fresh, theta))


def on_cluster(key: Any, cluster: Any, items: Any, ns: Any, *, tasks: int, **sizes: int) -> Any:
    """Tasks are users of the component, drawn without replacement."""
    keys = split_named(key, "tasks", "play")
    chosen = jax.random.choice(keys["tasks"], cluster.users.shape[0], (tasks,), replace=False)
    return play(keys["play"], cluster.prior, cluster.mu_star, cluster.users[chosen], items, ns, **sizes)


def on_true_factors(key: Any, ns: Any, *, tasks: int, movies: int, dim: int = 10, **sizes: int) -> Any:
    """The stand-in's own factors and hierarchy, drawn anew in every run: no completion, no mixture."""
    keys, op = split_named(key, "centres", "tasks", "items", "play"), bandits.off_policy
    centres = centres_of(keys["centres"], dim)
    prior = op.Hierarchy(*op.prior_of_centres(centres), WITHIN * jnp.eye(dim), 0.759)
    theta = centres[0] + WITHIN**0.5 * jax.random.normal(keys["tasks"], (tasks, dim))
    items = jax.random.normal(keys["items"], (movies, dim)) / dim**0.5
    return play(keys["play"], prior, centres[0], theta, items, ns, **sizes)
