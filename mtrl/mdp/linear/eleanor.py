"""GFUCB for MDPs as stated, with joint optimisation over stages and tasks as in ELEANOR (Zanette et al., ICML 2020).

The reference for tiny problems with H = 2 and k = 2. Choose representations (phi_1, phi_2) in Phi and heads of all tasks to maximise
`sum_i V_{1,i}(s_{1,i})`, subject per stage to ONE confidence set over all tasks:

- stage 2: `sum_i ||theta_{2,i} - c_i||^2_{Lam_i} <= slack_2`, `slack_2 = budget - (loss(phi_2) - min_phi loss)`, with the ridge
  centre `c_i` and the summed misfit `loss`; `V_{2,i}(s) = clip(max_a <phi_2(s,a), theta_{2,i}>, 0, 1)`;
- stage 1: the same around the ridge fit of the backed-up targets `r + V_{2,i}(s')`, whose centre and slack move with theta_2.

Stage 1 is solved in closed form, `sum_i <phi_1(s_i, a_i), w_i> + sqrt(slack_1 sum_i ||phi_1(s_i, a_i)||^2_{Lam_i^-1})`, over all
A^M choices of actions. Stage 2 is not concave in theta_2 (V_2 enters the centre with either sign), so theta_2 runs over a polar
grid of the joint ellipsoid: `radii` budget levels and `angles` directions per task, all combinations within the joint budget. The
value found is therefore a lower bound of the maximum, off by the grid's spacing. Deviation: the confidence sets are written as
likelihood-ratio sets (loss within the budget of the smallest).
"""

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mtrl.mdp.linear.episodes import Info
from mtrl.mdp.linear.planning import Counts, add, no_counts
from mtrl.mdp.linear.ridge import fit_cells
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar

_LARGEST = 20_000_000


class JointPlan(NamedTuple):
    """The jointly optimistic choice."""

    value: Float[Array, ""]  # sum_i V_{1,i}(s_{1,i})
    actions: Int[Array, " task"]  # first actions
    policy: Int[Array, "task state"]  # second stage
    representations: Int[Array, "two"]  # (phi_1, phi_2)


def disk(radii: int, angles: int) -> np.ndarray:
    """Polar grid of the unit disk, (point, 2): the centre, then rings whose squared radii (shares of the budget) are evenly spaced."""
    rho = np.sqrt(np.arange(1, radii + 1) / radii)
    turn = 2 * np.pi * np.arange(angles) / angles
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return np.concatenate([np.zeros((1, 2)), (rho[:, None, None] * ring).reshape(-1, 2)])


def within_budget(points: np.ndarray, tasks: int) -> np.ndarray:
    """One point per task with squared radii summing to at most 1: (combination, task) indices."""
    energy = np.sum(points**2, axis=1)
    choices = np.stack(np.meshgrid(*[np.arange(len(points))] * tasks, indexing="ij"), axis=-1).reshape(-1, tasks)
    return choices[energy[choices].sum(1) <= 1 + 1e-9]


