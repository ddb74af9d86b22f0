"""Inherent Bellman error of a representation, exactly for small state spaces (linear programmes on the host).

The distance of a backup from the class, `min_theta max_(s,a) |<phi(s,a), theta> - (r + P V)(s,a)|`, is convex in V; its largest
value over all value functions `V: S -> [0, bound]` is therefore reached at a vertex of that cube, and the 2^S vertices are tried.
For the true phi of a linear MDP it is zero. The supremum over all bounded V is an upper bound on the one over the class's own
greedy values.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from mtrl.numerics.errors import BadInput

_LARGEST = 12


def chebyshev_residual(features: ArrayLike, targets: ArrayLike) -> np.ndarray:
    """`min_theta max_c |<phi_c, theta> - y_c|` for every row of targets.

    Args:
      features: (cell, k).
      targets: (n, cell).

    Returns:
      (n,) sup-norm distances from the span of the features.
    """
    phi, rows = np.asarray(features, float), np.atleast_2d(np.asarray(targets, float))
    cells, rank = phi.shape
    cost = np.r_[np.zeros(rank), 1.0]
    slack = -np.ones((cells, 1))
    above, below = np.hstack([phi, slack]), np.hstack([-phi, slack])
    bounds = [(None, None)] * rank + [(0, None)]
    system = np.vstack([above, below])
    return np.array([linprog(cost, system, np.r_[y, -y], bounds=bounds, method="highs").fun for y in rows])


def value_vertices(states: int, bound: float) -> np.ndarray:
    """All value functions with entries 0 or `bound`, (2^S, S).

    Raises:
      BadInput: more than 12 states.
    """
    if states > _LARGEST:
        raise BadInput(
            f"states got {states}, but 2^S vertices are enumerated only for S up to {_LARGEST}; take a smaller MDP"
        )
    return bound * ((np.arange(2**states)[:, None] >> np.arange(states)) & 1).astype(float)


def inherent_bellman_error(features: ArrayLike, transitions: ArrayLike, rewards: ArrayLike, bound: float) -> float:
    """Largest sup-norm distance of a backup from the class, over all value functions in [0, bound].

    Args:
      features: (state, action, k).
      transitions: (state, action, next).
      rewards: (state, action).
      bound: H - h, the largest value at the next stage.
    """
    phi, model = np.asarray(features, float), np.asarray(transitions, float)
    states, actions, rank = phi.shape
    values = value_vertices(states, bound)
    targets = np.asarray(rewards, float).reshape(1, -1) + values @ model.reshape(states * actions, states).T
    return float(chebyshev_residual(phi.reshape(-1, rank), targets).max())
