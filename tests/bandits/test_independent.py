"""Independent learning: M copies with one task each."""

import numpy as np

from mtrl.bandits import linucb
from mtrl.bandits.gfucb_finite import GFUCB_FINITE
from mtrl.bandits.independent import independent
from mtrl.bandits.uniform import UNIFORM
from tests.bandits.worlds import finite, finite_data, linear, linear_data, rollout
from tests.helpers import assert_close


def test_linucb_shares_nothing_anyway(key):
    params = linear(key)
    _, together = rollout(linucb.LINUCB, key, params, linear_data, 20, alpha=0.5)
    _, apart = rollout(independent(linucb.LINUCB), key, params, linear_data, 20, alpha=0.5)
    assert_close("LinUCB together and apart", apart.regret, together.regret, rtol=1e-9)


def test_every_task_draws_for_itself(key):
    """Three tasks that play uniformly have independent arms: any two agree in a quarter of 400 rounds (5 sigma: .11)."""
    _, infos = rollout(independent(UNIFORM), key, linear(key), linear_data, 400)
    a = np.asarray(infos.actions)
    assert all(abs((a[:, i] == a[:, j]).mean() - 0.25) < 0.11 for i, j in ((0, 1), (0, 2), (1, 2)))


def test_every_task_plays_alone(key):
    """Task 0 of two independent copies does what it does in a world without task 1."""
    params = finite(key)
    alone = params._replace(heads=params.heads[:1])

    def first_task_only(key, _, t):
        data = finite_data(key, params, t)
        return type(data)(*[x[:1] for x in data[:4]], data.candidates[:, :1])

    _, both = rollout(independent(GFUCB_FINITE), key, params, finite_data, 25, scale=0.05)
    _, one = rollout(GFUCB_FINITE, key, alone, first_task_only, 25, scale=0.05)
    assert np.array_equal(both.actions[:, 0], one.actions[:, 0])
    _, shared = rollout(GFUCB_FINITE, key, params, finite_data, 25, scale=0.05)
    assert not np.array_equal(both.actions, shared.actions)
