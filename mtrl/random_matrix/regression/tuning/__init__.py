"""Hyper-parameters from the training data alone, and from the predicted risk.

`tune` scores a grid by GCV or leave-one-out and needs nothing but the data. The plug-in route estimates the model's statistics
(`statistics_from_moments`, `statistics_from_least_squares`, `statistics_from_fit`) and predicts every coupling's risk from them
(`plug_in_risk`; on recorded tasks `plug_in_paths` beside `held_out_path`). `choice_costs` says what each route loses to the oracle.
`minimise_nonnegative` finds the best of one strength; for several, `mtrl.numerics.optim.lbfgs.minimise` on logarithms.
"""

from mtrl.random_matrix.regression.tuning.choices import (
    CHOICES,
    ChoiceCosts,
    PathRisks,
    choice_costs,
    predicted_grid,
    risks_along,
)
from mtrl.random_matrix.regression.tuning.from_moments import pilot_truth, ridge_from_moments, risk_of_outputs
from mtrl.random_matrix.regression.tuning.grid import TunedCoupling, tune
from mtrl.random_matrix.regression.tuning.leave_one_out import EstimatedRisk, estimate_risk, loo_residuals
from mtrl.random_matrix.regression.tuning.real_data import held_out_path, naive_statistics, plug_in_paths
from mtrl.random_matrix.regression.tuning.search import GridMinimum, large_n_lam, minimise_nonnegative
from mtrl.random_matrix.regression.tuning.statistics import (
    ModelStatistics,
    plug_in_risk,
    positive_noise,
    statistics_from_least_squares,
    statistics_from_moments,
)
from mtrl.random_matrix.regression.tuning.statistics_from_fit import (
    FittedStatistics,
    functional_from_fit,
    statistics_from_fit,
)

__all__ = [
    "CHOICES", "ChoiceCosts", "EstimatedRisk", "FittedStatistics", "GridMinimum", "ModelStatistics", "PathRisks",
    "TunedCoupling", "choice_costs", "estimate_risk", "functional_from_fit", "held_out_path", "large_n_lam",
    "loo_residuals", "minimise_nonnegative", "naive_statistics", "pilot_truth", "plug_in_paths", "plug_in_risk",
    "positive_noise", "predicted_grid", "ridge_from_moments", "risk_of_outputs", "risks_along", "statistics_from_fit",
    "statistics_from_least_squares", "statistics_from_moments", "tune",
]  # fmt: skip
