"""What the figure of sparse fits times: problems, our fits, scikit-learn's and skglm's, and the duality gap that all of them reach.

The gap of every result is taken by the same NumPy lines; skglm stops by another test, at the loosest of a ladder of tolerances that
reaches the gap asked for.
"""

from typing import Any

import numpy as np

from mtrl import representation
from mtrl.harness import evaluate, jax, jnp, over_seeds, split_named, spread

OURS, SCIKIT, SKGLM = "mtrl", "scikit-learn", "skglm"
LADDER = (0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)  # tolerances of skglm, relative to the weight


def sparse_data(key: Any, *, samples: int, dim: int, tasks: int, used: int) -> Any:
    """One design (n, d) and responses (T, n): `used` features with normal weights, noise 1."""
    keys = split_named(key, "design", "weights", "noise")
    x = jax.random.normal(keys["design"], (samples, dim))
    weights = jax.random.normal(keys["weights"], (used, tasks))
    return x, (x[:, :used] @ weights).T + jax.random.normal(keys["noise"], (tasks, samples))


def design_of(x: Any, y: Any) -> Any:
    """Rows where working sets will be used, which take few products with all of them."""
    return representation.convex.data_term_shared_design(x, y, rows=x.shape[1] > 64)


def fit_of(x: Any, y: Any, lam: Any, goal: Any) -> Any:
    """Weights and gap."""
    term = design_of(x, y)
    return representation.convex.feature_selection(term, lam, gap=goal)[:2]


def seed_of(key: Any, *arrays: Any) -> Any:
    """`fit_of` of the seed's own problem."""
    return fit_of(*arrays)


def path_of(x: Any, y: Any, lams: Any, goal: Any) -> Any:
    """Weights (lam, d, T) and gaps, each fit from the last."""

    def fit(term, lam, start):
        return representation.convex.feature_selection(term, lam, start=start, gap=goal)

    return representation.convex.warm_path(fit, design_of(x, y), lams)


def gap_of(x: np.ndarray, y: np.ndarray, weights: np.ndarray, lam: float) -> float:
    """Relative duality gap of weights (d, T) for responses (n, T)."""
    n, rest = len(x), y - x @ weights
    square, alignment = np.sum(rest**2), np.sum(y * rest)
    scale = min(alignment / square, lam * n / np.max(np.linalg.norm(x.T @ rest, axis=1)))
    primal = square / 2 + n * lam * np.sum(np.linalg.norm(weights, axis=1))
    return (primal - scale * alignment + scale**2 * square / 2) / (np.sum(y**2) / 2)


def calls_of(config: Any, problems: list, ready: tuple, lams: np.ndarray, peers: bool) -> dict:
    """(work, side) -> (call that gives weights (problem or lam, d, T), weights lam)."""
    from sklearn.linear_model import MultiTaskLasso, enet_path

    tops = [np.max(np.linalg.norm(x.T @ y, axis=1)) / len(x) for x, y in problems]
    alphas = config.strength * np.array(tops)
    ladder = tops[0] * lams
    number = np.arange(len(problems))

    first = tuple(part[0] for part in ready)

    def ours_seeds():
        mine = (*ready, spread(jnp.asarray(alphas)))
        return lambda: over_seeds(seed_of, number, config.gap, per_seed=mine, in_turn=True)[0]

    def scikit(count):
        # scikit-learn stops at a gap of tol ||y||^2 / n, twice tol on our scale.
        fit = [MultiTaskLasso(alpha=a, fit_intercept=False, tol=config.gap / 2, max_iter=100000) for a in alphas]
        return lambda: [fit[i].fit(*problems[i]).coef_.T for i in range(count)]

    def scikit_path():
        more = dict(l1_ratio=1.0, alphas=ladder, tol=config.gap / 2, max_iter=100000)
        return lambda: np.moveaxis(enet_path(*problems[0], **more)[1], 2, 0).swapaxes(1, 2)

    calls = {
        ("one fit", OURS): lambda: evaluate(fit_of, *first, alphas[0], config.gap)[0][None],
        ("path", OURS): lambda: evaluate(path_of, *first, ladder, config.gap)[0],
        ("seeds", OURS): ours_seeds(),
        ("one fit", SCIKIT): scikit(1), ("path", SCIKIT): scikit_path(), ("seeds", SCIKIT): scikit(len(problems)),
    }  # fmt: skip
    if peers:
        import skglm  # pyright: ignore[reportMissingImports]

        def model(a, tol):
            return skglm.MultiTaskLasso(alpha=a, fit_intercept=False, tol=tol * a, max_iter=100)

        def fits(count, tol):
            return lambda: [model(alphas[i], tol).fit(*problems[i]).coef_.T for i in range(count)]

        def path(tol):
            return lambda: np.moveaxis(model(ladder[-1], tol).path(*problems[0], ladder)[1], 2, 0).swapaxes(1, 2)

        alone = loosest(lambda tol: fits(1, tol), problems[:1], alphas[:1], config.gap)
        calls[("one fit", SKGLM)] = fits(1, alone)
        calls[("path", SKGLM)] = path(loosest(path, problems[:1], ladder, config.gap))
        most = loosest(lambda tol: fits(len(problems), tol), problems, alphas, config.gap)
        calls[("seeds", SKGLM)] = fits(len(problems), most)
    return {name: (call, ladder if name[0] == "path" else alphas) for name, call in calls.items()}


def largest_gap(found: Any, problems: list, lams: np.ndarray) -> float:
    """Of all fits of a call."""
    data = problems if len(problems) > 1 else problems * len(found)
    return max(gap_of(x, y, w, a) for (x, y), w, a in zip(data, found, lams, strict=False))


def loosest(make: Any, problems: list, lams: np.ndarray, goal: float) -> float:
    """Tolerance of skglm with which every fit reaches the gap."""
    for tol in LADDER:
        if largest_gap(make(tol)(), problems, lams) <= goal:
            return tol
    return LADDER[-1]
