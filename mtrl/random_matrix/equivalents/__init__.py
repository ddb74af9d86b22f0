"""Deterministic equivalents of the multitask resolvent, one fixed point for every structure of the covariances (Ilbert et al. 2024).

| covariances Sigma_t | coupling B | function | cost per step |
| --- | --- | --- | --- |
| any | any PSD | `equivalent_general` | (Td)^3 |
| any | diag(gamma) + lam 1 1^T | `equivalent_shared_centre` | T d^3 |
| common eigenvectors | any PSD | `equivalent_commuting` | d T^3 |
| identity | any PSD | `equivalent_isotropic` | T^3 |
"""

from mtrl.random_matrix.equivalents.commuting import coupled_inverse, equivalent_commuting
from mtrl.random_matrix.equivalents.general import coupled_inverse_dense, coupled_system, equivalent_general
from mtrl.random_matrix.equivalents.isotropic import equivalent_isotropic
from mtrl.random_matrix.equivalents.resolvent import Equivalent
from mtrl.random_matrix.equivalents.shared_centre import Blocks, equivalent_shared_centre

__all__ = [
    "Blocks", "Equivalent", "coupled_inverse", "coupled_inverse_dense", "coupled_system", "equivalent_commuting",
    "equivalent_general", "equivalent_isotropic", "equivalent_shared_centre",
]  # fmt: skip
