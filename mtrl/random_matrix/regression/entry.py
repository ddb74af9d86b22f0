"""The front of the multitask ridge: fit, and the predicted risk; each chooses the solver or the formula from what is given."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_psd, check_shape
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Numbers, Scalar
from mtrl.random_matrix.couplings import check_coupling, coupling
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.problem import LinearModel
from mtrl.random_matrix.regression.risk import Risk, risk_general, risk_isotropic, risk_shared_centre
from mtrl.random_matrix.regression.solvers import RidgeFit, fit_dual, fit_primal, fit_shared_centre
from mtrl.random_matrix.regression.tuning import plug_in_risk, statistics_from_least_squares


def _coupling_of(gamma, lam, B, tasks: int, dtype) -> tuple[Any, Any, Any]:
    """(gamma, lam, B) as arrays; gamma and lam None where B was given."""
    if B is not None:
        if gamma is not None or lam is not None:
            raise BadInput("got B together with gamma or lam, but takes either B or both strengths")
        check_shape("B", B, (tasks, tasks))
        check_psd(B=B, hint="a coupling is a covariance of tasks")
        return None, None, jnp.asarray(B, dtype)
    if gamma is None or lam is None:
        raise BadInput("got no coupling: give gamma and lam, or a matrix B")
    check_coupling(gamma, lam)
    gamma = jnp.asarray(gamma, dtype)
    gamma = jnp.broadcast_to(gamma, (tasks,)) if gamma.ndim == 0 else gamma
    check_shape("gamma", gamma, (tasks,), hint="one strength per task, or one for all")
    return gamma, jnp.asarray(lam, dtype), coupling(gamma, lam)


def fit(
    data: TaskData, *, gamma: Numbers | None = None, lam: Scalar | None = None, B: Numbers | None = None
) -> RidgeFit:
    """The multitask ridge at `B = diag(gamma) + lam 1 1^T`, or at any PSD coupling B, by the cheapest direct solver.

    LARGE lam is much sharing, large gamma little penalty on a task's own part.

    Args:
      data: from `pack`.
      gamma: one strength for all tasks, or (T,); >= 0.
      lam: shared strength, >= 0.
      B: (T, T) PSD coupling, instead of the two.

    Raises:
      BadInput: a strength that is negative or not finite, a coupling that is not PSD.
    """
    T, N, d = data.features.shape
    own, shared, joint = _coupling_of(gamma, lam, B, T, data.features.dtype)
    if T * N <= d or (own is None and N <= d):
        return fit_dual(data, B=joint)
    return fit_primal(data, B=joint) if own is None else fit_shared_centre(data, gamma=own, lam=shared)


def predict_risk(
    source: LinearModel | TaskData,
    *,
    gamma: Numbers | None = None,
    lam: Scalar | None = None,
    B: Numbers | None = None,
    counts: Numbers | None = None,
) -> Risk:
    """Predicted train and test risk of every task, differentiable in the coupling, the counts and the model.

    Args:
      source: a `LinearModel` (known or assumed: `linear_model`), or training data, whose hyperplanes, noise and covariances are then
        estimated (`statistics_from_least_squares`: more samples than dimensions).
      gamma, lam, B: the coupling as in `fit`.
      counts: samples of each task, real numbers allowed; those of the data if None.

    Raises:
      BadInput: as `fit`; no counts with a model; data with too few samples.
    """
    T = source[0].shape[0]
    own, shared, joint = _coupling_of(gamma, lam, B, T, source[0].dtype)
    if counts is None and isinstance(source, LinearModel):
        raise BadInput(
            "counts got None, but a model has no samples of its own: give the number of samples of each task"
        )
    n: Float[Array, " task"] = jnp.asarray(
        source.counts if counts is None and isinstance(source, TaskData) else counts, joint.dtype
    )
    n = jnp.broadcast_to(n, (T,)) if n.ndim == 0 else n
    check_shape("counts", n, (T,), hint="one number of samples per task")
    if isinstance(source, TaskData):
        X, size = source.features, source.counts.astype(joint.dtype)
        covariance = jnp.einsum("tni,tnj->tij", X, X) / size[:, None, None]
        return plug_in_risk(joint, n, covariance, statistics_from_least_squares(source))
    covariance = source.covariance
    if source.root is None or covariance is None:
        return risk_isotropic(joint, n, source.W.shape[1], source.gram, source.noise)
    if own is None:
        return risk_general(joint, n, covariance, source.W, source.noise)
    return risk_shared_centre(own, shared, n, covariance, source.W, source.noise)
