import itertools

import jax
import numpy as np
import pytest

from mtrl.mdp.linear.multitask_lsvi import multitask_lsvi, plan_with_class, survivors
from mtrl.mdp.linear.planning import Counts
from mtrl.mdp.linear.ridge import fit_cells
from mtrl.numerics.errors import BadInput
from mtrl.numerics.independent import independent
from tests.helpers import assert_close, compiled, host
from tests.mdp.linear.worlds import OWN, RETURNS, ROUNDS, SHARED, explored, lsvi, small, steps

HYPER = dict(beta=0.2, conf=0.05, ridge=0.1)
PLAN, FIT, SURVIVORS = compiled(plan_with_class), compiled(fit_cells), compiled(survivors, "rank")


def reference(counts, candidates, teams, beta, conf, ridge):
    """The algorithm stage by stage, with loops."""
    tasks, stages, states, actions, _ = counts.transitions.shape
    count, rank = candidates.shape[0], candidates.shape[-1]
    phi = candidates.reshape(count, -1, rank)
    value, q, number = np.zeros((tasks, states)), np.zeros((tasks, stages, states, actions)), np.zeros((stages, tasks))
    for h in reversed(range(stages)):
        promise, misfit = np.zeros((count, tasks, states * actions)), np.zeros((count, tasks))
        for p, i in itertools.product(range(count), range(tasks)):
            n = counts.transitions[i, h].sum(-1).ravel()
            y = (counts.rewards[i, h] + counts.transitions[i, h] @ value[i]).ravel()
            inverse = np.linalg.inv((phi[p].T * n) @ phi[p] + ridge * np.eye(rank))
            fitted = phi[p] @ inverse @ phi[p].T @ y
            misfit[p, i] = (n * (y / np.maximum(n, 1) - fitted) ** 2).sum()
            promise[p, i] = fitted + beta * np.sqrt(np.einsum("ck,kl,cl->c", phi[p], inverse, phi[p]))
        for i in range(tasks):
            team = np.flatnonzero(teams == teams[i])
            pooled = misfit[:, team].sum(1)
            kept = pooled <= pooled.min() + conf * (team.size * rank + np.log(count))
            number[h, i] = kept.sum()
            q[i, h] = np.clip(promise[kept, i].max(0).reshape(states, actions), 0, stages - h)
        value = q[:, h].max(-1)
    return q, number


def test_plan_is_the_algorithm_as_written():
    counts, candidates = host(explored()), np.asarray(small(0).candidates)
    for teams in (SHARED, OWN, np.array([0, 1, 0], np.int32)):
        ours = PLAN(counts, RETURNS, candidates, teams, **HYPER)
        q, number = reference(counts, candidates, teams, **HYPER)
        assert_close("multitask LSVI", ours.q, q, 1e-10)
        assert np.array_equal(ours.survivors, number)
    assert number.min() < candidates.shape[0], "the set must have bite for this test"


def test_a_class_of_one_makes_shared_and_independent_coincide_exactly():
    params = small(0, candidates=1)
    states, shared = steps(multitask_lsvi(teams=SHARED, **HYPER), params, 6)
    others, own = steps(multitask_lsvi(teams=OWN, **HYPER), params, 6)
    for a, b in zip(jax.tree.leaves((states, shared)), jax.tree.leaves((others, own)), strict=True):
        assert np.array_equal(a, b)


def test_teams_of_one_are_independent_copies():
    """`independent` makes M learners of one task each; here they also share the class, which is not a task's own."""
    _, teams = steps(multitask_lsvi(teams=OWN, **HYPER), small(0), 4)
    _, copies = steps(independent(multitask_lsvi)(**HYPER), small(0), 4)
    for a, b in zip(jax.tree.leaves(teams), jax.tree.leaves(copies), strict=True):
        assert_close("M copies with M = 1", a, b, 1e-9, 1e-12)


def test_renaming_the_tasks_renames_the_plan():
    counts, phi = host(explored()), small(0).candidates
    order = np.array([2, 0, 1])
    plain = PLAN(counts, RETURNS, phi, SHARED, **HYPER)
    moved = PLAN(Counts(*(x[order] for x in counts)), RETURNS, phi, SHARED, **HYPER)
    assert_close("task order", moved.q, plain.q[order], 1e-12)
    assert np.array_equal(moved.survivors, plain.survivors[:, order])


