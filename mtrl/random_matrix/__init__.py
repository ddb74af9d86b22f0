"""Closed forms of linear multitask learners and their deterministic equivalents.

- `regression`: ridge regressions tied by `W_t = W_0 + V_t` (Ilbert et al., NeurIPS 2024, arXiv 2406.10327) and their predicted risks when
  the numbers of samples grow with the dimension. `fit`, `predict`, `predict_risk` and `tune` are its front.
- `classification`: the multitask least-squares SVM (Tiomoko et al., ICLR 2021) and its predicted errors.
- `equivalents`: the deterministic equivalents of the resolvent that both rest on.
- `couplings`, `data`, `problem`: task couplings, padded training data, the linear model and its training sets.

Symbols of the regression paper -> names here (d features, T tasks, n_t samples):

| symbol | name | shape |
| --- | --- | --- |
| X_t (d, n_t), samples as columns | `features[t, :n_t]`, samples as ROWS, zero rows beyond n_t | (task, sample, dim) |
| Y_t | `targets[t]` | (task, sample, output) |
| W (d, T) | `W`, one hyperplane per ROW; the regression vectors are `W_t/sqrt(Td)` | (task, dim) |
| gamma, lam, B = diag(gamma) + lam 1 1^T | `gamma`, `lam`, `B` | (task,), (), (task, task) |
| Sigma_t | `covariance[t]` | (task, dim, dim) |
| sigma_t^2 | `noise[t]`, the VARIANCE of the label noise | (task,) |
| delta, kappa, D, P, Psi | the same names | see `equivalents` |

Two tasks of one's own: the predicted risk and its gradient in the coupling, a choice of the coupling, predictions for new rows. Functions
are pure: jit what is called often, and switch double precision on first.

>>> import jax, numpy as np
>>> from jax import jit
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.random_matrix import fit, pack, predict, predict_risk, tune
>>> rng = np.random.default_rng(0)
>>> X = [rng.normal(size=(n, 10)) for n in (40, 80)]
>>> y = [x @ np.linspace(0, 1, 10) + rng.normal(size=len(x)) + 3 for x in X]
>>> data = pack(X, y, center=True)
>>> risk = jit(lambda lam: predict_risk(data, gamma=0.1, lam=lam).test.mean())
>>> float(risk(1.0)) < float(risk(0.0)), float(jax.grad(risk)(1.0)) < 0  # these tasks gain from sharing
(True, True)
>>> best = tune(data, gammas=[0.1, 1.0, 10.0], lams=[0.0, 1.0, 10.0, 100.0])
>>> fitted = jit(fit)(data, gamma=best.gamma, lam=best.lam)
>>> predict(fitted, [[0.0] * 10, [1.0] * 10], task=1).round(1)  # new rows of task 1, in the units of y
Array([[3. ],
       [7.7]], dtype=float64)
"""

from mtrl.random_matrix import classification, equivalents, regression
from mtrl.random_matrix.couplings import bayes_coupling, coupling, multiplied_penalties, whiten_noise
from mtrl.random_matrix.data import Means, TaskData, pack
from mtrl.random_matrix.problem import (
    LinearModel,
    aligned_gram,
    aligned_hyperplanes,
    aligned_model,
    autoregressive_covariance,
    exact_risk,
    linear_model,
    sample_features,
    sample_tasks,
)
from mtrl.random_matrix.regression import estimate_risk, fit, predict, predict_risk, tune

__all__ = [
    "classification", "equivalents", "regression",
    "LinearModel", "Means", "TaskData", "aligned_gram", "aligned_hyperplanes", "aligned_model", "autoregressive_covariance",
    "bayes_coupling", "coupling", "estimate_risk", "exact_risk", "fit", "linear_model", "multiplied_penalties", "pack", "predict",
    "predict_risk", "sample_features", "sample_tasks", "tune", "whiten_noise",
]  # fmt: skip
