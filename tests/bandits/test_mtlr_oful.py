"""MTLR-OFUL: statistics, the two bonuses, bad input."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import mtlr_oful
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import linear, linear_data, rollout
from tests.helpers import assert_close

CONFIG = mtlr_oful.Config(rank=2, ridge=0.5)


def test_statistics_and_subspace(key):
    """The inverse follows the Gram matrix, and the centre's subspace becomes the true one."""
    params = linear(key, tasks=8, noise=0.05)
    state, _ = rollout(mtlr_oful.MTLR_OFUL, key, params, linear_data, 60, config=CONFIG, noise=0.05)
    assert_close("inverse", state.inverse, np.linalg.inv(np.asarray(state.gram) + 0.5 * np.eye(4)), rtol=1e-9)
    overlap = float(jnp.sum((params.basis.T @ state.basis) ** 2))
    assert overlap > 1.95, "2 when the subspaces are equal"
    assert_close("radius", mtlr_oful.radius(state, scale=0.1, noise=2.0), 0.1 * 4 * 2 * 12 * np.log(62.0), rtol=1e-9)


def test_full_rank_projection_equals_relaxation(key):
    """k = d: nothing is projected away, both bonuses play the same arms."""
    params = linear(key)
    config = mtlr_oful.Config(rank=4)

    def uneven(key, params, t):
        # Without data, arms of one norm tie to the last bit; arms of different norms do not.
        data = linear_data(key, params, t)
        return data._replace(contexts=data.contexts * jnp.linspace(1.0, 0.6, 4)[:, None])

    _, relaxed = rollout(mtlr_oful.MTLR_OFUL, key, params, uneven, 25, config=config, scale=0.2)
    _, projected = rollout(mtlr_oful.MTLR_OFUL_PROJECTED, key, params, uneven, 25, config=config, scale=0.2)
    assert np.array_equal(relaxed.actions, projected.actions)


def test_bad_input(key):
    params = linear(key)
    with pytest.raises(BadInput, match="rank .k. got 0"):
        mtlr_oful.init(key, params, mtlr_oful.Config(rank=0))
    state = mtlr_oful.init(key, params, CONFIG)
    with pytest.raises(BadInput, match="bonus got 'both', but takes one of relaxed, projected"):
        mtlr_oful.step(key, state, linear_data(key, params, 0), bonus="both")