def test_rotating_one_candidate_changes_nothing():
    counts, phi = explored(), np.asarray(small(0).candidates)
    angle = 0.7
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    other = np.where(np.arange(4).reshape(4, 1, 1, 1) == 1, phi @ rotation, phi)
    plain = PLAN(counts, RETURNS, phi, SHARED, **HYPER)
    turned = PLAN(counts, RETURNS, other, SHARED, **HYPER)
    assert_close("rotated candidate", turned.q, plain.q, 1e-10)
    assert np.array_equal(turned.survivors, plain.survivors)


def test_duplicating_every_task_doubles_the_loss_and_keeps_the_choice():
    counts, phi = host(explored()), np.asarray(small(0).candidates).reshape(4, -1, 2)
    visits, totals = counts.transitions[:, 2].sum(-1).reshape(3, -1), counts.rewards[:, 2].reshape(3, -1)
    once = FIT(phi, visits, totals, 0.1).misfit.sum(1)
    twice = FIT(phi, np.tile(visits, (2, 1)), np.tile(totals, (2, 1)), 0.1).misfit.sum(1)
    assert_close("duplicated tasks", twice, 2 * once, 1e-12)
    assert np.argmin(once) == np.argmin(twice)


def test_the_truth_survives_without_noise_in_the_last_stage():
    """Rewards without noise: the true phi fits up to the ridge, and the set keeps it in every run."""
    params, counts = host(small(0, noise=0.0)), host(explored())
    exact = Counts(counts.transitions, counts.transitions.sum(-1) * params.rewards)
    misfit = FIT(params.candidates.reshape(4, -1, 2), exact.transitions[:, 2].sum(-1).reshape(3, -1),
                 exact.rewards[:, 2].reshape(3, -1), 1e-9).misfit.sum(1)  # fmt: skip
    truth = int(params.truth[2])
    assert misfit[truth] < 1e-9 and np.argmin(misfit) == truth


def test_regret_is_never_negative_and_learning_helps():
    info, state = lsvi(noise=0.0)
    assert np.all(info.regret >= -1e-12)
    assert info.regret[:, -10:].mean() < 0.5 * info.regret[:, :10].mean()
    assert not np.allclose(info.optimism, lsvi(teams=OWN, noise=0.0)[0].optimism), "sharing changes the run"
    assert np.all(state.counts.transitions.sum((1, 2, 3, 4, 5)) == 3 * 3 * ROUNDS)


MISFIT = np.array([[0.0, 1.0, 5.0], [0.3, 0.2, 5.0], [4.0, 4.0, 4.0]])  # (candidate, task)


def test_one_team_pays_for_the_class_once():
    budget = 0.1 * (3 * 2 + np.log(3))  # pooled misfits 6, 5.5, 12: the first two are within .71
    kept = SURVIVORS(MISFIT, np.zeros(3, np.int32), conf=0.1, rank=2)
    assert budget > 0.5
    assert np.array_equal(kept, [[True] * 3, [True] * 3, [False] * 3])


def test_teams_of_one_decide_alone():
    kept = SURVIVORS(MISFIT, np.arange(3, dtype=np.int32), conf=0.1, rank=2)  # budget .31
    assert np.array_equal(kept, [[True, False, False], [True, True, False], [False, False, True]])


def test_never_empty_and_single_keeps_the_first_minimum():
    tied = np.zeros((4, 2))
    assert np.array_equal(SURVIVORS(tied, np.zeros(2, np.int32), conf=0.0, rank=2), np.ones((4, 2), bool))
    single = SURVIVORS(tied, np.zeros(2, np.int32), conf=0.0, rank=2, single=True)
    assert np.array_equal(single.sum(0), [1, 1]) and bool(single[0].all())


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(beta=-0.1), "beta got -0.1"),
        (dict(conf=np.nan), "conf got nan"),
        (dict(ridge=0), "ridge got 0"),
        (dict(teams=(0, -1)), "teams got -1"),
    ],
)
def test_refuses_constants_that_cannot_be_meant(bad, message):
    with pytest.raises(BadInput, match=message):
        multitask_lsvi(**bad)
