"""Supervised linear representations shared by several tasks.

- `subspace`: tasks in one low-dimensional subspace; moments, alternating minimisation, factored search, federated descent, transfer.
- `convex`: the regularisers of the classical literature, solved to a duality gap.
- `active`: which source tasks to buy labels from.
- `pack_tasks`: checks and pads one's own data, given as lists.

>>> import jax, numpy as np
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl import representation as rep
>>> rng = np.random.default_rng(0)
>>> direction = rng.normal(size=8)
>>> x = [rng.normal(size=(n, 8)) for n in (12, 9, 15, 10)]
>>> y = [rows @ direction * t + 0.1 * rng.normal(size=len(rows)) for t, rows in enumerate(x, 1)]
>>> shared = rep.subspace.fit(x, y, rank=1)
>>> relaxed = rep.convex.fit(x, y, rep.convex.trace_norm, lam=0.05)
>>> truth = np.outer(direction, [1, 2, 3, 4])
>>> [bool(np.linalg.norm(w - truth) < 0.1 * np.linalg.norm(truth)) for w in (shared.basis @ shared.heads.T, relaxed.weights)]
[True, True]
"""

from mtrl.representation import active, convex, subspace
from mtrl.representation.tasks import Tasks, pack_tasks

__all__ = ["Tasks", "active", "convex", "pack_tasks", "subspace"]
