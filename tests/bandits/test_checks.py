"""Every bad input is refused in one sentence; broken norm bounds warn."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import checks, mlingreedy, mtlr_oful
from mtrl.bandits.gfucb_finite import GFUCB_FINITE
from mtrl.bandits.gfucb_linear import GFUCB_LINEAR
from mtrl.bandits.linucb import LINUCB
from mtrl.bandits.mlingreedy import MLINGREEDY
from mtrl.bandits.mtlr_oful import MTLR_OFUL
from mtrl.numerics.errors import BadInput
from tests.bandits.worlds import finite, finite_data


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (dict(tasks=0, rank=1, width=3), "tasks .M. got 0"),
        (dict(tasks=1, rank=0, width=3), "rank .k. got 0"),
        (dict(tasks=1, rank=4, width=3), "between 1 and the width 3"),
        (dict(tasks=1, rank=1, width=3, arms=1), "arms .A. got 1"),
    ],
)
def test_sizes(sizes, message):
    with pytest.raises(BadInput, match=message):
        checks.check_sizes(**sizes)


@pytest.mark.parametrize("value", [-0.1, float("nan"), np.array([0.1, -1.0])])
def test_radius(value):
    with pytest.raises(BadInput, match="beta got"):
        checks.check_radius(beta=value)
    checks.check_radius(beta=0.0, alpha=np.array([0.0, 2.0]))


def test_norms_above_the_bounds_warn():
    with pytest.warns(UserWarning, match="feature norm reaches 2, above the declared bound 1"):
        checks.check_bounds(np.array([[2.0, 0.0]]), np.ones((1, 2)))
    with pytest.warns(UserWarning, match="parameter norm reaches 5"):
        checks.check_bounds(np.array([[0.5, 0.0]]), np.array([[3.0, 4.0]]), head_bound=2.0)


def test_heads_and_arms_disagree():
    with pytest.raises(BadInput, match=r"\(3, 5, 2\) do not fit heads of shape \(4, 2\)"):
        checks.check_heads(jnp.zeros((3, 5, 2)), jnp.zeros((4, 2)))
    checks.check_heads(jnp.zeros((3, 5, 2)), jnp.zeros((3, 2)))


@pytest.mark.parametrize("algorithm", [GFUCB_FINITE, GFUCB_LINEAR, LINUCB, MLINGREEDY, MTLR_OFUL])
def test_every_algorithm_refuses_arms_for_other_tasks(algorithm, key):
    config = mtlr_oful.Config(rank=2) if algorithm in (GFUCB_LINEAR, MLINGREEDY, MTLR_OFUL) else None
    config = mlingreedy.Config(rank=2) if algorithm is MLINGREEDY else config
    state = algorithm.init(key, finite(key), config)
    with pytest.raises(BadInput, match="do not fit heads of shape"):
        algorithm.step(key, state, finite_data(key, finite(key, tasks=3), 0))


def test_never_refitted():
    with pytest.raises(BadInput, match="refit_every got 11 in 10 rounds"):
        checks.check_refit(11, 10)
    with pytest.raises(BadInput, match="refit_every got 0"):
        checks.check_refit(0, 10)


def test_unknown_bonus_lists_the_three():
    with pytest.raises(BadInput, match="takes one of last_layer, gradient, optimistic_net"):
        checks.check_choice("bonus", "ucb", ("last_layer", "gradient", "optimistic_net"))


def test_explore_commit_stages():
    with pytest.raises(BadInput, match="N1 got 5 rounds"):
        checks.check_explore_commit(5, 10, 100, 6)
    with pytest.raises(BadInput, match="N1 . N2 got 60 . 40 in T = 100"):
        checks.check_explore_commit(60, 40, 100, 6)
