"""What the figures share: one simulated draw along a path of couplings, the predicted risks on the same axis, their agreement."""

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from mtrl import random_matrix
from mtrl._later import Later
from mtrl.harness import BadInput, BaseConfig, Claim, at_most, evaluate, field, over_seeds, split_named
from mtrl.harness.judge.measures import Measure, Quantity, bootstrap, value
from mtrl.harness.picture import plots
from mtrl.numerics import fixed_point

if TYPE_CHECKING:
    from mtrl.random_matrix import regression
else:
    regression = Later("mtrl.random_matrix.regression")

LAM = "shared strength λ (large = much sharing)"
RISK = ("squared target units", "squared error, task average")
SIMULATED = plots.Look("simulation: mean, 95 % interval", "0.3")
claim = functools.partial(Claim, unit="squared target units")
derived = functools.partial(Claim.derived, unit="squared target units")


def drawn(key, alpha, noise, *, dim: int, counts: tuple[int, ...], law: str = "gaussian"):
    """A problem with hyperplanes of one cosine, and a training set."""
    keys = split_named(key, "problem", "data")
    params = random_matrix.aligned_model(keys["problem"], tasks=len(counts), dim=dim, alpha=alpha, noise=noise)
    return params, random_matrix.sample_tasks(keys["data"], params, counts=counts, law=law)


def simulate_path(key, alpha, gamma, noise, lams, **sizes) -> "regression.PathRisks":
    """One draw along the couplings."""
    return regression.risks_along(*drawn(key, alpha, noise, **sizes), gamma, lams)


def predicted_path(alpha: float, gamma: float, noise: float, lams: Any, ratio: float, *, tasks: int = 2) -> Any:
    """`regression.aligned_path` run once.

    Raises:
      BadInput: a fixed point did not converge; gives the last change and n_t/d.
    """
    risk = evaluate(regression.aligned_path, alpha, gamma, noise, lams, ratio, tasks=tasks)
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


class PathConfig(BaseConfig):
    """Two tasks of equal size and norm along the couplings."""

    ratio: float = field(1.0, help="samples per dimension n_t/d", lower=0.0, strict=True)
    gamma: float = field(1.0, help="strength of the task-specific parts", lower=0.0, strict=True)
    noise: float = field(0.3, help="noise variance", lower=0.0, strict=True)
    dim: int = field(100, help="dimension d", lower=4)

    def validate(self):
        """The ratio leaves samples."""
        sample_count(self.ratio, self.dim)


def path_of(config, seeds, *, alpha, lams, top, points, law="gaussian"):
    """Simulation of two tasks and prediction at lams, and the prediction along a fine axis up to `top`: (seen, dots, fine, line)."""
    count = sample_count(config.ratio, config.dim)
    setting, ratio = (alpha, config.gamma, config.noise), count / config.dim
    fine = np.concatenate([[0.0], np.geomspace(0.02, max(lams[-1], top), points)])
    line, dots = (predicted_path(*setting, at, ratio) for at in (fine, lams))
    seen = over_seeds(simulate_path, seeds, *setting, lams, dim=config.dim, counts=(count, count), law=law)
    return seen, dots, fine, line


def distance(simulated: Quantity, predicted: Quantity) -> Measure:
    """Mean over all points of |seed mean / prediction - 1|: deviations of opposite signs do not cancel."""
    return bootstrap(lambda a, b: float(np.mean(np.abs(a / b - 1))), *map(_ordered, (simulated, predicted)))


def _ordered(x: Quantity) -> Quantity:
    """Dimensions in one order, the seed apart."""
    return x.then(lambda array: array.transpose(*sorted(array.dims)))


def agreement(text: str, paper: str, bound: float, *pair: Quantity, reason: str = "", **where: Any) -> Claim:
    """Claim: the simulation equals the prediction up to a relative distance.

    Args:
      text, paper: of the claim.
      bound: largest mean relative distance over the points.
      *pair: what is simulated and predicted, if not `simulation` and `theory_at_dots` at the labels `where`.
      reason: of the bound; the finite dimension if "".
      **where: dimension -> label.
    """
    simulated, predicted = pair or (value("simulation", **where), value("theory_at_dots", **where))
    region = at_most(bound, reason or f"{bound:.0%} is ours: the finite dimension")
    words = f"{text} (mean relative distance over the points)"
    return Claim(words, paper, distance(simulated, predicted), region, unit="relative", value=0.0)


def lam_axis(ax: Any, threshold: float = 0.1) -> None:
    """Zero and logarithms on one smooth axis."""
    plots.zero_and_logs(ax, width=threshold)
    ax.set(xlabel=LAM, xlim=(-0.15 * threshold, 1.2 * ax.dataLim.x1))


def quiet(looks: Any) -> Any:
    """The looks without entries in the legend."""
    return {label: look._replace(words="") for label, look in looks.items()}
