"""The convex methods of the survey as regularisation paths, for choosing their weights by cross-validation.

Norm penalties start at the least weight that gives W = 0; ridge-like ones are in units of the mean feature variance.
Whatever is iterated is warm-started along the path and stops at a duality gap. A second parameter is a short grid of
ratios to the first.
"""

import functools

from experiments.linear_representation.protocol import convex
from mtrl.harness import jax, jnp

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


def pairs():
    """Second weight relative to the first, inside the range where neither part vanishes."""
    return {
        "dirty": (convex.dirty, "lam_s", lambda lam, ratio, tasks: lam * (ratio + (1 - ratio) / tasks)),
        "robust MTL": (
            convex.robust,
            "lam_s",
            lambda lam, ratio, tasks: lam * (ratio + (1 - ratio) / tasks**0.5),
        ),
        "robust features": (convex.robust_features, "lam_2", lambda lam, ratio, tasks: 2 * lam * ratio),
        "sparse + low rank": (convex.sparse_low_rank, "lam_s", lambda lam, ratio, tasks: lam * ratio),
    }


def largest():
    """Largest weight with a nonzero solution, per family."""
    return {
        "lasso": convex.lasso_max,
        "MTFS": convex.feature_selection_max,
        "l2,1 + ridge": convex.feature_selection_max,
        "l1,inf": convex.max_norm_max,
        "dirty": convex.max_norm_max,
        "trace norm": convex.trace_norm_max,
        "robust MTL": convex.trace_norm_max,
        "sparse + low rank": convex.trace_norm_max,
        "robust features": convex.feature_selection_max,
    }


def lam_max(name, term):
    """Largest weight of the grid."""
    if name in largest():
        return largest()[name](term)
    return (1.0 if name in ("MTFL", "MTRL") else 10.0) * convex.curvature(term)


def path(name, *, iterations, gap, ratios, clusters):
    """`path(term, lams) -> (weights, gaps)` of a method.

    Args:
      name: one of `NAMES`.
      iterations: FISTA iterations per weight, at most.
      gap: relative duality gap at which they stop.
      ratios: second parameter relative to the first (static tuple).
      clusters: k of CMTL.
    """
    stop = dict(iterations=iterations, gap=gap)

    def both(one):
        """One block of choices per ratio."""

        def blocks(term, lams):
            weights, gaps = jax.lax.map(lambda ratio: one(term, lams, ratio), jnp.asarray(ratios))
            return weights.reshape(-1, *weights.shape[2:]), gaps.reshape(-1)

        return blocks

    def warm(fit, **more):
        return functools.partial(convex.warm_path, functools.partial(fit, **stop, **more))

    def mean_regularised(term, lams, ratio):
        return convex.cold_path(lambda d, lam: convex.mean_regularised(d, lam, mu=0.1 * ratio * lam), term, lams)

    def relationship(term, lam, start):
        return convex.task_relationship(term, lam, lam1=0.1 * lam, start=start, **stop)

    def pair(term, lams, ratio):
        fit, second, weight = pairs()[name]
        tasks = term.means.cross.shape[0]
        one = lambda d, lam, start: fit(d, lam, start=start, **stop, **{second: weight(lam, ratio, tasks)})  # noqa: E731
        return convex.warm_path(one, term, lams, blocks=2)

    if name in pairs():
        return both(pair)
    return {
        "single-task ridge": functools.partial(convex.cold_path, convex.ridge),
        "pooled ridge": functools.partial(
            convex.cold_path,
            lambda d, lam: convex.pooled_ridge(d, d.means.cross.shape[0] * lam),
        ),
        "mean-regularised": both(mean_regularised),
        "MTFL": warm(convex.mtfl),
        "MTRL": functools.partial(convex.warm_path, relationship),
        "CMTL": both(lambda d, lams, ratio: warm(convex.clustered, eta=0.1 * ratio, clusters=clusters)(d, lams)),
        "lasso": warm(convex.lasso),
        "MTFS": warm(convex.feature_selection),
        "l1,inf": warm(convex.max_norm),
        "trace norm": warm(convex.trace_norm),
        "l2,1 + ridge": warm(convex.elastic, l1_ratio=0.5),
    }[name]


def select(name, folds, *, points, ratio_min, **options):
    """Weights of a method with its penalty chosen by cross-validation over `folds`."""
    lams = convex.lam_grid(lam_max(name, convex.term_of_folds(folds)), points=points, ratio=ratio_min)
    return convex.select_lam(path(name, **options), folds, lams)
