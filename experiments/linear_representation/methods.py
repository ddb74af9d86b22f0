"""The classical methods of the survey as regularisation paths, for choosing their weights by cross-validation.

Norm penalties start at the least weight that gives W = 0; ridge-like ones are in units of the mean feature variance.
Whatever is iterated is warm-started along the path, except MTFL and MTRL, which anneal: their eps falls by a decade
every ten alternations and to 1e-4 at most (a faster fall freezes the range far from the optimum). A second parameter is
a short grid of ratios to the first.
"""

import jax
import jax.numpy as jnp

from mtrl.representation.classical import cross_validation as cv
from mtrl.representation.classical import loss as data_term
from mtrl.representation.classical.clustered import clustered
from mtrl.representation.classical.dirty import dirty
from mtrl.representation.classical.elastic import elastic
from mtrl.representation.classical.feature_selection import feature_selection, feature_selection_max
from mtrl.representation.classical.max_norm import max_norm, max_norm_max
from mtrl.representation.classical.mean_regularised import mean_regularised, pooled_ridge
from mtrl.representation.classical.mtfl import mtfl
from mtrl.representation.classical.robust import robust
from mtrl.representation.classical.robust_features import robust_features
from mtrl.representation.classical.single_task import lasso, lasso_max, ridge
from mtrl.representation.classical.sparse_low_rank import sparse_low_rank
from mtrl.representation.classical.task_relationship import task_relationship
from mtrl.representation.classical.trace_norm import trace_norm, trace_norm_max

# Which structure each method is made for; the others serve as baselines.
MADE_FOR = {
    "single-task ridge": "independent",
    "lasso": "",
    "pooled ridge": "",
    "mean-regularised": "",
    "MTFS": "row sparse",
    "l1,inf": "row sparse",
    "l2,1 + ridge": "row sparse",
    "MTFL": "low rank",
    "trace norm": "low rank",
    "CMTL": "clusters",
    "MTRL": "low rank",
    "dirty": "row sparse",
    "robust MTL": "outliers",
    "robust features": "",
    "sparse + low rank": "low rank",
}
NAMES = tuple(MADE_FOR)


def _warm(fit, loss, lams, pairs=False, **hyper):
    """Warm-started path of a FISTA method; `pairs` for W = P + Q."""
    zero = jnp.zeros_like(loss.linear.T)

    def step(data, lam, start):
        found = fit(data, lam, start=start, **{k: v(lam) if callable(v) else v for k, v in hyper.items()})
        return found.weights, (found.shared, found.own) if pairs else found.weights

    return cv.warm_path(step, loss, lams, (zero, zero) if pairs else zero)


def _cold(fit, loss, lams):
    return cv.cold_path(lambda data, lam: fit(data, lam), loss, lams)


def _annealed(alternations):
    """The last eps that so many alternations can reach."""
    return 10.0 ** -min(4.0, alternations / 10)


def lam_max(name, loss):
    """Largest weight of the grid."""
    norms = {
        "lasso": lasso_max,
        "MTFS": feature_selection_max,
        "l2,1 + ridge": feature_selection_max,
        "l1,inf": max_norm_max,
        "dirty": max_norm_max,
        "trace norm": trace_norm_max,
        "robust MTL": trace_norm_max,
        "sparse + low rank": trace_norm_max,
        "robust features": feature_selection_max,
    }
    if name in norms:
        return norms[name](loss)
    return (1.0 if name in ("MTFL", "MTRL") else 10.0) * data_term.curvature(loss)


def path(name, *, iterations, alternations, ratios, clusters):
    """`path(loss, lams) -> (choice, dim, task)` of a method.

    Args:
      name: one of `NAMES`.
      iterations: FISTA iterations per weight.
      alternations: of MTFL, MTRL and CMTL.
      ratios: second parameter relative to the first (static tuple).
      clusters: k of CMTL.
    """

    def both(one):
        return lambda loss, lams: jnp.concatenate([one(loss, lams, ratio) for ratio in ratios])

    simple = dict(iterations=iterations)
    if name == "single-task ridge":
        return lambda loss, lams: _cold(lambda d, lam: ridge(d, lam).weights, loss, lams)
    if name == "pooled ridge":
        return lambda loss, lams: _cold(lambda d, lam: pooled_ridge(d, d.linear.shape[0] * lam), loss, lams)
    if name == "mean-regularised":
        return both(
            lambda loss, lams, ratio: _cold(
                lambda d, lam: mean_regularised(d, lam, mu=0.1 * ratio * lam).weights, loss, lams
            )
        )
    if name == "MTFL":

        def features(d, lam):
            return mtfl(d, lam, iterations=alternations, eps_end=_annealed(alternations)).weights

        return lambda loss, lams: _cold(features, loss, lams)
    if name == "MTRL":

        def relation(d, lam):
            return task_relationship(
                d, lam, lam1=0.1 * lam, iterations=alternations, eps_end=_annealed(alternations), tolerance=1e-5
            ).weights

        return lambda loss, lams: _cold(relation, loss, lams)
    if name == "CMTL":
        groups = dict(clusters=clusters, iterations=alternations, tolerance=1e-5)
        return both(lambda loss, lams, ratio: _warm(clustered, loss, lams, eta=0.1 * ratio, **groups))
    one_weight = {"lasso": lasso, "MTFS": feature_selection, "l1,inf": max_norm, "trace norm": trace_norm}
    if name in one_weight:
        return lambda loss, lams: _warm(one_weight[name], loss, lams, **simple)
    if name == "l2,1 + ridge":
        return lambda loss, lams: _warm(elastic, loss, lams, l1_ratio=0.5, **simple)
    # Second weight relative to the first, inside the range where neither part vanishes.
    pairs = {
        "dirty": (dirty, "lam_s", lambda lam, ratio, tasks: lam * (ratio + (1 - ratio) / tasks)),
        "robust MTL": (robust, "lam_s", lambda lam, ratio, tasks: lam * (ratio + (1 - ratio) / tasks**0.5)),
        "robust features": (robust_features, "lam_2", lambda lam, ratio, tasks: 2 * lam * ratio),
        "sparse + low rank": (sparse_low_rank, "lam_s", lambda lam, ratio, tasks: lam * ratio),
    }
    fit, second, weight = pairs[name]

    def pair(loss, lams, ratio):
        tasks = loss.linear.shape[0]
        return _warm(fit, loss, lams, pairs=True, **simple, **{second: lambda lam: weight(lam, ratio, tasks)})

    return both(pair)


def select(name, folds, *, points, ratio_min, **options):
    """Weights of a method with its penalty chosen by cross-validation over `folds`."""
    total = jax.tree.map(lambda v: jnp.sum(v, axis=0), folds)
    top = lam_max(name, data_term.loss_from_moments(total))
    lams = cv.lam_grid(top, points=points, ratio=ratio_min)
    return cv.select_lam(path(name, **options), folds, lams)
