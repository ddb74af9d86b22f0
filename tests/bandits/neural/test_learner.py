"""Buffers, refits and weight decay."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import last_layer, learner
from mtrl.numerics.errors import BadInput
from tests.bandits.neural.worlds import IMAGES, NETWORK, OWN, world
from tests.bandits.worlds import rollout
from tests.helpers import assert_close

FEATURES = jax.jit(OWN.features)


@pytest.fixture(scope="module")
def played():
    key = jax.random.key(3)
    params = world(key)
    state, played = rollout(
        last_layer(alpha=0.2, **NETWORK), key, params, IMAGES, 12, keep=lambda step: step.state.fit.params.heads
    )
    return params, state, played.kept


def test_statistics_are_rebuilt_on_the_refitted_features(played):
    """Round 12 ends with a refit: V_i = lam I + sum phi phi^T over the whole buffer."""
    _, state, _ = played
    features = np.asarray(FEATURES(state, state.contexts), dtype=float)
    gram = np.einsum("tmk,tml->mkl", features, features) + 0.1 * np.eye(3)
    assert_close("rebuilt inverse", state.ridge.inverse, np.linalg.inv(gram), rtol=1e-3)
    assert_close(
        "rebuilt cross moments",
        state.ridge.cross,
        np.einsum("tmk,tm->mk", features, np.asarray(state.rewards)),
        rtol=1e-5,
    )


def test_refits_at_the_end_of_every_period(played):
    """12 rounds, `refit_every` 4: the network changes with rounds 4, 8 and 12, and only then."""
    _, _, heads = played
    changes = np.flatnonzero(np.any(np.diff(np.asarray(heads), axis=0) != 0, axis=(1, 2))) + 2
    assert changes.tolist() == [4, 8, 12]


def test_buffer_holds_what_was_played(played):
    _, state, _ = played
    assert np.all(np.any(np.asarray(state.contexts) != 0, axis=-1)) and int(state.round) == 12


def test_refit_lowers_the_loss(played):
    params, state, _ = played
    fresh = jax.jit(lambda key: OWN.init(key, IMAGES.view(params)))(jax.random.key(9))._replace(
        contexts=state.contexts, rewards=state.rewards, round=state.round
    )
    refit = jax.jit(OWN.refit)

    @jax.jit
    def error(state):
        values = OWN.pooled_values(state.fit.params, state, jnp.arange(24))
        return jnp.mean((values - state.rewards.ravel()) ** 2)

    assert error(refit(jax.random.key(1), fresh)) < 0.5 * error(fresh)
    # Rows that are not played yet do not count, although the body's biases give them features.
    early_contexts = np.array(state.contexts)
    early_contexts[4:] = 0.0
    early = fresh._replace(round=jnp.asarray(4, jnp.int32), contexts=early_contexts)
    half = refit(jax.random.key(1), early)
    features = np.asarray(FEATURES(half, np.asarray(state.contexts)[:4]), dtype=float)
    gram = np.einsum("tmk,tml->mkl", features, features) + 0.1 * np.eye(3)
    assert_close("four rounds played", half.ridge.inverse, np.linalg.inv(gram), rtol=1e-3)


def test_minibatches_come_from_what_was_played(played):
    _, state, _ = played
    early = state._replace(round=jnp.asarray(2, jnp.int32))
    wide = learner(**{**NETWORK, "batch": 200})
    rows = np.asarray(jax.jit(wide.batches, static_argnums=2)(jax.random.key(0), early, 3))
    assert rows.shape == (3, 200), "the size asked for"
    assert set(np.unique(rows)) == {0, 1, 2, 3}, "two rounds of two tasks"
    values = np.asarray(jax.jit(OWN.pooled_values)(state.fit.params, state, rows[0]))
    one = int(rows[0, 0])
    features = np.asarray(FEATURES(state, np.asarray(state.contexts)[one // 2, one % 2]))
    assert_close(
        "row r is task r % M in round r // M",
        values[0],
        features @ np.asarray(state.fit.params.heads)[one % 2],
        rtol=1e-5,
    )


def test_bad_input():
    with pytest.raises(BadInput, match="refit_every got 13, but must be a whole number from 1 to 12"):
        learner(**{**NETWORK, "refit_every": 13})
    with pytest.raises(BadInput, match="rank got 9, but must lie between 1 and the last hidden width, 8"):
        learner(**{**NETWORK, "rank": 9})
