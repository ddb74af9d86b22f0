"""Between this package's penalty weights and scikit-learn's `alpha`.

Here `l = (1/2n) ||X w - y||^2`. scikit-learn's Lasso, ElasticNet, MultiTaskLasso and MultiTaskElasticNet use the same
1/(2n), so alpha = lam; its Ridge uses `||X w - y||^2 + alpha ||w||^2` without it, so alpha = n lam.
"""

from mtrl.numerics.errors import BadInput

SAME_SCALING = ("Lasso", "ElasticNet", "MultiTaskLasso", "MultiTaskElasticNet")


def lam_from_alpha(estimator: str, alpha: float, samples: int) -> float:
    """The weight lam of this package for scikit-learn's `alpha`.

    Args:
      estimator: class name in `sklearn.linear_model`.
      alpha: scikit-learn's penalty weight, >= 0.
      samples: n, rows of the design.

    Raises:
      BadInput: unknown estimator, negative alpha, or no samples.
    """
    if alpha < 0:
        raise BadInput(f"alpha={alpha:g} is negative; give a penalty weight of at least 0")
    if samples < 1:
        raise BadInput(f"samples={samples} is below 1; give the number of rows of the design")
    if estimator == "Ridge":
        return alpha / samples
    if estimator in SAME_SCALING:
        return alpha
    raise BadInput(f"estimator '{estimator}' has no known scaling; use one of {', '.join(('Ridge', *SAME_SCALING))}")
