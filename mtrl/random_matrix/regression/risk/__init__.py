"""Predicted train and test risks of the multitask ridge. `regression.predict_risk` chooses among the first four.

| covariances | function |
| --- | --- |
| any | `risk_general`; `risk_shared_centre` for B = diag(gamma) + lam 1 1^T |
| identity, common eigenvectors | `risk_isotropic`, `risk_commuting` |
| identity, equal tasks | `risk_exchangeable`: one scalar equation |
| identity, one task | `single_task_risk`, `ridgeless_risk`, `optimal_gamma` |

`risk_leading_order` is the paper's interpretable approximation, `quadratic_loss` any other quadratic loss.
"""

from mtrl.random_matrix.regression.risk.exchangeable import ExchangeableRisk, aligned_energies, risk_exchangeable
from mtrl.random_matrix.regression.risk.general import mean_error, risk_general, risk_shared_centre
from mtrl.random_matrix.regression.risk.leading_order import LeadingOrderRisk, risk_leading_order
from mtrl.random_matrix.regression.risk.prediction import Risk, assemble
from mtrl.random_matrix.regression.risk.quadratic_loss import QuadraticLoss, first_order, quadratic_loss
from mtrl.random_matrix.regression.risk.reductions import risk_commuting, risk_isotropic
from mtrl.random_matrix.regression.risk.single_task import (
    SingleTaskRisk,
    marchenko_pastur,
    optimal_gamma,
    ridgeless_risk,
    single_task_risk,
)

__all__ = [
    "ExchangeableRisk", "LeadingOrderRisk", "QuadraticLoss", "Risk", "SingleTaskRisk", "aligned_energies", "assemble",
    "first_order", "marchenko_pastur", "mean_error", "optimal_gamma", "quadratic_loss", "ridgeless_risk", "risk_commuting",
    "risk_exchangeable", "risk_general", "risk_isotropic", "risk_leading_order", "risk_shared_centre", "single_task_risk",
]  # fmt: skip
