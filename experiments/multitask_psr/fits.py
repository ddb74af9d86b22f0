"""Simulations of the figures that fit by maximum likelihood: data under uniform actions, EM from the truth."""

import numpy as np

from mtrl import mdp
from mtrl.harness import jax, jnp, split_named


def tables(models, horizon):
    """Laws of the trajectories of all tasks."""
    return jax.vmap(lambda model: mdp.psr.trajectory_table(model, horizon=horizon))(models)


def errors(laws, fitted, rewards):
    """KL under uniform actions, TV* and value gap of every task."""
    observations, actions = laws.shape[1:3]
    policy = mdp.psr.uniform_policy(observations, actions, laws.ndim // 2)
    return (
        jax.vmap(lambda p, q: mdp.psr.divergence(p, q, policy))(laws, fitted),
        jax.vmap(mdp.psr.distance)(laws, fitted),
        jax.vmap(mdp.psr.value_gap)(laws, fitted, rewards),
    )


def fit_errors(key, sharings, spread, *, episodes, horizon, steps):
    """Means over tasks of KL, TV* and value gap, each (K, sharing): maximum likelihood on nested data under uniform actions."""
    keys = split_named(key, "model", "rewards", "data")
    tasks = sharings.shape[-1]
    truth = mdp.psr.sample_two_state(keys["model"], tasks=tasks, spread=spread)
    laws = tables(truth, horizon)
    rewards = jax.random.uniform(keys["rewards"], laws.shape)
    more = np.diff(episodes, prepend=0)
    played = laws / truth.transitions.shape[1] ** (horizon - 1)

    def drawn(key, law):
        each = zip(jax.random.split(key, len(more)), more, strict=True)
        return jnp.cumsum(jnp.stack([mdp.psr.draw(k, law, int(count)) for k, count in each]), axis=0)

    counts = jax.vmap(drawn, out_axes=1)(jax.random.split(keys["data"], tasks), played)  # (K, task, ...)

    def at(counts):
        def one(sharing):
            fit = mdp.psr.em(counts, truth, sharing=sharing, steps=steps)
            return [x.mean() for x in errors(laws, tables(fit.model, horizon), rewards)]

        return jax.vmap(one)(sharings)

    return jax.lax.map(at, counts)


def target_errors(key, changes, *, tasks, upstream, episodes, horizon, steps, floor_steps):
    """KL and TV* (K0, method); KL, TV* and eps_0 of the best fit with a T that is wrong (change)."""
    psr = mdp.psr
    keys = split_named(key, "models", "upstream", "target", "wrong")
    models = psr.sample_two_state(keys["models"], tasks=tasks + 1)
    laws, most = tables(models, horizon), 2 ** (horizon - 1)
    policy = psr.uniform_policy(3, 2, horizon)
    before, target = (
        jax.tree.map(lambda x, part=part: x[part], models) for part in (slice(0, tasks), slice(tasks, None))
    )
    counts = jax.vmap(lambda k, law: psr.draw(k, law / most, upstream))(
        jax.random.split(keys["upstream"], tasks), laws[:-1]
    )
    learned = psr.em(counts, before, steps=steps).model.transitions[:1]
    none, alone = jnp.zeros((1, 1)), jnp.ones((1, 1))

    def fitted(counts, start, sharing, steps):
        return tables(psr.em(counts[None], start, sharing=sharing, steps=steps).model, horizon)[0]

    def compare(law):
        return psr.divergence(laws[-1], law, policy), psr.distance(laws[-1], law)

    errors = []
    for k, count in zip(jax.random.split(keys["target"], len(episodes)), episodes, strict=True):
        counts = psr.draw(k, laws[-1] / most, count)
        starts = [(target, none), (target._replace(transitions=learned), none), (target, alone)]
        starts, sharings = (jax.tree.map(lambda *x: jnp.stack(x), *x) for x in zip(*starts, strict=True))
        errors.append(jax.vmap(lambda s, a, counts=counts: compare(fitted(counts, s, a, steps)))(starts, sharings))

    def floor(change):
        wrong = jax.vmap(lambda m: psr.perturbed(keys["wrong"], m, size=change))(target)
        law = fitted(laws[-1] / most, wrong, none, floor_steps)
        return *compare(law), psr.worst_renyi(laws[-1], law, alpha=2.0)

    kl, tv = (jnp.stack(x) for x in zip(*errors, strict=True))
    return kl, tv, *jax.vmap(floor)(changes)
