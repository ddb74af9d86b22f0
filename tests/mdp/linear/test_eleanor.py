import itertools

import jax
import numpy as np
import pytest
from scipy.optimize import minimize

from mtrl.mdp.linear.eleanor import disk, eleanor, joint_plan, within_budget
from mtrl.mdp.linear.planning import Counts
from mtrl.mdp.linear.problem import finite_view, view
from mtrl.numerics.errors import BadInput
from tests.helpers import compiled, host
from tests.mdp.linear.worlds import small

BUDGET, RIDGE = 0.2, 0.3
PLAN = compiled(joint_plan, "radii", "angles")


def optimum(counts, start, candidates, seeds):
    """The joint problem by constrained optimisation from many starts, for every pair of representations and every first action."""
    rng = np.random.default_rng(0)
    tasks, _, states, actions, _ = counts.transitions.shape
    phi = candidates.reshape(len(candidates), -1, 2)
    n = counts.transitions.sum(-1).reshape(tasks, 2, -1)
    r = counts.rewards.reshape(tasks, 2, -1)

    def ridge(p, h, totals):
        gram = np.einsum("ck,mc,cl->mkl", phi[p], n[:, h], phi[p]) + RIDGE * np.eye(2)
        centre = np.stack([np.linalg.solve(g, phi[p].T @ y) for g, y in zip(gram, totals, strict=True)])
        misfit = (n[:, h] * (totals / np.maximum(n[:, h], 1) - centre @ phi[p].T) ** 2).sum()
        return gram, centre, misfit

    last = [ridge(q, 1, r[:, 1]) for q in range(len(phi))]
    best = -np.inf
    for q in range(len(phi)):
        gram, centre, misfit = last[q]
        slack = BUDGET - (misfit - min(x[2] for x in last))
        if slack < 0:
            continue
        root = np.stack([np.linalg.cholesky(np.linalg.inv(g)) for g in gram]) * np.sqrt(slack)
        for p, plays in itertools.product(range(len(phi)), itertools.product(range(actions), repeat=tasks)):

            def value(u, q=q, p=p, plays=plays, centre=centre, root=root):
                theta = centre + np.einsum("mkl,ml->mk", root, u.reshape(tasks, 2))
                following = np.clip((theta @ phi[q].T).reshape(tasks, states, actions).max(-1), 0, 1)
                totals = r[:, 0] + np.einsum(
                    "mcn,mn->mc", counts.transitions[:, 0].reshape(tasks, -1, states), following
                )
                fits = [ridge(k, 0, totals) for k in range(len(phi))]
                allowance = BUDGET - (fits[p][2] - min(x[2] for x in fits))
                x = phi[p][[start[i] * actions + plays[i] for i in range(tasks)]]
                width = sum(x[i] @ np.linalg.solve(fits[p][0][i], x[i]) for i in range(tasks))
                total = (x * fits[p][1]).sum()
                return total + np.sqrt(
                    max(allowance, 0.0) * width
                ) if allowance >= 0 else total + 10 * allowance, allowance

            for _ in range(seeds):
                u = rng.normal(size=2 * tasks)
                u *= rng.uniform() ** 0.5 / np.linalg.norm(u)
                constraint = {"type": "ineq", "fun": lambda u: 1 - u @ u}
                found = minimize(
                    lambda u: -value(u)[0], u, method="SLSQP", constraints=constraint, options={"maxiter": 40}
                )
                u = found.x / max(1.0, np.linalg.norm(found.x))
                total, allowance = value(u)
                best = max(best, total) if allowance >= 0 else best
    return best


@pytest.fixture(scope="module")
def counts():
    """A few visits of a tiny world with rewards near its means."""
    rng = np.random.default_rng(4)
    params = host(small(5, tasks=1, stages=2, states=3, candidates=2))
    visits = rng.integers(0, 3, (1, 2, 3, 2))
    table = np.zeros((1, 2, 3, 2, 3))
    for index in np.ndindex(visits.shape):
        table[index] = rng.multinomial(visits[index], params.transitions[index])
    return params, Counts(table, visits.astype(float) * params.rewards)


def test_value_is_close_to_and_never_above_the_optimum(counts):
    params, seen = counts
    start = np.array([1], np.int32)
    best = optimum(seen, [1], params.candidates, 6)
    ours = float(PLAN(seen, start, params.candidates, budget=BUDGET, ridge=RIDGE, radii=6, angles=48).value)
    coarse = float(PLAN(seen, start, params.candidates, budget=BUDGET, ridge=RIDGE).value)
    print(f"joint optimum {best:.5f}, grid {ours:.5f}, coarse grid {coarse:.5f}")
    assert ours <= best + 1e-6 and coarse <= best + 1e-6
    assert ours >= best - 0.01 * abs(best) and coarse >= best - 0.05 * abs(best)


def test_grid_shares_the_budget_between_tasks():
    points = disk(3, 8)
    combos = within_budget(points, 2)
    energy = (points**2).sum(1)
    assert points.shape == (25, 2) and np.all(energy[combos].sum(1) <= 1 + 1e-9)
    assert len(combos) == 1 + 2 * 24 + 3 * 64  # both centres; one moves; ring pairs (1,1), (1,2), (2,1)


def test_optimistic_in_the_budget(counts):
    params, seen = counts
    values = [
        float(PLAN(seen, np.array([0], np.int32), params.candidates, budget=b, ridge=RIDGE).value)
        for b in (0.0, 0.1, 0.4)
    ]
    assert values[0] < values[1] < values[2]


def test_refuses_what_it_cannot_search():
    tiny = finite_view(tasks=5, stages=2, states=4, actions=2, candidates=small(0).candidates)
    with pytest.raises(BadInput, match="H = 3 and k = 2, but handles H = 2"):
        eleanor().init(jax.random.key(0), view(small(0)))
    with pytest.raises(BadInput, match="combinations a round"):
        eleanor().init(jax.random.key(0), tiny)
    assert eleanor(radii=1, angles=2).init(jax.random.key(0), tiny), "a coarser grid is searched"
