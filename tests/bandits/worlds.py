"""Tiny worlds and a driver shared by the bandit tests."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from mtrl.bandits import finite_class as class_problem
from mtrl.bandits import fixed_arms, linear_arms, linear_ball
from mtrl.bandits.finite_class import sample_class
from mtrl.bandits.problem import sample_linear
from mtrl.numerics.algorithm import Algorithm, Problem, begin, take
from tests.helpers import host

# Only what a round shows depends on these sizes; the parameters of a world come from `linear` and `finite`.
ARMS = linear_arms(tasks=3, dim=4, rank=2, arms=4)
BALL = linear_ball(tasks=3, dim=4, rank=2)
CLASS = class_problem(tasks=2, dim=5, rank=3, candidates=4, arms=4)
FIXED = fixed_arms(tasks=2, dim=3, rank=1, arms=4)


class Played(NamedTuple):
    """What every round left."""

    actions: Any
    regret: Any
    kept: Any


def rollout(algorithm: Algorithm, key, params, problem: Problem, rounds: int, keep=lambda step: ()):
    """(state, what was played) after some rounds, under jit; problem and noise depend on the key alone."""

    def one(state, t):
        now = problem.draw(jax.random.fold_in(key, t), params, t)
        step = take(algorithm, jax.random.fold_in(key, 1_000_000 + t), problem, params, state, now)
        return step.state, Played(step.action, step.outcome.regret, keep(step))

    state, played = jax.jit(lambda: jax.lax.scan(one, begin(algorithm, key, problem, params), jnp.arange(rounds)))()
    return state, host(played)


@functools.partial(jax.jit, static_argnames=("tasks", "dim", "rank"))
def linear(key, tasks=3, dim=4, rank=2, noise=0.1):
    return sample_linear(key, noise, tasks=tasks, dim=dim, rank=rank)


@functools.partial(jax.jit, static_argnames=("tasks", "candidates"))
def finite(key, tasks=2, candidates=4, noise=0.3):
    return sample_class(key, noise, tasks=tasks, dim=5, rank=3, candidates=candidates)


def uneven(problem: Problem) -> Problem:
    """Arms of different norms: without data arms of one norm tie to the last bit."""

    def draw(key, params, t):
        now = problem.draw(key, params, t)
        size = jnp.linspace(1.0, 0.6, now.truth.means.shape[1])[:, None]
        return now._replace(
            view=jax.tree.map(lambda x: x * size, now.view),
            truth=now.truth._replace(features=now.truth.features * size),
        )

    return problem._replace(draw=draw)
