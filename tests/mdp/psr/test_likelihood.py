import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import psr
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, assert_mean, compiled, host


def laws(model, horizon):
    return jax.vmap(lambda m: psr.trajectory_table(m, horizon=horizon))(model)


@functools.partial(jax.jit, static_argnames=("tasks", "horizon", "episodes"))
def data(seed, tasks, horizon=3, episodes=300):
    """Truth and counts under uniform actions."""
    model = psr.sample_two_state(jax.random.key(seed), tasks=tasks)
    law = laws(model, horizon) / 2 ** (horizon - 1)
    counts = jax.vmap(lambda key, p: psr.draw(key, p, episodes))(jax.random.split(jax.random.key(seed + 1), tasks), law)
    return model, counts


em = compiled(psr.em, "steps")
laws_of = compiled(laws, "horizon")
start_of = jax.jit(psr.random_start)


def test_expected_counts_are_those_over_latent_paths():
    """One EM step against Baum-Welch by enumeration of the states passed."""
    model, counts = host(data(0, 1, horizon=2))
    mu, t, e = (x[0] for x in model)
    moved, shown = np.zeros_like(t), np.zeros_like(e)
    for o1, a, o2 in np.ndindex(3, 2, 3):
        paths = {
            (s1, s2): mu[s1] * e[o1, s1] * t[a, s2, s1] * e[o2, s2] for s1, s2 in itertools.product(range(2), repeat=2)
        }
        for (s1, s2), p in paths.items():
            share = float(counts[0, o1, a, o2]) * p / sum(paths.values())
            moved[a, s2, s1] += share
            shown[o1, s1] += share
            shown[o2, s2] += share
    fit = em(counts, model, steps=1)
    assert_close("transitions", fit.model.transitions[0], moved / moved.sum(1, keepdims=True), 1e-12)
    assert_close("emissions", fit.model.emissions[0], shown / shown.sum(0), 1e-12)


def test_em_never_lowers_the_likelihood():
    model, counts = data(1, 3)
    fit = em(counts, start_of(jax.random.key(2), model), steps=80)
    assert (np.diff(fit.history) >= -1e-9).all()
    assert float(fit.log_likelihood.sum()) >= float(fit.history[-1]) - 1e-9
    psr.check_columns(t=jnp.asarray(fit.model.transitions), e=jnp.asarray(fit.model.emissions))


def test_em_stays_at_the_truth_with_expected_counts():
    model, _ = data(2, 3)
    fit = em(500 * laws_of(model, 3) / 4, model, steps=5)
    assert_close("fixed point T", fit.model.transitions, model.transitions, 1e-12)
    assert_close("fixed point E", fit.model.emissions, model.emissions, 1e-12)
    assert bool(fit.converged)


def test_em_and_gradients_find_one_maximum():
    for shared in (True, False):
        model, counts = data(3, 2, episodes=3000)
        sharing = np.ones((2, 2)) if shared else np.eye(2)
        by_em = em(counts, model, sharing=sharing, steps=6000)
        by_gradient = compiled(psr.gradient_mle, "shared")(counts, model, shared=shared)
        assert bool(by_em.converged) and bool(by_gradient.converged)
        # EM creeps along flat directions: per episode, and relative, both say the same.
        total = float(by_em.log_likelihood.sum())
        assert_close("log-likelihood", by_gradient.log_likelihood.sum(), total, 1e-6)
        assert float(by_gradient.log_likelihood.sum()) >= total - 1e-6


def test_joint_is_nested_in_separate():
    """Its maximum is lower, by about half a chi-squared of the parameters it saves."""
    model, counts = data(4, 4)
    joint, separate = (em(counts, model, sharing=s, steps=400) for s in (np.ones((4, 4)), np.eye(4)))
    gap = float(separate.log_likelihood.sum() - joint.log_likelihood.sum())
    assert 0 <= gap < 30


def test_sharing_decides_what_moves():
    model, counts = data(5, 4)
    start = host(start_of(jax.random.key(0), model))
    frozen = em(counts, start, sharing=np.zeros((4, 4)), steps=20).model
    assert np.array_equal(frozen.transitions, start.transitions)
    assert not np.array_equal(frozen.emissions, start.emissions)
    teams = np.asarray(psr.finite.membership((0, 0, 1, 1), 4)).astype(float)
    t = em(counts, start, sharing=teams, steps=20).model.transitions
    assert_close("within a team", t[0], t[1], 1e-14)
    assert np.abs(t[0] - t[2]).max() > 1e-3
    alike = start._replace(emissions=np.broadcast_to(start.emissions[:1], start.emissions.shape))
    one = em(counts, alike, emission_sharing=np.ones((4, 4)), steps=20).model
    assert_close("pooled emissions", one.emissions[0], one.emissions[3], 1e-14)


