"""Live environments: the choices of the scanned simulation, early ends, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.harness import simulate
from mtrl.harness.driver import seed_keys
from mtrl.mdp.linear import finite_view, lsvi_ucb, mtlr_lsvi, multitask_lsvi, play, uniform
from mtrl.mdp.linear.episodes import draw
from mtrl.mdp.linear.known_representation import known_representation
from mtrl.mdp.linear.problem import view
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from tests.helpers import assert_close
from tests.mdp.linear.worlds import PROBLEM

ROUNDS = 6
SETTINGS = dict(rounds=ROUNDS, problem=PROBLEM, seeds=[3], inputs=(0.2,))


class Replay:
    """One task of a simulated problem with the luck of the simulation, as an environment with `reset` and `step`."""

    def __init__(self, rounds, task):
        self.rounds, self.task = iter(rounds), task

    def reset(self):
        self.now, self.stage = next(self.rounds), 0
        self.state = int(self.now.view.start[self.task])
        return self.state

    def step(self, action):
        index = (self.task, self.stage, self.state, action)
        self.state, self.stage = int(self.now.truth.arrivals[index]), self.stage + 1
        return self.state, float(self.now.truth.rewards[index])


@pytest.mark.parametrize("factory", [multitask_lsvi, mtlr_lsvi, uniform], ids=lambda f: f.__name__)
def test_choices_are_those_of_the_simulation(factory):
    static = dict(rank=2) if factory is mtlr_lsvi else {}
    actions, state = simulate(factory, static=static, record=lambda step: step.action, **SETTINGS)
    key = seed_keys([3])[0]
    keys = split_named(key, "problem", "data")
    params = PROBLEM.sample(keys["problem"], jnp.asarray(0.2))
    rounds = [draw(jax.random.fold_in(keys["data"], t), params, t) for t in range(ROUNDS)]
    environment = [Replay(rounds, task) for task in range(3)]
    policies = []

    def watched(fn):
        compiled = jax.jit(fn)
        return lambda *args: policies.append(args[3]) or compiled(*args) if len(args) == 5 else compiled(*args)

    played = play(environment, factory(**static), key, ROUNDS, view=view(params), compile=watched)
    assert np.array_equal(np.stack(policies), actions[0])
    counts = lambda s: getattr(s, "counts", s)  # noqa: E731
    for a, b in zip(counts(played.state), counts(state), strict=True):
        assert_close("counts", a, b[0], 1e-12)
    assert played.seen.states.shape == (ROUNDS, 3, 3) and played.info.promise.shape == (ROUNDS, 3)


class Ends:
    """Ends after its first step, in Gymnasium's form, and refuses another; states as arrays of one."""

    view = finite_view(stages=3, states=2, actions=2)

    def reset(self):
        self.over = False
        return np.array([0]), {}

    def step(self, action):
        assert not self.over, "a step after the end"
        self.over = True
        return np.array([1]), 0.7, True, False, {}


VIEW = Ends.view


def test_after_the_end_it_stays_without_reward():
    played = play(Ends(), lsvi_ucb(beta=0.0), jax.random.key(0), 3)
    for states, rewards, arrivals in zip(
        *(x[:, 0] for x in (played.seen.states, played.seen.rewards, played.seen.arrivals)), strict=True
    ):
        assert states.tolist() == [0, 1, 1] and arrivals.tolist() == [1, 1, 1] and rewards.tolist() == [0.7, 0.0, 0.0]


class Broken:
    """Gives what it is made with."""

    def __init__(self, state=0, reward=0.0):
        self.given = state, reward

    def reset(self):
        return 0

    def step(self, action):
        return self.given


@pytest.mark.parametrize(
    ("environment", "algorithm", "message"),
    [
        (Broken(state=2), lsvi_ucb(), "states are whole numbers from 0 to 1"),
        (Broken(reward=float("nan")), lsvi_ucb(), "rewards are finite"),
        ([Broken(), Broken()], lsvi_ucb(), "has 2 tasks, but the view 1"),
        (Broken(), known_representation(), "oracle"),
    ],
)
def test_refuses_what_is_no_finite_environment(environment, algorithm, message):
    with pytest.raises(BadInput, match=message):
        play(environment, algorithm, jax.random.key(0), 2, view=VIEW, compile=jax.jit)
    with pytest.raises(BadInput, match="no attribute `view`"):
        play(Broken(), lsvi_ucb(), jax.random.key(0), 2)


def test_views_of_ones_own():
    ours = finite_view(stages=2, states=3, actions=2, tasks=4)
    assert ours.inputs.shape == (3, 2, 6) and ours.start.shape == (4,) and ours.returns.tolist() == [2.0, 1.0]
    with pytest.raises(BadInput, match="stages got 0"):
        finite_view(stages=0, states=2, actions=2)
    with pytest.raises(BadInput, match="candidates has a row that sums to 2"):
        finite_view(stages=1, states=2, actions=2, candidates=np.ones((1, 2, 2, 2)))