def joint_plan(
    counts: Counts,
    start: Int[Array, " task"],
    candidates: Float[Array, "candidate state action rank"],
    *,
    budget: Scalar,
    ridge: Scalar,
    radii: int = 3,
    angles: int = 16,
) -> JointPlan:
    """Maximise the optimistic value over representations, heads of both stages and first actions.

    Args:
      counts: what has been seen.
      start: first states.
      candidates: Phi.
      budget: squared radius of each stage's joint confidence set.
      ridge: lam.
      radii, angles: polar grid of the second stage's heads.
    """
    tasks, _, states, actions = counts.rewards.shape
    count = candidates.shape[0]
    phi = candidates.reshape(count, states * actions, 2)
    visits = jnp.sum(counts.transitions, axis=-1).reshape(tasks, 2, -1)
    rewards = counts.rewards.reshape(tasks, 2, -1)
    grid = disk(radii, angles)
    points = jnp.asarray(grid, phi.dtype)
    combos = within_budget(grid, tasks)
    plays = np.array(list(itertools.product(range(actions), repeat=tasks)))  # (choice, task)

    # Stage 2: centres, slack, heads on the grid and their values.
    last = fit_cells(phi, visits[:, 1], rewards[:, 1], ridge)
    losses = jnp.sum(last.misfit, axis=1)
    slack = budget - (losses - jnp.min(losses))  # (q,)
    gram = jnp.einsum("qck,mc,qcl->qmkl", phi, visits[:, 1], phi) + ridge * jnp.eye(2, dtype=phi.dtype)
    root = jnp.linalg.cholesky(elimination.inverse(gram))  # Lam^-1 = L L^T
    moves = jnp.sqrt(jnp.maximum(slack, 0.0))[:, None, None, None] * jnp.einsum("qmkl,gl->qmgk", root, points)
    q_second = last.values[:, :, None] + jnp.einsum("qck,qmgk->qmgc", phi, moves)
    q_second = q_second.reshape(count, tasks, len(grid), states, actions)
    value = jnp.clip(jnp.max(q_second, axis=-1), 0.0, 1.0)  # (q, task, g, state)

    # Stage 1: fit the backed-up targets of every (q, g) on every phi_p.
    totals = rewards[:, 0] + jnp.einsum("mcn,qmgn->qgmc", counts.transitions[:, 0].reshape(tasks, -1, states), value)
    first = jax.vmap(jax.vmap(lambda y: fit_cells(phi, visits[:, 0], y, ridge)))(totals)  # batch (q, g, p, task)
    here = start[:, None] * actions + jnp.arange(
        actions, dtype=start.dtype
    )  # cells of the start states, (task, action)
    task = jnp.arange(tasks)[:, None]
    u = first.values[:, :, :, task, here]  # (q, g, p, task, action)
    squares = first.squares[0, 0][:, task, here]  # (p, task, action): no dependence on the targets

    # Joint choice: sums over tasks of the entries picked by every combination and every choice of actions.
    misfit = sum(first.misfit[..., i][:, combos[:, i]] for i in range(tasks))  # (q, combo, p)
    allowance = budget - (misfit - jnp.min(misfit, axis=2, keepdims=True))
    picked = sum(u[:, combos[:, i]][:, :, :, i][..., plays[:, i]] for i in range(tasks))  # (q, combo, p, choice)
    spread = sum(squares[:, i][:, plays[:, i]] for i in range(tasks))  # (p, choice)
    total = picked + jnp.sqrt(jnp.maximum(allowance, 0.0)[..., None] * spread)
    alive = (allowance >= 0.0) & (slack >= 0.0)[:, None, None]
    total = jnp.where(alive[..., None], total, -jnp.inf)
    best = jnp.unravel_index(jnp.argmax(total), total.shape)
    q, combo, p, choice = best
    heads = jnp.asarray(combos)[combo]  # grid point of every task
    second = jnp.argmax(q_second[q, jnp.arange(tasks), heads], axis=-1).astype(jnp.int32)
    chosen = jnp.asarray(plays)[choice].astype(jnp.int32)
    return JointPlan(jnp.max(total), chosen, second, jnp.stack([p, q]).astype(jnp.int32))


def eleanor(*, budget: Scalar = 0.1, ridge: Scalar = 0.1, radii: int = 3, angles: int = 16) -> Algorithm:
    """The jointly optimistic choice on the view's class, for H = 2 and k = 2.

    Args:
      budget: squared radius of each stage's joint confidence set.
      ridge: lam.
      radii, angles: polar grid of the second stage's heads (static); the search takes `(1 + radii angles)^M` combinations.

    Raises:
      BadInput: budget < 0, ridge <= 0, radii or angles < 1; in `init`, H or k is not 2, or the search is too large.
    """
    check_nonnegative(budget=budget, hint="0 allows the best fit alone")
    check_positive(ridge=ridge)
    check_whole(radii=radii, angles=angles)

    def init(key, view):
        (tasks,), (stages,) = view.start.shape, view.returns.shape
        candidates, _, actions, rank = view.candidates.shape
        if stages != 2 or rank != 2:
            raise BadInput(
                f"exact joint optimisation got H = {stages} and k = {rank}, but handles H = 2 and k = 2 only; use multitask LSVI"
            )
        work = candidates**2 * (1 + radii * angles) ** tasks * actions**tasks
        if work > _LARGEST:
            raise BadInput(
                f"exact joint optimisation got {tasks} tasks, {actions} actions, {candidates} candidates, {1 + radii * angles} points, "
                f"about {work:.0e} combinations a round, but handles {_LARGEST:.0e}; lower radii or angles, or use multitask LSVI"
            )
        return no_counts(view)

    def plan(counts, view):
        return joint_plan(counts, view.start, view.candidates, budget=budget, ridge=ridge, radii=radii, angles=angles)

    def select(key, counts, view):
        found = plan(counts, view)
        # Only the start state's action matters at the first stage.
        first = jnp.broadcast_to(found.actions[:, None], found.policy.shape)
        return jnp.stack([first, found.policy], axis=1)

    def update(key, counts, view, action, feedback):
        value = plan(counts, view).value
        tasks = view.start.shape[0]
        info = Info(jnp.full(tasks, value / tasks, value.dtype), jnp.ones((tasks, 2), value.dtype))
        return add(counts, feedback), info

    return Algorithm(init, select, update)
