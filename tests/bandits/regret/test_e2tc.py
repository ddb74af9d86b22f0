"""E2TC: stage 1 sees the sphere's moment, finds subspace and rank, and the stages follow each other."""

import jax
import numpy as np
import pytest

from mtrl.bandits import e2tc, theory
from mtrl.bandits.regret.e2tc import estimate_rank
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import BALL, linear, rollout
from tests.helpers import assert_close

SPHERE, RANK = jax.jit(theory.sphere_moment), jax.jit(estimate_rank)


@pytest.fixture(scope="module")
def explored():
    key = jax.random.key(8)
    params = linear(key, tasks=200, dim=5, rank=2, noise=0.5)
    state, infos = rollout(e2tc(explore=200, identify=80, rank=0), key, params, BALL, 300)
    return params, state, infos


def test_moment_matrix(explored):
    """40,000 pulls: entries of the mean of r^2 x x^T within 0.01 of theirs (standard errors about 0.001: false-alarm rate below 1e-20)."""
    params, state, _ = explored
    assert_close(
        "stage 1 moment", np.asarray(state.moment) / (200 * 200), SPHERE(params.parameters, 0.5), rtol=0, atol=0.01
    )


def test_unknown_rank_is_found(explored):
    params, state, _ = explored
    assert int(state.rank) == 2
    overlap = np.linalg.norm(np.asarray(params.basis).T @ np.asarray(state.basis)[:, :2])
    assert overlap**2 > 1.9, "the two leading eigenvectors span the subspace (2 when exactly)"


def test_commitment_beats_exploration(explored):
    _, _, infos = explored
    assert float(infos.regret[280:].mean()) < 0.2 * float(infos.regret[:200].mean())


def test_rank_estimate_falls_back_to_all_axes():
    assert int(RANK(np.array([1.0, 1.01, 0.99, 1.0]), 3.0, 100.0, 1.2)) == 4
    assert int(RANK(np.array([1.0, 1.01, 0.99, 9.0]), 3.0, 100.0, 1.2)) == 1


def test_rank_edge_is_the_semicircles():
    """d = 3, where E x_1^2 x_2^2 = 1/15 on the sphere: what stands out by a hair more than `edge 2 sqrt(d v)` is counted."""
    edge = 1.2 * 2.0 * np.sqrt(3 * (3.0 / 15.0 / 100.0))
    for size, count in ((0.98, 3), (1.02, 1)):  # nothing above the edge: all three axes
        assert int(RANK(np.array([1.0, 1.0, 1.0 + size * edge]), 3.0, 100.0, 1.2)) == count


def test_bad_rank(key):
    with pytest.raises(BadInput, match="between 1 and the dimension, 4"):
        e2tc(explore=9, identify=3, rank=5).init(key, BALL.view(linear(key)))
