"""Alternating minimisation of the rank-r least squares: all data in every round, fresh slices, or streamed over blocks of tasks."""

from mtrl.representation.subspace.alternating_minimisation.fresh import alternating_minimisation_fresh, fresh_iterations
from mtrl.representation.subspace.alternating_minimisation.reused import alternating_minimisation, ridge_start
from mtrl.representation.subspace.alternating_minimisation.steps import (
    SubspaceFit,
    fit_basis,
    fit_heads,
    reduced_gram,
    stationarity,
)
from mtrl.representation.subspace.alternating_minimisation.streamed import (
    alternating_minimisation_streamed,
    heads_from_rows,
)

__all__ = [
    "SubspaceFit", "alternating_minimisation", "alternating_minimisation_fresh",
    "alternating_minimisation_streamed", "fit_basis", "fit_heads", "fresh_iterations", "heads_from_rows",
    "reduced_gram", "ridge_start", "stationarity",
]  # fmt: skip
