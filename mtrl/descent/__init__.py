"""Descent on several losses at once, as parts that chain with optax.

- `aggregators`: what becomes of the task gradients (`mean`, `mgda`, `pcgrad`, `gradvac`, `graddrop`, `cagrad`, `imtl_g`, `nash_mtl`,
  `fairgrad`, `aligned_mtl`, `upgrad`, `con_fig`); the state's `diagnostics` say how hard they conflict.
- `weightings`: how losses are weighted before that (`equal`, `rlw`, `gls`, `stch`, `uw`, `imtl_l`, `dwa`, `gradnorm`, `famo`, `igb`).
- `noise`: annealed gradient noise and its controls (`annealed_noise`, `clipped_noise`, `fixed_noise`, `noisy_weights`).

In your own training loop three lines change: one gradient per task, the aggregator before the optimiser, and nothing else.

>>> import jax, jax.numpy as jnp, optax
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.descent import aligned_mtl
>>> def losses(x):  # one entry a task
...     return jnp.stack([jnp.sum((x - 1) ** 2), 9 * jnp.sum((x + 1) ** 2)])
>>> optimiser = optax.chain(aligned_mtl(tasks=2, preference=(0.9, 0.1)), optax.sgd(0.05))  # 1
>>> @jax.jit
... def step(x, state):
...     direction, state = optimiser.update(jax.jacrev(losses)(x), state, x)  # 2
...     return optax.apply_updates(x, direction), state
>>> x = jnp.array([3.0, -2.0])
>>> state = optimiser.init(x)  # 3
>>> for _ in range(500):
...     x, state = step(x, state)
>>> bool(jnp.allclose(x, 0.0, atol=1e-2))  # the minimum of .9 L1 + .1 L2
True
"""

from mtrl.descent import noise, weightings
from mtrl.descent.aggregation import AggregatorState, check_preference, from_gramian
from mtrl.descent.aggregators import (
    aligned_mtl,
    cagrad,
    con_fig,
    fairgrad,
    graddrop,
    gradvac,
    imtl_g,
    mean,
    mgda,
    nash_mtl,
    pcgrad,
    upgrad,
)
from mtrl.descent.gramian import Diagnostics, combine, cosines, diagnose, gramian

__all__ = [
    "AggregatorState", "Diagnostics", "aligned_mtl", "cagrad", "check_preference", "combine", "con_fig", "cosines", "diagnose",
    "fairgrad", "from_gramian", "graddrop", "gradvac", "gramian", "imtl_g", "mean", "mgda", "nash_mtl", "noise", "pcgrad", "upgrad",
    "weightings",
]  # fmt: skip
