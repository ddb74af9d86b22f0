"""Host-side checks of hyper-parameters and model statistics, each raising one plain sentence."""

from typing import Any

import numpy as np

from mtrl.numerics.errors import BadInput


def check_coupling(gamma: Any, lam: Any) -> None:
    """Raise BadInput unless gamma >= 0 per task, lam >= 0, all finite, and not all zero."""
    gamma, lam = np.atleast_1d(np.asarray(gamma, float)), float(lam)
    for t, g in enumerate(gamma):
        if not g >= 0 or np.isinf(g):
            raise BadInput(f"gamma of task {t} is {g:g}, but must be a finite number at least 0")
    if not lam >= 0 or np.isinf(lam):
        raise BadInput(f"lam is {lam:g}, but must be a finite number at least 0")
    if lam == 0 and not np.any(gamma):
        raise BadInput(
            "gamma and lam are all 0, which forces every hyperplane to 0; give at least one a positive value"
        )


def check_covariance(covariance: Any, tasks: int, dim: int, *, full_rank: bool = False) -> None:
    """Raise BadInput unless covariance is (tasks, dim, dim), symmetric and PSD; with `full_rank`, also invertible per task."""
    covariance = np.asarray(covariance)
    if covariance.shape != (tasks, dim, dim):
        raise BadInput(
            f"covariance has shape {covariance.shape}, but needs one (d, d) matrix per task, here {(tasks, dim, dim)}"
        )
    for t, sigma in enumerate(covariance):
        if not np.all(np.isfinite(sigma)):
            raise BadInput(f"covariance of task {t} holds a NaN or an infinity")
        size = max(float(np.abs(sigma).max()), 1e-300)
        if np.abs(sigma - sigma.T).max() > 1e-8 * size:
            raise BadInput(f"covariance of task {t} is not symmetric; use (S + S^T)/2 if the difference is rounding")
        smallest = float(np.linalg.eigvalsh(sigma)[0])
        if smallest < -1e-8 * size:
            raise BadInput(
                f"covariance of task {t} has the negative eigenvalue {smallest:.3g}, but must be positive semi-definite"
            )
        if full_rank and smallest <= 1e-10 * size:
            raise BadInput(
                f"covariance of task {t} is rank-deficient, so the moment plug-in has no inverse to use; "
                "choose hyper-parameters by leave-one-out (random_matrix.leave_one_out), which needs none"
            )


def check_noise(noise: Any) -> None:
    """Raise BadInput unless every noise variance is positive and finite."""
    for t, value in enumerate(np.atleast_1d(np.asarray(noise, float))):
        if not (value > 0 and np.isfinite(value)):
            raise BadInput(
                f"noise variance of task {t} is {value:g}, but the optimal coupling Omega/sig2 needs a positive one"
            )


def check_alignment(alpha: Any, tasks: int = 2) -> None:
    """Raise BadInput unless alpha is a cosine all pairs of `tasks` vectors can share: between -1/(tasks-1) and 1."""
    alpha = float(alpha)
    if not -1 <= alpha <= 1:
        raise BadInput(f"alpha is {alpha:g}, but a cosine lies between -1 and 1")
    if tasks > 2 and alpha < -1 / (tasks - 1) - 1e-12:
        raise BadInput(
            f"alpha is {alpha:g}, but {tasks} vectors cannot all have pairwise cosine below {-1 / (tasks - 1):.4g}"
        )


def check_samples(n: Any) -> None:
    """Raise BadInput unless every task has at least one sample."""
    for t, value in enumerate(np.atleast_1d(np.asarray(n))):
        if not value >= 1:
            raise BadInput(f"task {t} has n_t = {value}, but needs at least one sample")
