"""Buffers, refits and weight decay."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import last_layer, learner
from mtrl.bandits.neural.learner import optimiser
from mtrl.bandits.neural.network import pooled_loss
from mtrl.numerics.errors import BadInput
from tests.bandits.neural.worlds import IMAGES, NETWORK, OWN, world
from tests.bandits.worlds import rollout
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def played():
    key = jax.random.key(3)
    params = world(key)
    state, played = rollout(
        last_layer(alpha=0.2, **NETWORK), key, params, IMAGES, 12, keep=lambda step: step.state.network.heads
    )
    return params, state, played.kept


def test_statistics_are_rebuilt_on_the_refitted_features(played):
    """Round 12 ends with a refit: V_i = lam I + sum phi phi^T over the whole buffer."""
    _, state, _ = played
    features = np.asarray(OWN.body.apply(state.network.body, state.contexts), dtype=float)
    gram = np.einsum("tmk,tml->mkl", features, features) + 0.1 * np.eye(3)
    assert_close("rebuilt inverse", state.inverse, np.linalg.inv(gram), rtol=1e-3)
    assert_close("rebuilt cross moments", state.cross, np.einsum("tmk,tm->mk", features, state.rewards), rtol=1e-5)


def test_refits_at_the_end_of_every_period(played):
    """12 rounds, `refit_every` 4: the network changes with rounds 4, 8 and 12, and only then."""
    _, _, heads = played
    changes = np.flatnonzero(np.any(np.diff(np.asarray(heads), axis=0) != 0, axis=(1, 2))) + 2
    assert changes.tolist() == [4, 8, 12]


def test_buffer_holds_what_was_played(played):
    _, state, _ = played
    assert bool(jnp.all(jnp.any(state.contexts != 0, axis=-1))) and int(state.round) == 12


def test_refit_lowers_the_loss(played):
    params, state, _ = played
    fresh = OWN.init(jax.random.key(9), IMAGES.view(params))._replace(
        contexts=state.contexts, rewards=state.rewards, round=state.round
    )
    x, tasks, y = state.contexts.reshape(-1, 6), jnp.tile(jnp.arange(2), 12), state.rewards.ravel()
    refit = jax.jit(OWN.refit)
    before = pooled_loss(OWN.body, fresh.network, x, tasks, y)
    fitted = refit(jax.random.key(1), fresh)
    assert float(pooled_loss(OWN.body, fitted.network, x, tasks, y)) < 0.5 * float(before)
    # Rows that are not played yet do not count, although the body's biases give them features.
    early = fresh._replace(round=jnp.asarray(4, jnp.int32), contexts=state.contexts.at[4:].set(0.0))
    half = refit(jax.random.key(1), early)
    features = np.asarray(OWN.body.apply(half.network.body, state.contexts[:4]), dtype=float)
    gram = np.einsum("tmk,tml->mkl", features, features) + 0.1 * np.eye(3)
    assert_close("four rounds played", half.inverse, np.linalg.inv(gram), rtol=1e-3)


def test_heads_decay_is_divided_by_the_number_of_tasks(played):
    """With zero gradients the decay alone drives the first Adam moment: decay on the body, decay / M on the heads."""
    _, state, _ = played
    for tasks in (2, 50):
        rule = optimiser(1e-2, 1e-2, tasks)
        zero = jax.tree.map(jnp.zeros_like, state.network)
        _, memory = rule.update(zero, rule.init(state.network), state.network)
        moments = memory[1][0].mu
        assert_close("heads", moments.heads, 0.1 * 1e-2 / tasks * state.network.heads, rtol=1e-5)
        ours, reference = (jax.tree.leaves(x)[-1] for x in (moments.body, state.network.body))
        assert_close("body", ours, 0.1 * 1e-2 * reference, rtol=1e-5)


def test_minibatches_come_from_what_was_played(played):
    _, state, _ = played
    early = state._replace(round=jnp.asarray(2, jnp.int32))
    batch = learner(**{**NETWORK, "batch": 200}).batch(jax.random.key(0), early)
    allowed = np.asarray(state.rewards[:2]).ravel()
    assert batch.x.shape == (200, 6), "the size asked for"
    assert set(np.asarray(batch.targets).tolist()) == set(allowed.tolist())


def test_bad_input():
    with pytest.raises(BadInput, match="refit_every got 13, but must be a whole number from 1 to 12"):
        learner(**{**NETWORK, "refit_every": 13})
    with pytest.raises(BadInput, match="rank got 9, but must lie between 1 and the last hidden width, 8"):
        learner(**{**NETWORK, "rank": 9})