def test_the_ball_keeps_transitions_near():
    model, counts = data(6, 2)
    start = host(jax.jit(psr.perturbed)(jax.random.key(1), model, size=0.5))
    near = em(counts, start, radius=0.05, steps=30).model
    size = np.abs(near.transitions - start.transitions).sum(-2)
    assert float(size.max()) <= 0.05 + 1e-12 and float(size.max()) > 0.049
    psr.check_columns(t=jnp.asarray(near.transitions))


def test_paths_and_counts_are_the_same_data():
    model, _ = data(7, 2, horizon=4)
    key = jax.random.key(3)
    paths = psr.Paths(jax.random.randint(key, (2, 30, 4), 0, 3), jax.random.randint(key, (2, 30, 3), 0, 2))
    counts = np.zeros((2, 3, 2, 3, 2, 3, 2, 3))
    for n in range(2):
        for o, a in zip(*(np.asarray(x)[n] for x in paths), strict=True):
            counts[(n, o[0], a[0], o[1], a[1], o[2], a[2], o[3])] += 1
    one, two = em(counts, model, steps=10), em(paths, model, steps=10)
    assert_close("log-likelihood", one.log_likelihood, two.log_likelihood, 1e-10)
    assert_close("transitions", one.model.transitions, two.model.transitions, 1e-9)


def test_restarts_take_the_best():
    model, counts = data(8, 2)
    best_of = compiled(lambda key: psr.best_of(key, lambda start: psr.em(counts, start, steps=60), model, restarts=5))
    fit = best_of(jax.random.key(4))
    from_truth = em(counts, model, steps=60)
    assert float(fit.log_likelihood.sum()) > float(from_truth.log_likelihood.sum()) - 5


def test_divergence_follows_the_degrees_of_freedom():
    """Joint over separate is .5625 +- .08 at N = 8; 12 seeds, K = 1500, H = 4, 60 steps from the truth; both near dof / (2 K)."""
    tasks, horizon = 8, 4

    def one(key):
        key_model, key_data = jax.random.split(key)
        model = psr.sample_two_state(key_model, tasks=tasks)
        law = laws(model, horizon)
        counts = jax.vmap(lambda k, p: psr.draw(k, p, 1500))(jax.random.split(key_data, tasks), law / 8)
        policy = psr.uniform_policy(3, 2, horizon)

        def error(sharing):
            fit = psr.em(counts, model, sharing=sharing)
            return jax.vmap(lambda p, q: psr.divergence(p, q, policy))(law, laws(fit.model, horizon)).sum()

        return jnp.stack([error(jnp.ones((tasks, tasks))), error(jnp.eye(tasks))])

    errors = np.asarray(jax.jit(lambda keys: jax.lax.map(one, keys))(jax.random.split(jax.random.key(11), 12)))
    theory = [
        float(psr.theory.expected_divergence(
            psr.theory.free_parameters(tasks, states=2, actions=2, observations=3, sharing=s), 1500.0))
        for s in ("joint", "separate")
    ]  # fmt: skip
    assert_close("theory", theory, [0.012, 0.02133], 1e-3)
    ratio = errors[:, 0].mean() / errors[:, 1].mean()
    assert abs(ratio - 0.5625) <= 0.08, ratio
    assert_mean("separate divergence", errors[:, 1], theory[1], sigmas=5, bias=0.1 * theory[1])


def test_bad_input_is_refused():
    model, counts = data(9, 2)
    with pytest.raises(BadInput, match=r"sharing has shape \(3, 3\), but must have \(2, 2\); a row per task"):
        psr.em(counts, model, sharing=jnp.ones((3, 3)))
    with pytest.raises(BadInput, match="radius got 0, but must be a finite number above 0; for T that stays"):
        psr.em(counts, model, radius=0.0)
    with pytest.raises(BadInput, match="steps got 0"):
        psr.em(counts, model, steps=0)
    with pytest.raises(BadInput, match="restarts got 0"):
        psr.best_of(jax.random.key(0), lambda m: psr.em(counts, m), model, restarts=0)
    with pytest.raises(BadInput, match="iterations got 0"):
        psr.gradient_mle(counts, model, iterations=0)
