"""The multitask ridge (Ilbert et al., NeurIPS 2024): solvers, predicted risks, hyper-parameters from the data alone.

| question | start here | rooms |
| --- | --- | --- |
| hyperplanes from data | `fit`, `predict` | `solvers` |
| what error will they have | `predict_risk` (before the fit), `estimate_risk` (from it) | `risk` |
| which coupling | `tune` | `tuning` |

Equal tasks of one cosine, as most simulations have them: `aligned_path`, `best_shared` and what else `aligned` holds.
"""

from mtrl.random_matrix.regression.aligned import (
    aligned_path,
    aligned_risk,
    best_shared,
    best_shared_along,
    excess_over_best,
    leading_order_path,
)
from mtrl.random_matrix.regression.entry import fit, predict_risk
from mtrl.random_matrix.regression.risk import *  # noqa: F403
from mtrl.random_matrix.regression.risk import __all__ as _risk
from mtrl.random_matrix.regression.solvers import *  # noqa: F403
from mtrl.random_matrix.regression.solvers import __all__ as _solvers
from mtrl.random_matrix.regression.tuning import *  # noqa: F403
from mtrl.random_matrix.regression.tuning import __all__ as _tuning

__all__ = [
    "aligned_path", "aligned_risk", "best_shared", "best_shared_along", "excess_over_best", "fit", "leading_order_path",
    "predict_risk", *_risk, *_solvers, *_tuning,  # noqa: PLE0604
]  # fmt: skip  # pyright: ignore[reportUnsupportedDunderAll]
