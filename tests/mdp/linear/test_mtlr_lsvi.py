import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.linear.lsvi_ucb import lsvi_ucb
from mtrl.mdp.linear.mtlr_lsvi import mtlr_lsvi
from mtrl.mdp.linear.problem import view
from mtrl.mdp.linear.samplers import sample_linear
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close
from tests.mdp.linear.worlds import steps


@pytest.fixture(scope="module")
def world():
    sizes = dict(tasks=3, stages=3, states=4, actions=2, rank=2, dim=3)
    return jax.jit(functools.partial(sample_linear, **sizes))(jax.random.key(0), jnp.asarray(0.2))


def test_a_full_subspace_is_lsvi_ucb_on_the_inputs(world):
    """k = D: an orthonormal B is a rotation, which ridge regression does not see."""
    _, ours = steps(mtlr_lsvi(rank=3, beta=0.3, basis_bonus=0.0, ridge=0.5, fit_ridge=0.5), world, 5)
    _, single = steps(lsvi_ucb(beta=0.3, ridge=0.5), world, 5)
    for a, b in zip(ours, single, strict=True):
        assert_close("regret with k = D", a.regret, b.regret, 1e-8, 1e-12)
        assert_close("optimism with k = D", a.optimism, b.optimism, 1e-8)


def test_the_bonus_of_the_subspace_adds_optimism(world):
    promises = []
    for weight in (0.0, 1.0):
        states, infos = steps(mtlr_lsvi(rank=2, beta=0.3, basis_bonus=weight, ridge=0.5), world, 1)
        promises.append(infos[0].optimism)
        assert states[1].plan.memory.shape == (3, 3, 2)
    assert np.all(promises[1] > promises[0])


def test_index_is_heads_plus_the_error_of_head_and_subspace(world):
    """Step 2 with loops: a task's own k numbers are learned from its data, the subspace from the data of all tasks together."""
    settings = dict(beta=0.2, basis_bonus=0.7, ridge=0.5, fit_ridge=1e-3)
    states, _ = steps(mtlr_lsvi(rank=2, **settings), world, 3)
    counts, plan, _ = states[-1]
    x = np.asarray(world.inputs).reshape(8, 3)
    value = np.zeros((3, 4))
    for h in (2, 1, 0):
        visits = counts.transitions[:, h].sum(-1).reshape(3, 8)
        totals = (counts.rewards[:, h] + np.einsum("msan,mn->msa", counts.transitions[:, h], value)).reshape(3, 8)
        grams = [(x.T * n) @ x for n in visits]
        pooled, b = np.linalg.inv(sum(grams) + 0.5 * np.eye(3)), plan.memory[h]
        q = np.zeros((3, 8))
        for i, gram in enumerate(grams):
            head = np.linalg.solve(b.T @ gram @ b + 1e-3 * np.eye(2), b.T @ x.T @ totals[i])
            inner = np.linalg.inv(b.T @ gram @ b + 0.5 * np.eye(2))
            for c, row in enumerate(x):
                z = b.T @ row
                q[i, c] = z @ head + 0.2 * np.sqrt(z @ inner @ z + 0.7 * row @ pooled @ row)
        q = np.clip(q, 0, 3 - h).reshape(3, 4, 2)
        assert_close("MTLR-LSVI's index", plan.q[:, h], q, 1e-9)
        value = q.max(-1)


def test_the_number_of_sweeps_matters_and_sizes_are_checked(world):
    bases = [steps(mtlr_lsvi(rank=2, sweeps=n), world, 2)[0][-1].plan.memory for n in (1, 5)]
    assert not np.allclose(bases[0] @ np.swapaxes(bases[0], 1, 2), bases[1] @ np.swapaxes(bases[1], 1, 2))
    for bad, message in (
        (dict(rank=0), "rank got 0"),
        (dict(rank=2, sweeps=0), "sweeps got 0"),
        (dict(rank=2, fit_ridge=0), "fit_ridge"),
    ):
        with pytest.raises(BadInput, match=message):
            mtlr_lsvi(**bad)
    with pytest.raises(BadInput, match="rank got 4, but must lie between 1 and the dimension of the inputs, 3"):
        mtlr_lsvi(rank=4).init(jax.random.key(0), view(world))
