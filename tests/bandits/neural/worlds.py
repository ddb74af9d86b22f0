"""A tiny image world for the neural bandits."""

import functools

import jax
import jax.numpy as jnp

from mtrl.bandits import images
from mtrl.bandits.neural.state import Config

CONFIG = Config(rounds=12, rank=3, hidden=(8,), refit_every=4, steps=30, batch=16, rate=1e-2)
data = functools.partial(images.image_round, arms=3)


def world(key, tasks=2, dtype=jnp.float32):
    """Ten prototypes in six dimensions."""
    labels = jnp.arange(20) % 10
    prototypes = jax.random.uniform(key, (10, 6), dtype)
    return images.image_params(key, prototypes[labels], labels, jnp.asarray(0.05, dtype), tasks=tasks)
