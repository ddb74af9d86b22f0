"""Closed forms of linear multitask learners and their deterministic equivalents.

Ridge regressions tied by `W_t = W_0 + V_t` (Ilbert et al., NeurIPS 2024, arXiv 2406.10327) and their predicted risks when the numbers of
samples grow with the dimension.

Symbols of the paper -> names here (d features, T tasks, n_t samples):

| symbol | name | shape |
| --- | --- | --- |
| X_t (d, n_t), samples as columns | `features[t, :n_t]`, samples as ROWS, zero rows beyond n_t | (task, sample, dim) |
| Y_t | `targets[t]` | (task, sample, output) |
| W (d, T) | `W`, one hyperplane per ROW | (task, dim) |
| gamma, lam, B = diag(gamma) + lam 1 1^T | `gamma`, `lam`, `B` | (task,), (), (task, task) |
| Sigma_t | `covariance[t]` | (task, dim, dim) |
| sigma_t^2 | `noise[t]`, the VARIANCE of the label noise | (task,) |
| delta, kappa, D, P, Psi | the same names | see `equivalents` |
"""
