"""Loss weightings: `Weighting(init, update)` gives one weight a task and step, `update(losses, state) -> (weights, state)`.

| factory | weights | source |
| --- | --- | --- |
| `equal` | 1 | |
| `rlw` | softmax of normals | Lin et al. 2022 |
| `gls` | of the geometric mean | Chennupati et al. 2019 |
| `stch` | of the smooth Tchebycheff loss | Lin et al. 2024 |
| `uw`, `imtl_l` | a parameter a task, trained | Kendall et al. 2018; Liu, Li et al. 2021 |
| `dwa` | rates at which losses fell | Liu et al. 2019 |
| `gradnorm` | gradient norms at a common rate | Chen et al. 2018 |
| `famo` | log-losses fall at one rate | Liu et al. 2023 |
| `igb` | improvable gaps | Dai et al. 2023 |

With an aggregator: give it the gradients of the weighted losses, `w_t g_t`.
"""

from mtrl.descent.weightings.dwa import dwa
from mtrl.descent.weightings.famo import famo
from mtrl.descent.weightings.fixed import equal, gls, rlw, stch
from mtrl.descent.weightings.gradnorm import gradnorm, gradnorm_objective
from mtrl.descent.weightings.igb import igb, igb_weights
from mtrl.descent.weightings.learned import UW_STARTS, imtl_l, imtl_l_objective, uw, uw_objective
from mtrl.descent.weightings.weighting import Weighting

__all__ = [
    "UW_STARTS", "Weighting", "dwa", "equal", "famo", "gls", "gradnorm", "gradnorm_objective", "igb", "igb_weights",
    "imtl_l", "imtl_l_objective", "rlw", "stch", "uw", "uw_objective",
]  # fmt: skip
