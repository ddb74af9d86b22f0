"""What the figures compute, seed by seed: data under uniform actions, EM from the truth, operators from moments, brackets."""

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


def learned_errors(key, sharpness, *, episodes, horizon, steps):
    """gamma's bound, sigma_min(E), the second and third singular value of D_2, and TV* (or half the L1 distance) of both learners."""
    psr = mdp.psr
    key_model, key_data = jax.random.split(key)
    model = jax.tree.map(lambda x: x[0], psr.sample_two_state(key_model, tasks=1))

    def at(sharpness):
        truth = model._replace(emissions=psr.blurred(model.emissions, sharpness))
        law = psr.trajectory_table(truth, horizon=horizon)
        singular = jnp.linalg.svd(psr.history_matrix(law, 2), compute_uv=False)
        counts = psr.draw(key_data, law / 2 ** (horizon - 1), episodes)
        learned = psr.from_moments(counts / episodes * 2 ** (horizon - 1), rank=2)
        moments, exact = psr.psr_table(learned, horizon=horizon), psr.from_pomdp(truth)
        fit = psr.em(counts[None], jax.tree.map(lambda x: x[None], truth), steps=steps).model
        fitted = psr.trajectory_table(jax.tree.map(lambda x: x[0], fit), horizon=horizon)
        smallest = jnp.linalg.svd(truth.emissions, compute_uv=False)[-1]
        errors = jnp.stack([psr.distance(law, moments), psr.distance(law, fitted)])
        operators = jnp.max(jnp.abs(learned.operators - exact.operators))
        return psr.conditioning(truth.emissions), smallest, singular[1:3] / singular[0], errors, operators

    return jax.lax.map(at, sharpness)


def bracket(key, spacings):
    """Widths of the grid brackets of a random POMDP (S = 2, A = 2, O = 3, H = 3), and whether each contains its law."""
    model = mdp.psr.sample(key, states=2, actions=2, observations=3)
    law = mdp.psr.trajectory_table(model, horizon=3)

    def one(spacing):
        lower, upper = mdp.psr.theory.grid_bracket(model, spacing, horizon=3)
        return mdp.psr.best(upper - lower).value, jnp.all((lower <= law + 1e-12) & (law <= upper + 1e-12))

    return jax.vmap(one)(spacings)
