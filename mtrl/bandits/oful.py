"""OFUL, one per task: optimism in the face of uncertainty for linear bandits.

Abbasi-Yadkori, Pal and Szepesvari, "Improved algorithms for linear stochastic bandits", NeurIPS 2011, Section 3 and
Theorem 2: LinUCB with the multiplier `beta_t = sigma sqrt(d log((1 + t L^2 / lam) / delta)) + sqrt(lam) S`. Regret
~O(d sqrt(T)) per task.
"""

from mtrl.bandits import linucb
from mtrl.bandits.checks import check_radius
from mtrl.bandits.linear_stats import RidgeState
from mtrl.bandits.linucb import Config, init
from mtrl.bandits.rounds import ArmData, Info
from mtrl.bandits.theory import oful_radius
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar

__all__ = ["OFUL", "Config", "init", "step"]


def step(
    key: PRNGKey,
    state: RidgeState,
    data: ArmData,
    *,
    scale: Scalar = 1.0,
    noise: Scalar = 1.0,
    delta: Scalar = 0.05,
    norm_bound: Scalar = 1.0,
    input_bound: Scalar = 1.0,
) -> tuple[RidgeState, Info]:
    """Play the arm with the largest index in every task.

    Args:
      key: not used.
      state: ridge statistics.
      data: the round.
      scale: multiplier of the radius; 1 is the theorem's, 0 acts greedily.
      noise: sigma, the noise's sub-Gaussian standard deviation.
      delta: chance that the confidence set of one task fails.
      norm_bound: S, bound on `||theta_i||`.
      input_bound: L, bound on `||x||`.

    Raises:
      BadInput: the scale is negative or not a number (when it is not traced).
    """
    check_radius(scale=scale)
    radius = oful_radius(
        data.contexts.shape[-1],
        state.round,
        noise=noise,
        delta=delta,
        norm_bound=norm_bound,
        input_bound=input_bound,
        ridge=state.ridge,
    )
    return linucb.step(key, state, data, alpha=scale * radius)


OFUL = Algorithm(init, step)
