"""A small split model with two regression tasks, and aggregators of a few lines."""

import jax
import jax.numpy as jnp
import optax

from mtrl.optimization import Split, Weights

KEYS = jax.random.split(jax.random.key(0), 4)
X, Y = jax.random.normal(KEYS[0], (8, 3)), jax.random.normal(KEYS[1], (8, 2))
WEIGHTS = Weights(
    {"w": jax.random.normal(KEYS[2], (3, 4))}, tuple({"v": v} for v in jax.random.normal(KEYS[3], (2, 4)))
)


def decode(heads, z):
    return jnp.stack([jnp.mean((z @ head["v"] - Y[:, t]) ** 2) for t, head in enumerate(heads)])


SPLIT = Split(lambda shared: jnp.tanh(X @ shared["w"]), decode)


def rows_by(fn):
    """An aggregator without state."""
    return optax.GradientTransformationExtraArgs(
        lambda params: (), lambda rows, state, params=None, **extra: (fn(rows), state)
    )


MEAN = rows_by(lambda rows: jax.tree.map(lambda leaf: leaf.mean(0), rows))
FIRST = rows_by(lambda rows: jax.tree.map(lambda leaf: leaf[0], rows))


def normalised(rows):
    """Mean of unit rows: not linear."""
    norms = jnp.sqrt(sum(jnp.sum(leaf.reshape(leaf.shape[0], -1) ** 2, 1) for leaf in jax.tree.leaves(rows)))
    inverse = jnp.where(norms > 0, 1 / jnp.where(norms > 0, norms, 1.0), 0.0)
    return jax.tree.map(lambda leaf: jnp.einsum("t...,t->...", leaf, inverse), rows)


UNIT = rows_by(normalised)
