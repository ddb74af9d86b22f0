"""What the figures share: methods with their look, random Jacobians, the claim of a factor."""

from typing import Any

import numpy as np

from mtrl import descent
from mtrl.harness import evaluate, jax, jnp
from mtrl.harness.picture import plots

METHODS = ("mean", "MGDA", "PCGrad", "IMTL-G", "Aligned-MTL", "Nash-MTL", "CAGrad")
LOOK = plots.looks(METHODS)


def factories() -> dict[str, Any]:
    """Ours, with the options of the yardsticks."""
    return {
        "mean": (descent.mean, {}),
        "MGDA": (descent.mgda, {"solver": "frank_wolfe"}),
        "PCGrad": (descent.pcgrad, {}),
        "IMTL-G": (descent.imtl_g, {}),
        "Aligned-MTL": (descent.aligned_mtl, {}),
        "Nash-MTL": (descent.nash_mtl, {"largest_norm": None}),
        "CAGrad": (descent.cagrad, {"c": 0.5}),
    }


def direction(J: Any, *, method: str) -> Any:
    """One step of an aggregator."""
    factory, options = factories()[method]
    made = factory(tasks=J.shape[0], **options)
    return made.update(J, made.init(J[0]))[0]


def directions(Js: Any, *, method: str) -> Any:
    """One step on each of some Jacobians (step, task, parameter), in turn."""
    return jax.lax.map(lambda J: direction(J, method=method), Js)


def ours(J: Any, method: str) -> Any:
    """A callable that makes one step, or one a Jacobian if there are several, compiled."""
    ready = jnp.asarray(J)
    return lambda: evaluate(direction if ready.ndim == 2 else directions, ready, method=method)


def jacobian(tasks: int, parameters: int, seed: int = 0) -> np.ndarray:
    """Gradients with a common part and norms over a decade."""
    rng = np.random.default_rng((tasks, seed) if seed else tasks)
    J = rng.normal(size=(tasks, parameters)) + 0.3 * rng.normal(size=parameters)
    return J * np.geomspace(1, 10, tasks)[:, None] / np.sqrt(parameters)
