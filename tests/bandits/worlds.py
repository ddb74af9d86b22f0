"""Tiny worlds and a driver shared by the bandit tests."""

import functools

import jax
import jax.numpy as jnp

from mtrl.bandits import finite_class, problem


def rollout(algorithm, key, params, data, rounds, config=None, **hyper):
    """(state, infos) after some rounds, under jit; problem and noise depend on the key alone."""

    def one(state, t):
        batch = data(jax.random.fold_in(key, t), params, t)
        state, info = algorithm.step(jax.random.fold_in(key, 1_000_000 + t), state, batch, **hyper)
        return state, info

    def run(hyper):
        del hyper
        return jax.lax.scan(one, algorithm.init(key, params, config), jnp.arange(rounds))

    return jax.jit(run)(hyper)


def linear(key, tasks=3, dim=4, rank=2, noise=0.1):
    return problem.linear_params(key, jnp.asarray(noise), tasks=tasks, dim=dim, rank=rank)


linear_data = functools.partial(problem.linear_round, arms=4)


def finite(key, tasks=2, candidates=4, noise=0.3):
    return finite_class.class_params(key, jnp.asarray(noise), tasks=tasks, dim=5, rank=3, candidates=candidates)


finite_data = functools.partial(finite_class.class_round, arms=4)
