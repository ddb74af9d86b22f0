"""MTLR-OFUL: statistics, the two bonuses, bad input."""

import numpy as np
import pytest

from mtrl.bandits import mtlr_oful
from mtrl.bandits.regret.mtlr_oful import radius
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import ARMS, linear, rollout, uneven
from tests.helpers import assert_close


def test_statistics_and_subspace(key):
    """The inverse follows the Gram matrix, and the centre's subspace becomes the true one."""
    params = linear(key, tasks=8, noise=0.05)
    state, _ = rollout(mtlr_oful(rank=2, ridge=0.5, noise=0.05), key, params, ARMS, 60)
    assert_close("inverse", state.inverse, np.linalg.inv(np.asarray(state.data.gram) + 0.5 * np.eye(4)), rtol=1e-9)
    overlap = float(np.sum((np.asarray(params.basis).T @ np.asarray(state.centre.basis)) ** 2))
    assert overlap > 1.95, "2 when the subspaces are equal"
    assert_close("radius", radius(state, scale=0.1, noise=2.0), 0.1 * 4 * 2 * 12 * np.log(62.0), rtol=1e-9)


def test_full_rank_projection_equals_relaxation(key):
    """k = d: nothing is projected away, both bonuses play the same arms."""
    params = linear(key)
    _, relaxed = rollout(mtlr_oful(rank=4, scale=0.2), key, params, uneven(ARMS), 25)
    _, projected = rollout(mtlr_oful(rank=4, scale=0.2, bonus="projected"), key, params, uneven(ARMS), 25)
    assert np.array_equal(relaxed.actions, projected.actions)


def test_bad_input(key):
    for rank in (0, 5):
        with pytest.raises(BadInput, match=f"rank got {rank}"):
            mtlr_oful(rank=rank).init(key, ARMS.view(linear(key)))
    with pytest.raises(BadInput, match="bonus got 'both', but takes one of relaxed, projected"):
        mtlr_oful(bonus="both")
