"""Contract rows of off-policy learning from one log of many tasks."""

import jax
import jax.numpy as jnp

from mtrl.bandits import off_policy as op
from mtrl.numerics.moments import moments
from tests.contract.table import Case

TASKS, DIM, NOISE = 4, 3, 0.5


def arrays(key, dtype):
    """Moments of 8 interactions a task, (mu_q, Sigma_q, Sigma_0), contexts."""
    keys = jax.random.split(key, 4)
    x = jax.random.normal(keys[0], (TASKS, 8, DIM), dtype)
    theta = 1 + jax.random.normal(keys[1], (TASKS, DIM), dtype) / 2
    y = jnp.einsum("tnd,td->tn", x, theta) + jax.random.normal(keys[2], (TASKS, 8), dtype) / 2
    eye = jnp.eye(DIM, dtype=dtype)
    hierarchy = jnp.ones(DIM, dtype) / 4, eye, eye / 4 + 0.1
    return tuple(moments(x, y)), hierarchy, jax.random.normal(keys[3], (TASKS, 5, 3, DIM), dtype)


def scale_responses(given, s):
    """Rewards times s."""
    (gram, cross, square, count), hierarchy, contexts = given
    return (gram, cross * s, square * s**2, count), hierarchy, contexts


def scale_data(given, s):
    """Features and rewards times sqrt(s)."""
    (gram, cross, square, count), hierarchy, contexts = given
    return (gram * s, cross * s, square * s, count), hierarchy, contexts


def permute(given, perm):
    data, hierarchy, contexts = given
    return tuple(a[perm] for a in data), hierarchy, contexts[perm]


def tasks_back(output, perm):
    return jax.tree.map(lambda a: jnp.zeros_like(a).at[perm].set(a), output)


def with_prior(learner):
    """A learner on the arrays."""
    return lambda key, data, hierarchy, contexts, **hyper: learner(
        op.problem.Moments(*data), op.Hierarchy(*hierarchy, NOISE), **hyper
    )


def of_tasks(posterior):
    return posterior.mean, posterior.cov


def bounds(key, data, hierarchy, contexts, **hyper):
    found = op.hier_opo(op.problem.Moments(*data), op.Hierarchy(*hierarchy, NOISE))
    return op.lower_bounds(found, contexts, **hyper)


POSTERIOR = dict(example=arrays, compare=of_tasks, scale=scale_data, permute=permute, unpermute=tasks_back, tasks=TASKS)

CASES = [
    Case("off-policy hier", with_prior(op.hier_opo), differs_from=("off-policy flat",), **POSTERIOR),
    Case(
        "off-policy oracle",
        with_prior(lambda data, prior: op.oracle_opo(data, prior, 2 * prior.mu_q)),
        differs_from=("off-policy hier",),
        **POSTERIOR,
    ),
    Case("off-policy flat", with_prior(op.flat_opo), differs_from=("off-policy pooled",), **POSTERIOR),
    Case("off-policy pooled", with_prior(op.pooled_opo), differs_from=("off-policy hier",), **POSTERIOR),
    Case(
        "off-policy lower bounds",
        bounds,
        arrays,
        factory=op.lower_bounds,
        hyper={"alpha": 0.1},
        changed={"alpha": 1.0},
        scale=scale_data,
        permute=permute,
        unpermute=tasks_back,
        tasks=TASKS,
    ),
    Case(
        "off-policy empirical Bayes",
        with_prior(op.empirical_bayes),
        arrays,
        factory=op.empirical_bayes,
        static={"iterations": 5},
        changed={"iterations": 9},
        inert={"tolerance": "decides the certificate alone"},
        compare=lambda learnt: (learnt.prior.mu_q, learnt.prior.cov_0, learnt.prior.noise),
        scale=scale_responses,
        permute=permute,
        unpermute=lambda output, perm: output,
        tasks=TASKS,
        why="the noise is learnt per interaction: rewards are scaled",
    ),
]
