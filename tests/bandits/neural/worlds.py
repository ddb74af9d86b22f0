"""A tiny image world for the neural bandits."""

import functools

import jax
import jax.numpy as jnp

from mtrl.bandits import digit_images, learner
from mtrl.bandits.images import sample_images

NETWORK = dict(capacity=12, rank=3, hidden=(8,), refit_every=4, steps=30, batch=16, rate=1e-2)
OWN = learner(**NETWORK)
IMAGES = digit_images(tasks=2, arms=3)


@functools.partial(jax.jit, static_argnames=("tasks", "dtype"))
def world(key, tasks=2, dtype=jnp.float32):
    """Ten prototypes in six dimensions."""
    labels = jnp.arange(20) % 10
    prototypes = jax.random.uniform(key, (10, 6), dtype)
    return sample_images(key, prototypes[labels], labels, jnp.asarray(0.05, dtype), tasks=tasks)
