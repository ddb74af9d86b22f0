"""One optimistic B for all tasks: between the projected and the relaxed bonus, and its pieces against SLSQP."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from mtrl.bandits import gfucb_linear, mtlr_oful
from mtrl.bandits.gfucb_linear import optimistic_total, representation_value
from mtrl.bandits.joint_index import joint_value
from mtrl.bandits.linear_stats import squared_widths
from mtrl.bandits.rounds import take_arm
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import linear, linear_data, rollout
from tests.helpers import assert_close

CONFIG = mtlr_oful.Config(rank=2)


@pytest.fixture(scope="module")
def played():
    key = jax.random.key(12)
    params = linear(key)
    state, infos = rollout(gfucb_linear.GFUCB_LINEAR, key, params, linear_data, 20, config=CONFIG, scale=0.3)
    return params, state, infos, linear_data(jax.random.key(99), params, 0)


def test_heads_of_one_representation_equal_slsqp(played):
    """For a fixed B: sup of sum <B^T x_i, w_i> with sum ||B w_i - theta_hat_i||^2_{V_i} <= beta."""
    _, state, _, data = played
    beta = 2.0
    basis, _ = jnp.linalg.qr(state.basis + 0.1 * jax.random.normal(jax.random.key(4), state.basis.shape))
    found = representation_value(state, data.contexts, basis, beta)
    arms = jnp.zeros(3, jnp.int32)
    x = np.asarray(take_arm(data.contexts, arms))
    metric = np.asarray(state.gram) + np.eye(4)
    estimate = np.asarray(state.heads @ state.basis.T)
    inside = np.asarray(basis)

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
    assert_close("optimism of one B against SLSQP", optimistic_total(found, arms), -solved.fun, rtol=1e-6)


def test_between_projected_and_relaxed(played):
    """At the same arms: projected <= any feasible B inside C_t <= relaxed."""
    _, state, _, data = played
    beta, arms = 1.5, jnp.array([0, 1, 2], jnp.int32)
    estimate = state.heads @ state.basis.T
    relaxed = joint_value(
        take_arm(jnp.einsum("mad,md->ma", data.contexts, estimate), arms),
        take_arm(squared_widths(state.inverse, data.contexts), arms),
        beta,
    )
    for size in (0.0, 0.05, 0.2):
        basis, _ = jnp.linalg.qr(state.basis + size * jax.random.normal(jax.random.key(3), state.basis.shape))
        found = representation_value(state, data.contexts, basis, beta)
        if float(found.slack) >= 0:
            assert float(optimistic_total(found, arms)) <= float(relaxed) + 1e-9


def test_centre_has_no_misfit(played):
    _, state, _, data = played
    found = representation_value(state, data.contexts, state.basis, 1.0)
    assert_close("slack of B_hat is the whole budget", found.slack, 1.0, rtol=1e-9)


def test_empty_radius_leaves_the_centre(played):
    """beta = 0: only the fit itself is in the set, whatever the ascent tries, so its best arms are played."""
    params, state, _, _ = played

    def arms(key):
        data = linear_data(key, params, 0)
        greedy = jnp.einsum("mad,md->ma", data.contexts, state.heads @ state.basis.T).argmax(1)
        return greedy, gfucb_linear.step(key, state, data, scale=0.0, rate=1.0)[1].actions

    greedy, ours = jax.jit(jax.vmap(arms))(jax.random.split(jax.random.key(6), 50))
    assert np.array_equal(ours, greedy)


def test_learns(played):
    _, _, infos, _ = played
    assert float(infos.regret[-5:].mean()) < float(infos.regret[:5].mean())


def test_bad_rank(key):
    with pytest.raises(BadInput, match="rank .k. got 9"):
        gfucb_linear.init(key, linear(key), mtlr_oful.Config(rank=9))
