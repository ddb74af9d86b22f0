"""Our sides: posteriors of many tasks that share a mean, and the recursion on the tree of trajectories."""

from typing import Any

import numpy as np

from experiments.benchmark_offpolicy_psr import literal
from mtrl import bandits, mdp
from mtrl.harness import jax, jnp, timing
from mtrl.numerics import moments


def prior_of(dim: int) -> Any:
    """N(0, sigma_q^2 I), sigma_0^2 I, sigma."""
    return bandits.off_policy.hierarchy(np.zeros(dim), literal.SIGMA_Q**2, literal.SIGMA_0**2, noise=literal.NOISE)


def posteriors(data: Any, prior: Any) -> tuple:
    """Posteriors from the sums."""
    return tuple(bandits.off_policy.hier_opo(data, prior))


def posteriors_from_log(task: Any, features: Any, reward: Any, prior: Any, *, tasks: int) -> tuple:
    """Posteriors from the log."""
    return posteriors(moments.flat_moments(features, reward, task, tasks), prior)


def buffers(tasks: int, dim: int) -> int:
    """Bytes that the compiled program gives to temporaries and results, by its own memory analysis; nothing is run."""
    empty = jax.eval_shape(lambda: moments.no_moments(tasks, dim))
    return timing.working_bytes(posteriors, empty, prior_of(dim))


def furthest(p: Any, q: Any) -> tuple:
    """Largest total variation, and the tables of the policy that shows it."""
    found = mdp.psr.best(jnp.abs(p - q))
    return found.value / 2, found.policy


def tables(key: Any, *, states: int, observations: int, actions: int, horizon: int) -> Any:
    """Laws of the trajectories of two models."""
    models = mdp.psr.sample_shared(key, tasks=2, states=states, actions=actions, observations=observations)
    return jnp.stack(
        [mdp.psr.trajectory_table(mdp.psr.POMDP(*(x[n] for x in models)), horizon=horizon) for n in range(2)]
    )


def worth(p: Any, q: Any, policy: Any) -> Any:
    """Total variation under a policy, of action numbers or tables of chances."""
    numbers = policy[0].dtype.kind == "i"
    chances = tuple(jnp.eye(p.shape[1])[x] for x in policy) if numbers else tuple(policy)
    return mdp.psr.policy_value(jnp.abs(p - q), chances) / 2
