"""One optimistic B for all tasks: between the projected and the relaxed bonus, and its pieces against SLSQP."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from mtrl.bandits import gfucb_linear
from mtrl.bandits.problem import ArmView, take_arm
from mtrl.bandits.regret.gfucb_linear import optimistic_total, representation_value
from mtrl.bandits.regret.joint_index import joint_value
from mtrl.bandits.regret.mtlr_oful import State
from mtrl.bandits.regret.ridge_statistics import squared_widths
from mtrl.numerics.errors import BadInput
from mtrl.numerics.low_rank import SharedSubspace
from mtrl.numerics.moments import no_moments
from tests.bandits.worlds import ARMS, linear, rollout
from tests.helpers import assert_close, host

VALUE = jax.jit(representation_value)
TOTAL = jax.jit(optimistic_total)


def near(centre, size, seed):
    """An orthonormal basis at a distance."""
    centre = np.asarray(centre)
    return np.linalg.qr(centre + size * np.random.default_rng(seed).normal(size=centre.shape))[0]


@pytest.fixture(scope="module")
def played():
    key = jax.random.key(12)
    params = linear(key)
    state, regrets = rollout(gfucb_linear(rank=2, scale=0.3), key, params, ARMS, 20)
    return params, state, regrets, jax.jit(ARMS.draw)(jax.random.key(99), params, 0).view


def test_heads_of_one_representation_equal_slsqp(played):
    """For a fixed B: sup of sum <B^T x_i, w_i> with sum ||B w_i - theta_hat_i||^2_{V_i} <= beta."""
    _, state, _, view = played
    beta = 2.0
    inside = near(state.centre.basis, 0.1, 4)
    found = VALUE(state, view.contexts, inside, beta, 1.0)
    arms = np.zeros(3, np.int32)
    x = np.asarray(view.contexts)[:, 0]
    metric = np.asarray(state.data.gram) + np.eye(4)
    estimate = np.asarray(state.centre.heads) @ np.asarray(state.centre.basis).T

    def room(flat):
        gap = flat.reshape(3, 2) @ inside.T - estimate
        return beta - np.einsum("md,mde,me->", gap, metric, gap)

    start = np.linalg.lstsq(inside, estimate.T, rcond=None)[0].T.ravel()
    solved = optimize.minimize(
        lambda w: -((w.reshape(3, 2) @ inside.T) * x).sum(),
        start,
        method="SLSQP",
        constraints={"type": "ineq", "fun": room},
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert float(found.slack) > 0
    assert_close("optimism of one B against SLSQP", TOTAL(found, arms), -solved.fun, rtol=1e-6)


def test_between_projected_and_relaxed(played):
    """At the same arms: projected <= any feasible B inside C_t <= relaxed."""
    _, state, _, view = played
    beta, arms = 1.5, np.array([0, 1, 2], np.int32)

    @jax.jit
    def relaxation(state, contexts, arms):
        estimate = state.centre.heads @ state.centre.basis.T
        means = take_arm(jnp.einsum("mad,md->ma", contexts, estimate), arms)
        return joint_value(means, take_arm(squared_widths(state.inverse, contexts), arms), beta)

    relaxed = relaxation(state, view.contexts, arms)
    for size in (0.0, 0.05, 0.2):
        found = VALUE(state, view.contexts, near(state.centre.basis, size, 3), beta, 1.0)
        if float(found.slack) >= 0:
            assert float(TOTAL(found, arms)) <= float(relaxed) + 1e-9


def test_centre_has_no_misfit(played):
    _, state, _, view = played
    found = VALUE(state, view.contexts, state.centre.basis, 1.0, 1.0)
    assert_close("slack of B_hat is the whole budget", found.slack, 1.0, rtol=1e-9)


def test_representations_outside_the_set_are_not_played():
    """Next to no budget, V = I, theta_hat = e_1. B at the angle b promises cos(b) cos(a - b) for an arm at the angle a, so that
    turning towards the arm at 60 degrees makes the one at 90, which the fit gives nothing, look better than both."""
    start, up = np.array([[1.0], [0.0]]), 0.4 * np.array([np.cos(np.pi / 3), np.sin(np.pi / 3)])
    fit = SharedSubspace(start, np.ones((1, 1)), np.ones((1, 1, 1)))
    state = State(no_moments(1, 2), np.eye(2)[None], fit, np.zeros((), np.int32))
    view = ArmView(np.stack([up, [0.0, 1.0]])[None])
    turned = host(VALUE(state, view.contexts, np.array([[0.9], [0.43588989]]), 0.0, 1.0))
    assert float(turned.values[0, 1]) > float(turned.values[0, 0]) > 0.2 and float(turned.slack) < 0
    arrays = jax.tree.map(jnp.asarray, (state, view))
    select = jax.jit(lambda scale: gfucb_linear(rank=1, scale=scale, rate=0.5).select(None, *arrays))
    for scale in (0.0, 1e-6):
        assert select(scale).tolist() == [0]


def test_learns(played):
    _, _, regrets, _ = played
    assert float(regrets.regret[-5:].mean()) < float(regrets.regret[:5].mean())


def test_bad_rank(key):
    with pytest.raises(BadInput, match="rank got 9"):
        gfucb_linear(rank=9).init(key, ARMS.view(linear(key)))
