"""Networks with a body that tasks share and a linear head for each: bodies, heads, one training loop, evaluation, bonuses.

- bodies: `Body` (multilayer perceptron, with convolutions in front where `channels` says so), `Maps` (features of every
  pixel), `EncoderLayer` (attention).
- heads: `Network` (weights of a body and its heads), `draw_heads`; `own_values`, `picked_values`, `all_values` of features under heads.
- optimisers: `adam` with L2 decay, `shared_decay` (decay/M on the heads).
- training: `descend` (updates over batches), `train_epoch` (early stopping), `train` (epochs, resumable), and the samplers
  `with_replacement`, `shuffled`, `whole` that choose their batches.
- evaluation: `mean_over_rows`, `padded_chunks`.
- bonuses: `FeatureRidge` (`ridge_start`, `ridge_add`, `ridge_fit`, `ridge_index`), `body_gradients`, `gradient_metric`, `gradient_squares`.

Everything is a pure function of arrays and pytrees: jit where you call it. Two tasks with one body, trained on pooled samples:

>>> import jax, jax.numpy as jnp
>>> from mtrl import nn
>>> jax.config.update("jax_enable_x64", True)
>>> keys = jax.random.split(jax.random.key(0), 4)
>>> x, task = jax.random.normal(keys[0], (200, 3)), jnp.arange(200) % 2
>>> y = jnp.tanh(x @ jnp.array([1.0, -1.0, 0.5])) * jnp.array([1.0, -2.0])[task]
>>> body = nn.Body(features=2, hidden=(16,), activation=jnp.tanh)
>>> network = nn.Network(body.init(keys[1], x[:1]), nn.draw_heads(keys[2], tasks=2, rank=2))
>>> optimiser = nn.adam(1e-2, decay=nn.shared_decay(1e-4, tasks=2))
>>> def loss(network, rows):
...     values = nn.picked_values(network.heads, body.apply(network.body, x[rows]), task[rows])
...     return jnp.mean((values - y[rows]) ** 2)
>>> @jax.jit
... def fit(key, network):
...     batches = nn.with_replacement(200, updates=300, batch=32)(key)
...     return nn.descend(nn.start(network, optimiser), batches, loss=loss, optimiser=optimiser)
>>> state, updates = fit(keys[3], network)
>>> bool(updates.loss[-1] < 0.05 * updates.loss[0])
True
"""

from mtrl.nn.bodies import Body, Maps
from mtrl.nn.bonuses import (
    FeatureRidge,
    body_gradients,
    gradient_metric,
    gradient_squares,
    ridge_add,
    ridge_fit,
    ridge_index,
    ridge_start,
)
from mtrl.nn.encoder import EncoderLayer
from mtrl.nn.evaluation import mean_over_rows, padded_chunks
from mtrl.nn.heads import Network, all_values, draw_heads, own_values, picked_values
from mtrl.nn.optimisers import adam, shared_decay
from mtrl.nn.samplers import shuffled, whole, with_replacement
from mtrl.nn.training import Descent, Epoch, Training, Updates, descend, start, train, train_epoch, train_init

__all__ = [
    "Body", "Descent", "EncoderLayer", "Epoch", "FeatureRidge", "Maps", "Network", "Training", "Updates", "adam",
    "all_values", "body_gradients", "descend", "draw_heads", "gradient_metric", "gradient_squares",
    "mean_over_rows", "own_values", "padded_chunks", "picked_values", "ridge_add", "ridge_fit", "ridge_index",
    "ridge_start", "shared_decay", "shuffled", "start", "train", "train_epoch", "train_init", "whole",
    "with_replacement",
]  # fmt: skip
