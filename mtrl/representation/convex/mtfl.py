"""Multitask feature learning, MTFL (Argyriou, Evgeniou, Pontil 2008, Machine Learning 73).

`min l(W) + gamma tr(W^T D^{-1} W)` over W and D (dim, dim) positive semidefinite with tr D <= 1. For given W the best D is
`(W W^T)^{1/2} / tr(.)`, which leaves `gamma ||W||_*^2`.

Deviation: the paper alternates between W and D with D + eps I; with eps annealed that takes thousands of alternations (a fixed tiny eps
freezes the range of D far from the optimum, a fast anneal too: weights 13% off after a hundred). Here W is found by FISTA on the problem
with D minimised away, to a duality gap, and D from it; the alternation stays where it is then.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_positive
from mtrl.numerics.linalg.psd import sqrt_psd
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import squared_trace_norm
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import fit_norm


class FeatureLearning(NamedTuple):
    """Fitted weights and feature covariance."""

    weights: Float[Array, "dim task"]
    covariance: Float[Array, "dim dim"]  # D, trace 1
    gap: Float[Array, ""]  # relative duality gap
    converged: Bool[Array, ""]


def root_with_unit_trace(matrix: Float[Array, "dim dim"]) -> Float[Array, "dim dim"]:
    """`matrix^{1/2} / tr(.)`; I/dim for zero, where every choice is as good."""
    root = sqrt_psd(matrix)
    size = jnp.trace(root)
    even = jnp.eye(root.shape[0], dtype=root.dtype) / root.shape[0]
    return jnp.where(size == 0, even, root / jnp.where(size == 0, 1, size))


def mtfl(term: DataTerm, gamma: Scalar, **search: Any) -> FeatureLearning:
    """Weights by FISTA on `l(W) + gamma ||W||_*^2`, gamma > 0, to a relative duality gap, and their D."""
    check_positive(gamma=gamma)
    found = fit_norm(term, squared_trace_norm(gamma), **search)
    return FeatureLearning(
        found.weights, root_with_unit_trace(found.weights @ found.weights.T), found.gap, found.converged
    )
