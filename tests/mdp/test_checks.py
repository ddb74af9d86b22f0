import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import checks
from mtrl.mdp.problem import assemble
from mtrl.numerics.errors import BadInput
from tests.mdp.worlds import small

GOOD = dict(tasks=2, stages=3, states=4, actions=2, rank=2, width=8)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(tasks=0), r"tasks \(M\) got 0"),
        (dict(stages=0), r"stages \(H\) got 0"),
        (dict(rank=0), r"rank \(k\) got 0"),
        (dict(rank=9), r"between 1 and the width 8"),
        (dict(actions=1), r"actions \(A\) got 1"),
        (dict(states=0), "states got 0"),
        (dict(candidates=0), "candidates 0"),
    ],
)
def test_sizes(change, message):
    checks.check_sizes(**GOOD)
    with pytest.raises(BadInput, match=message):
        checks.check_sizes(**{**GOOD, **change})


@pytest.mark.parametrize("value", [-0.1, float("nan"), [0.1, -1.0]])
def test_radius(value):
    checks.check_radius(beta=0.0, conf=[0.1, 0.2])
    with pytest.raises(BadInput, match="beta got"):
        checks.check_radius(beta=value)


def test_ridge():
    checks.check_ridge(0.1)
    with pytest.raises(BadInput, match="ridge"):
        checks.check_ridge(0.0)


def test_transition_rows():
    checks.check_probabilities("mu", [[0.5, 0.5]])
    with pytest.raises(BadInput, match=r"mu has a row that sums to 0\.9"):
        checks.check_probabilities("mu", [[0.5, 0.4]])
    with pytest.raises(BadInput, match=r"phi has the entry -0\.1"):
        checks.check_probabilities("phi", [[1.1, -0.1]])
    with pytest.raises(BadInput, match="finite"):
        checks.check_probabilities("phi", [[np.nan, 1.0]])


def test_problem_of_ones_own():
    params = small(0)
    checks.check_problem(params)
    parts = (params.known.candidates, params.truth, params.measures, params.weights)
    for i, message in ((0, "phi"), (2, "mu")):
        broken = list(parts)
        broken[i] = parts[i] * 0.9
        with pytest.raises(BadInput, match=f"{message}.* sums to 0.9"):
            checks.check_problem(assemble(*broken))
    with pytest.raises(BadInput, match="negative"):
        checks.check_problem(assemble(parts[0], parts[1], parts[2] - 0.5, parts[3]))
    with pytest.raises(BadInput, match=r"mean rewards span .* must lie in \[0, 1\]"):
        checks.check_problem(assemble(parts[0], parts[1], parts[2], 3 * parts[3]))
    with pytest.raises(BadInput, match="nu has shape"):
        checks.check_problem(params._replace(weights=params.weights[:2]))


def test_norms_above_the_declared_bounds_warn():
    with pytest.warns(UserWarning, match="parameter norm reaches 5"):
        checks.check_bounds([[1.0, 0.0]], [[3.0, 4.0]], head_bound=2.0)
    with pytest.warns(UserWarning, match="feature norm reaches 2, above the declared bound 1"):
        checks.check_bounds([[2.0, 0.0]], [[0.0, 1.0]], head_bound=2.0)


def test_task_axes_must_fit():
    checks.check_tasks(np.zeros((2, 3, 4, 2)), np.zeros((2, 3, 4, 2, 4)))
    with pytest.raises(BadInput, match="does not fit counts"):
        checks.check_tasks(np.zeros((3, 3, 4, 2)), np.zeros((2, 3, 4, 2, 4)))


def test_teams():
    checks.check_teams(2, 8)
    for teams in (0, 3):
        with pytest.raises(BadInput, match="does not divide 8 tasks"):
            checks.check_teams(teams, 8)


def test_refit_period():
    checks.check_refit(5, 6)
    with pytest.raises(BadInput, match="never be fitted"):
        checks.check_refit(10, 10)
    with pytest.raises(BadInput, match="at least 1"):
        checks.check_refit(0, 10)


def test_choice_lists_the_known_ones():
    with pytest.raises(BadInput, match="last_layer, gradient, optimistic_net"):
        checks.check_choice("bonus", "ucb", ("last_layer", "gradient", "optimistic_net"))


def test_empty_set_of_survivors_names_residual_and_radius():
    checks.check_survivors(jnp.array([0.1, 3.0]), 0.2)
    with pytest.raises(BadInput, match=r"smallest residual is 0\.5 and beta is 0\.2"):
        checks.check_survivors([0.5, 0.7], 0.2)
    with pytest.raises(BadInput, match="survives"):
        checks.check_survivors([float("nan")], 0.2)
