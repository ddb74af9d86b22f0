"""What the figures share: one simulated draw along a path of couplings, the predicted risks on the same axis, their agreement."""

from typing import Any, NamedTuple

import numpy as np

from mtrl import random_matrix
from mtrl.harness import BadInput, Interval, evaluate, jax, jnp, mean_interval, split_named
from mtrl.numerics import fixed_point

LAM = "shared strength λ (large = much sharing)"
RISK = "squared error, task average"


class Observed(NamedTuple):
    """One training set along the couplings, averages over tasks."""

    test: "jax.Array"  # exact risk of the estimate, noise included
    train: "jax.Array"
    gcv: "jax.Array"  # estimate of the test risk from the training data alone


def simulate_path(
    key, alpha, gamma, noise, lams, *, dim: int, counts: tuple[int, ...], law: str = "gaussian"
) -> Observed:
    """Draw a problem and a training set, fit at every lam from one eigendecomposition."""
    keys = split_named(key, "problem", "data")
    params = random_matrix.aligned_model(keys["problem"], tasks=len(counts), dim=dim, alpha=alpha, noise=noise)
    data = random_matrix.sample_tasks(keys["data"], params, counts=counts, law=law)
    path = random_matrix.regression.prepare_path(data, gamma=jnp.full(len(counts), gamma, params.W.dtype))

    def at(lam):
        fit = random_matrix.regression.fit_at(path, lam)
        estimated = random_matrix.estimate_risk(fit)
        return Observed(random_matrix.exact_risk(params, fit.W).mean(), estimated.train.mean(), estimated.gcv.mean())

    return jax.lax.map(at, lams, batch_size=8)


def predict_path(alpha, gamma, noise, lams, ratio, *, tasks: int) -> "random_matrix.regression.Risk":
    """Predicted risks at every lam, averaged over tasks, for n_t/d = ratio; the dimension drops out."""
    gram, one = random_matrix.aligned_gram(alpha, tasks), jnp.ones(tasks)

    def at(lam):
        risk = random_matrix.regression.risk_isotropic(
            random_matrix.coupling(gamma * one, lam), ratio * one, 1.0, gram, noise * one
        )
        return random_matrix.regression.Risk(*(part.mean() for part in risk[:6]), *risk[6:])

    return jax.vmap(at)(lams)


def predicted_path(
    alpha: float, gamma: float, noise: float, lams: Any, ratio: float, *, tasks: int
) -> "random_matrix.regression.Risk":
    """`predict_path` run once.

    Raises:
      BadInput: a fixed point did not converge; gives the last change and n_t/d.
    """
    risk = evaluate(predict_path, alpha, gamma, noise, lams, ratio, tasks=tasks)
    fixed_point.check_converged(risk, f"n_t/d = {ratio:g}, gamma = {gamma:g}")
    return risk


def sample_count(ratio: float, dim: int) -> int:
    """n_t = ratio d, rounded.

    Raises:
      BadInput: no sample is left.
    """
    count = round(ratio * dim)
    if count < 1:
        raise BadInput(
            f"ratio n_t/d got {ratio:g}, which leaves a task no sample at d = {dim}; choose {1 / dim:g} or more"
        )
    return count


def relative_gap(simulated: Any, predicted: Any) -> np.ndarray:
    """Per seed: mean over the grid of simulated/predicted - 1; arrays (seed, ...) and (...)."""
    ratio = np.asarray(simulated) / np.asarray(predicted) - 1
    return ratio.reshape(ratio.shape[0], -1).mean(1)


def gap_interval(simulated: Any, predicted: Any) -> Interval:
    """Mean relative deviation of simulation from theory, with its interval over seeds."""
    return mean_interval(relative_gap(simulated, predicted))


def lam_axis(ax: Any, threshold: float = 0.1) -> None:
    """Zero and logarithms on one axis."""
    ax.set_xscale("symlog", linthresh=threshold)
    ax.set_xlabel(LAM)
