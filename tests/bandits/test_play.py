"""A live environment: the same choices as the scanned simulation, for arms, a finite class and the ball; refusals."""

import jax
import numpy as np
import pytest

from mtrl.bandits import e2tc, gfucb_finite, known_representation, linucb, mtlr_oful, neural_gfucb, play
from mtrl.harness import simulate
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from tests.bandits.worlds import ARMS, BALL, CLASS

NETWORK = dict(capacity=8, rank=2, hidden=(4,), refit_every=4, steps=5, batch=8)


class Live:
    """A simulated problem from outside: hands out views and rewards, one call at a time."""

    def __init__(self, problem, seed, noise=0.3):
        self.keys = split_named(jax.random.key(seed), "problem", "data")
        self.params, self.problem = problem.sample(self.keys["problem"], noise), problem
        self.sizes = problem.view(self.params)

    def show(self):
        key = jax.random.fold_in(self.keys["data"], self.round)
        self.now = jax.jit(self.problem.draw)(key, self.params, self.round)
        return self.now.view

    def reset(self):
        self.round = 0
        return self.show()

    def step(self, action):
        rewards, _ = self.problem.answer(self.now, jax.numpy.asarray(action))
        self.round += 1
        return np.asarray(rewards).tolist(), self.show()


def keep_action(step):
    return step.action


@pytest.mark.parametrize(
    ("factory", "hyper", "static", "problem"),
    [
        (mtlr_oful, dict(scale=0.1, noise=0.3), dict(rank=2), ARMS),
        (neural_gfucb, dict(alpha=0.5), NETWORK, ARMS),
        (gfucb_finite, dict(scale=0.2), {}, CLASS),
        (e2tc, dict(explore=4.0, identify=2.0), dict(rank=2), BALL),
    ],
)
def test_choices_are_those_of_the_simulation(factory, hyper, static, problem):
    scanned, _ = simulate(
        factory, seeds=[5], rounds=8, problem=problem, inputs=(0.3,), hyper=hyper, static=static, record=keep_action
    )
    live = play(Live(problem, 5), factory(**hyper, **static), jax.random.key(5), 8, compile=jax.jit)
    if problem is BALL:
        np.testing.assert_allclose(live.actions, scanned[0], rtol=1e-10, atol=1e-12)
    else:
        assert np.array_equal(live.actions, scanned[0])


class Bare:
    """Plain lists, no sizes; pays `reward`."""

    def __init__(self, contexts, reward):
        self.contexts, self.reward = contexts, reward

    def reset(self):
        return self.contexts

    def step(self, action):
        return self.reward, self.contexts


ONE_TASK = [[[1, 0], [0, 1]]]


def test_lists_and_whole_numbers_are_taken():
    history = play(Bare(ONE_TASK, [1]), linucb(alpha=0.5), jax.random.key(0), 3)
    assert history.actions.shape == (3, 1) and history.rewards.sum() == 3.0


@pytest.mark.parametrize(
    ("environment", "algorithm", "message"),
    [
        (Bare([[1, 0], [0, 1]], [1]), linucb(), "must show .task, arm, dim."),
        (Bare([[[float("nan")]]], [1]), linucb(), "contexts holds nan"),
        (Bare(ONE_TASK, [1, 2]), linucb(), "must pay 1 finite rewards"),
        (Bare(ONE_TASK, [float("nan")]), linucb(), "must pay 1 finite rewards"),
        (Bare((), [1]), linucb(), "give it an attribute `sizes`"),
        (Bare(ONE_TASK, [1]), known_representation(), "is an oracle"),
    ],
)
def test_refusals(environment, algorithm, message):
    with pytest.raises(BadInput, match=message):
        play(environment, algorithm, jax.random.key(0), 3)
