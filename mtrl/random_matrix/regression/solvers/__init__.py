"""Solvers of the multitask ridge: one estimator, the cheapest way to it for each coupling and shape. `regression.fit` chooses.

| solver | coupling B | cost |
| --- | --- | --- |
| `fit_shared_centre` | diag(gamma) + lam 1 1^T | T d^3 |
| `prepare_path`, `fit_at` | the same, every lam at one gamma | d^3 once, then the size of the data |
| `fit_dual` | any PSD | n^3 |
| `fit_primal` | any PSD | (Td)^3 |
| `fit_conjugate_gradients` | any PSD, no leverages | T n d per iteration |
| `fit_shared_features` | any PSD, one design for all tasks | d^3 + T^3 |

`mtrl.numerics.multitask_ridge` is the same estimator from Gram matrices alone.
"""

from mtrl.random_matrix.regression.solvers.conjugate_gradients import IterativeFit, fit_conjugate_gradients
from mtrl.random_matrix.regression.solvers.dual import fit_dual
from mtrl.random_matrix.regression.solvers.estimate import (
    CentreAndDeviations,
    RidgeFit,
    centre_and_deviations,
    fitted_values,
    objective,
    predict,
)
from mtrl.random_matrix.regression.solvers.path import LamPath, fit_at, prepare_path
from mtrl.random_matrix.regression.solvers.primal import fit_primal
from mtrl.random_matrix.regression.solvers.shared_centre import fit_shared_centre
from mtrl.random_matrix.regression.solvers.shared_features import fit_shared_features
from mtrl.random_matrix.regression.solvers.special_cases import (
    independent_ridge,
    least_squares,
    mean_regularised,
    pooled_ridge,
)

__all__ = [
    "CentreAndDeviations", "IterativeFit", "LamPath", "RidgeFit", "centre_and_deviations", "fit_at", "fit_conjugate_gradients",
    "fit_dual", "fit_primal", "fit_shared_centre", "fit_shared_features", "fitted_values", "independent_ridge", "least_squares",
    "mean_regularised", "objective", "pooled_ridge", "predict", "prepare_path",
]  # fmt: skip
