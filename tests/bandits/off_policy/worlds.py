"""A small log with an empty task and tasks that do not see all directions, and brute force on it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import off_policy as op

TASKS, DIM, NOISE = 5, 3, 0.7
# Compiled once a shape; what they refuse and warn of is known only where they are called as they are.
STATISTICS = jax.jit(op.statistics, static_argnames="tasks")
HIER, FLAT, ORACLE, POOLED = (jax.jit(f) for f in (op.hier_opo, op.flat_opo, op.oracle_opo, op.pooled_opo))
TASK_IDS = np.array([0, 0, 0, 0, 0, 0, 1, 3, 3, 4, 4, 4, 4])  # task 2 is empty; 1 and 3 are rank-deficient


def covariance(rng, scale=1.0):
    root = rng.normal(size=(DIM, DIM))
    return scale * (root @ root.T + 0.2 * np.eye(DIM))


def prior_of(kind, seed=0):
    """A hierarchy whose Sigma_q is full, of rank one, or zero."""
    rng = np.random.default_rng(seed)
    column = rng.normal(size=(DIM, 1))
    wide = {"full": covariance(rng), "singular": column @ column.T, "zero": np.zeros((DIM, DIM))}[kind]
    return op.hierarchy(rng.normal(size=DIM), wide, covariance(rng, 0.3), noise=NOISE)


def rows(seed=0, task=TASK_IDS):
    """Features and rewards, arbitrary numbers."""
    rng = np.random.default_rng(100 + seed)
    return rng.normal(size=(len(task), DIM)), rng.normal(size=len(task))


def data_of(x, y, task=TASK_IDS, tasks=TASKS):
    return STATISTICS(task, x, y, tasks=tasks)


def joint(prior, x, y, task=TASK_IDS, tasks=TASKS):
    """Mean and covariance of the stack (mu_*, theta_1, ..., theta_m) given the rewards, by conditioning the joint Gaussian."""
    mu, wide, narrow = (np.asarray(a) for a in prior[:3])
    dim = len(mu)
    law = np.kron(np.ones((tasks + 1, tasks + 1)), wide)
    law[dim:, dim:] += np.kron(np.eye(tasks), narrow)
    seen = np.zeros((len(y), len(law)))
    for row, (features, s) in enumerate(zip(x, task, strict=True)):
        seen[row, (s + 1) * dim : (s + 2) * dim] = features
    mean = np.tile(mu, tasks + 1)
    rewards = seen @ law @ seen.T + prior.noise**2 * np.eye(len(y))
    gain = np.linalg.solve(rewards, seen @ law).T
    return mean + gain @ (y - seen @ mean), law - gain @ seen @ law, (seen @ mean, rewards)


def blocks(mean, cov, tasks=TASKS, dim=DIM):
    """Of the tasks' own parameters."""
    parts = [slice((s + 1) * dim, (s + 2) * dim) for s in range(tasks)]
    return np.stack([mean[p] for p in parts]), np.stack([cov[p, p] for p in parts])


@functools.partial(jax.jit, static_argnames=("tasks", "count", "arms", "contexts"))
def draw(key, prior, *, tasks, count, arms=4, contexts=50):
    """Tasks of the hierarchy, their log's statistics and fresh contexts, features as in the paper's synthetic problem."""
    keys = jax.random.split(key, 4)
    dim = prior.mu_q.shape[0]
    drawn = op.sample_tasks(keys[0], prior, tasks=tasks)
    seen = jax.random.uniform(keys[1], (count, arms, dim), minval=-0.5, maxval=0.5)
    log = op.sample_log(keys[2], drawn.theta, seen, noise=prior.noise, frequency=jnp.ones(tasks))
    data = jax.tree.map(lambda a: a[0], op.cumulative_moments(log, jnp.array([count]), tasks=tasks))
    fresh = jax.random.uniform(keys[3], (tasks, contexts, arms, dim), minval=-0.5, maxval=0.5)
    return drawn, data, fresh
