"""Learning dynamics of deep linear networks across tasks: critical periods.

- two pathways that compete for the modes of a task, with gates and lesions: `hierarchy`, `two_pathways` (gradient descent on matrices),
  `scalar_pathways` (the same mode by mode, and large starts), `portrait` (their phase plane)
- deep matrix completion with a switch of task: `low_rank_matrix`, `observed_entries`, `completion`
- `trajectory` follows a descent to chosen steps; `switched` runs a first task once and branches into the second at every T_c
- `svd_flow`: the exact motion of singular values of a balanced product
- `gradient_noise`: another paper's, with a face of its own
- `theory`: logistic curves, escape times, final splits, completion with one matrix

Paper: Kleinman, Achille and Soatto, "Critical Learning Periods Emerge Even in Deep Linear Networks", ICLR 2024, arXiv 2308.12221.

A pathway that is gated for the first half of the escape time keeps this share of a mode, less with more layers:

>>> import jax, jax.numpy as jnp
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl import dynamics
>>> s, k0 = jnp.array([3.0]), 1e-3
>>> for depth in (2, 4):
...     gate = int(0.5 * dynamics.theory.escape_time(3.0, k0, depth) / 1e-3)
...     rule = dynamics.scalar_pathways(depth=depth, lr=1e-3, scale=k0, spread=0.0, gate_b=(0, gate))
...     end, _ = dynamics.trajectory(rule, rule.init(jax.random.key(0), s), s, jnp.array([20_000]))
...     print(depth, round(float(dynamics.strength(end.p_b, depth)[0] / 3), 4))
2 0.0184
4 0.0012
"""

from mtrl.dynamics import gradient_noise, theory
from mtrl.dynamics.completion import (
    Entries,
    check_descended,
    check_nested,
    completion,
    entries,
    low_rank_matrix,
    observed_entries,
    observed_loss,
    product,
    reconstruction_error,
    singular_values,
    starting_factors,
)
from mtrl.dynamics.flow import Triple, observed_gradient, product_flow, rebuilt, singular_flow, svd_flow
from mtrl.dynamics.gates import check_gate
from mtrl.dynamics.pathways import (
    ACTIVATIONS,
    Layers,
    Pathways,
    aligned,
    mode_matrix,
    pathway_strengths,
    response,
    two_pathways,
)
from mtrl.dynamics.problem import Task, hierarchy, task
from mtrl.dynamics.rollout import switched, trajectory
from mtrl.dynamics.scalar import ScalarPathways, layer, portrait, scalar_pathways, slope, speed, strength

__all__ = [
    "ACTIVATIONS", "Entries", "Layers", "Pathways", "ScalarPathways", "Task", "Triple", "aligned", "check_descended",
    "check_gate", "check_nested", "completion", "entries", "gradient_noise", "hierarchy", "layer", "low_rank_matrix", "mode_matrix",
    "observed_entries", "observed_gradient", "observed_loss", "pathway_strengths", "portrait", "product",
    "product_flow", "rebuilt", "reconstruction_error", "response", "scalar_pathways", "singular_flow",
    "singular_values", "slope", "speed", "starting_factors", "strength", "svd_flow", "switched", "task", "theory",
    "trajectory", "two_pathways",
]  # fmt: skip
