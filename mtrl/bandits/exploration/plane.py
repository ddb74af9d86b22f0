"""Heads for given arms: the plane in which the arms spread most, and tasks that each prefer one of the arms at its rim, by a given gap."""

import numpy as np
from jaxtyping import Float

from mtrl.numerics.checks import check_finite, check_positive, check_whole
from mtrl.numerics.errors import BadInput


def plane_heads(
    arms: Float[np.ndarray, "arm dim"], count: int, gap: float, *, most: int = 4, angles: int = 3600
) -> tuple[Float[np.ndarray, "dim rank"], Float[np.ndarray, "task rank"]]:
    """Basis of the plane (k = 2) and the heads of `count` tasks, on the host.

    A direction of the plane prefers the arm that is longest along it. For every arm that some direction prefers, the direction with the
    largest margin to the second arm is kept, scaled so that the margin is the gap; the tasks take the arms of largest margin in turn.

    Args:
      arms: given arms x, of at least two dimensions and not all on a line.
      count: number of tasks M.
      gap: Delta_min, of every task.
      most: how many arms are preferred at the most.
      angles: directions tried.

    Returns:
      (B, W) of `theta_m = B w_m`: right singular vectors of the centred arms, and heads.

    Raises:
      BadInput: fewer than two dimensions or arms, an arm that is not finite, a gap that is not positive, a count below 1.
    """
    check_whole(count=count, most=most, angles=angles)
    check_positive(gap=gap)
    check_finite(arms=arms)
    if min(arms.shape) < 2:
        raise BadInput(f"arms got {arms.shape[0]} of dimension {arms.shape[1]}, but a plane needs at least 2 of each")
    basis = np.linalg.svd(arms - arms.mean(0))[2][:2].T
    turns = np.linspace(0, 2 * np.pi, angles, endpoint=False)
    around = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    worth = arms @ basis @ around.T
    ordered = np.sort(worth, axis=0)
    margin, best = ordered[-1] - ordered[-2], np.argmax(worth, axis=0)
    heads = []
    for arm in np.unique(best):
        place = np.argmax(np.where(best == arm, margin, -1))
        heads.append((margin[place], gap / margin[place] * around[place]))
    kept = [head for _, head in sorted(heads, key=lambda pair: -pair[0])[:most]]
    return basis, np.array([kept[m % len(kept)] for m in range(count)])
