"""Convex linear multitask learning: regularisers which exploit task relatedness without a hard rank.

Every method minimises `l(W) + penalty(W)` with `l(W) = sum_t (1/2n_t) ||X_t w_t - y_t||^2` over W (dim, task), column per task, and takes
the data as a `DataTerm`, a function of the moments alone: `method(data_term(moments), weight, **more)`. Tasks count equally here (a mean
over the samples of each), as in that literature; the methods of `mtrl.representation.subspace` count samples. Every search
stops at a relative duality gap (`gap=1e-8`: weights good to about 1e-4), or after `iterations=5000` from `start=None`, and hands back what
it reached. Few samples of many features stay rows (`data_term_of_rows`), and penalties that are sums over rows of W are solved on the rows
that may differ from zero. Zhang and Yang 2021, A Survey on Multi-Task Learning, section 2, throughout.

| function | penalty | paper |
| --- | --- | --- |
| `ridge`, `lasso` | every task alone | |
| `pooled_ridge`, `mean_regularised` | one weight vector; distance to the mean | Evgeniou, Pontil 2004 |
| `feature_selection`, `max_norm`, `elastic` | l2,1; l1,inf; l2,1 + ridge | Obozinski et al. 2006; Quattoni et al. 2009 |
| `mtfl` | `gamma tr(W^T D^-1 W)` | Argyriou, Evgeniou, Pontil 2008 |
| `trace_norm`, `factored_trace_norm` | trace norm | Ji, Ye 2009; Srebro et al. 2005 |
| `clustered` | relaxed clusters of tasks | Jacob, Bach, Vert 2009 |
| `task_relationship` | `lam2/2 tr(W Om^-1 W^T)` | Zhang, Yeung 2010 |
| `dirty`, `robust`, `robust_features`, `sparse_low_rank` | W = P + Q | Jalali et al. 2010; Chen et al. 2011, 2012; Gong et al. 2012 |
| `oracle` | none: the posterior mean of a known law | |

`fit` takes lists of tasks of any sizes; `select_lam` chooses the weight by cross-validation.

>>> import jax, numpy as np
>>> from jax import jit
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.representation.convex import feature_selection, fit
>>> rng = np.random.default_rng(0)
>>> x = [rng.normal(size=(n, 6)) for n in (30, 20, 25)]
>>> y = [rows @ [1, 0, 0, 0, -1, 0] + 0.1 * rng.normal(size=len(rows)) for rows in x]
>>> found = fit(x, y, feature_selection, lam=0.2)
>>> bool(found.converged), np.flatnonzero(np.abs(found.weights).max(1) > 0).tolist()
(True, [0, 4])
>>> jit(lambda lam: fit(x, y, feature_selection, lam=lam).weights)(0.2).shape
(6, 3)
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Array

from mtrl.numerics.types import Scalar
from mtrl.representation.convex.clustered import Clustered, cluster_penalty, clustered, membership_given_weights
from mtrl.representation.convex.cross_validation import (
    RowFolds,
    Selection,
    cold_path,
    fold_rows,
    lam_grid,
    select_lam,
    term_of_folds,
    warm_path,
)
from mtrl.representation.convex.dirty import dirty
from mtrl.representation.convex.elastic import elastic
from mtrl.representation.convex.factored_trace_norm import factored_trace_norm
from mtrl.representation.convex.feature_selection import feature_selection, feature_selection_max
from mtrl.representation.convex.max_norm import max_norm, max_norm_max
from mtrl.representation.convex.mean_regularised import mean_regularised, pooled_ridge
from mtrl.representation.convex.mtfl import FeatureLearning, mtfl
from mtrl.representation.convex.oracle import oracle
from mtrl.representation.convex.quadratic import (
    DataTerm,
    curvature,
    data_term,
    data_term_of_rows,
    data_term_shared_design,
    gram_pays,
)
from mtrl.representation.convex.robust import robust
from mtrl.representation.convex.robust_features import robust_features
from mtrl.representation.convex.scikit import lam_from_alpha
from mtrl.representation.convex.single_task import lasso, lasso_max, ridge
from mtrl.representation.convex.solver import Decomposition, Weights
from mtrl.representation.convex.sparse_low_rank import sparse_low_rank
from mtrl.representation.convex.task_relationship import TaskRelationship, correlations, task_relationship
from mtrl.representation.convex.trace_norm import trace_norm, trace_norm_max
from mtrl.representation.tasks import pack_tasks

__all__ = [
    "Clustered", "DataTerm", "Decomposition", "FeatureLearning", "RowFolds", "Selection", "TaskRelationship", "Weights",
    "cluster_penalty", "clustered", "cold_path", "correlations", "curvature", "data_term",
    "data_term_of_rows", "data_term_shared_design", "dirty", "elastic", "factored_trace_norm", "feature_selection",
    "feature_selection_max", "fit", "fold_rows", "gram_pays", "lam_from_alpha", "lam_grid", "lasso", "lasso_max", "max_norm",
    "max_norm_max", "mean_regularised", "membership_given_weights", "mtfl", "oracle", "pooled_ridge", "ridge", "robust",
    "robust_features", "select_lam", "sparse_low_rank", "task_relationship",
    "term_of_folds", "trace_norm", "trace_norm_max", "warm_path",
]  # fmt: skip


def fit(
    x: Sequence[Any] | np.ndarray | Array,
    y: Sequence[Any] | np.ndarray | Array,
    method: Callable[..., Any] = trace_norm,
    *,
    lam: Scalar,
    mask: Any = None,
    **more: Any,
) -> Any:
    """Fit tasks given as arrays or lists of any sizes.

    Args:
      x: one (n_t, d) array per task, or (T, n, d).
      y: one (n_t,) array per task, or (T, n).
      method: a function of this package which takes a `DataTerm`.
      lam: its first weight.
      mask: (T, n), False on padding rows of arrays padded already.
      **more: its other arguments.

    Returns:
      What the method returns: `weights` (dim, task) with their certificate.

    Raises:
      BadInput: data that cannot be meant (see `pack_tasks`), or a weight outside its range.
    """
    return method(data_term_of_rows(*pack_tasks(x, y, mask)), lam, **more)
