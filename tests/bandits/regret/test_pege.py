"""PEGE: stages, and its regret against the leading order."""

import numpy as np

from mtrl.bandits import pege, theory
from tests.bandits.worlds import BALL, linear, rollout
from tests.helpers import assert_mean


def test_explores_the_axes_then_commits(key):
    params = linear(key, noise=0.0)
    state, infos = rollout(pege(explore=8), key, params, BALL, 12)
    assert np.allclose(infos.actions[:8, 0], np.tile(np.eye(4), (2, 1)))
    assert np.allclose(state.counts, 2.0)
    assert np.allclose(infos.regret[8:], 0.0, atol=1e-12), "without noise the commitment is exact"


def test_known_subspace_needs_fewer_pulls(key):
    params = linear(key, noise=0.0)
    _, infos = rollout(pege(explore=2, known_subspace=True), key, params, BALL, 4)
    assert np.allclose(infos.actions[:2, 0], params.basis.T) and np.allclose(infos.regret[2:], 0.0, atol=1e-12)


def test_regret_equals_leading_order(key):
    """400 tasks; 3 % bias allowed for the second order in the angle."""
    params = linear(key, tasks=400, dim=5, rank=2, noise=1.0)
    rounds, pulls = 3000, 200
    _, infos = rollout(pege(explore=5 * pulls), key, params, BALL, rounds)
    total = np.sum(infos.regret, axis=0)
    predicted = float(theory.commit_regret(rounds, 5 * pulls, dim=5, pulls=pulls, noise=1.0))
    assert_mean("PEGE regret", total, predicted, bias=0.03 * predicted)
