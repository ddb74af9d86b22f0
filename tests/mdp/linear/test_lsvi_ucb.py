import numpy as np
import pytest

from mtrl.mdp.linear.known_representation import known_representation
from mtrl.mdp.linear.lsvi_ucb import lsvi_ucb, plan_with_features
from mtrl.mdp.linear.tabular import tabular
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close
from tests.mdp.linear.worlds import RETURNS, explored, run, small, steps


def reference(counts, features, beta, ridge):
    """LSVI-UCB as printed: one row per observed transition, one stage and task at a time."""
    tasks, stages, states, actions, _ = counts.transitions.shape
    q = np.zeros((tasks, stages, states, actions))
    for i in range(tasks):
        value = np.zeros(states)
        for h in reversed(range(stages)):
            rows, targets = [], []
            for s, a, n in np.ndindex(states, actions, states):
                for _ in range(int(counts.transitions[i, h, s, a, n])):
                    visits = counts.transitions[i, h, s, a].sum()
                    rows.append(features[h, s, a])
                    targets.append(counts.rewards[i, h, s, a] / visits + value[n])
            x, y = np.array(rows), np.array(targets)
            gram = x.T @ x + ridge * np.eye(x.shape[1])
            w = np.linalg.solve(gram, x.T @ y)
            bonus = np.sqrt(np.einsum("sak,kl,sal->sa", features[h], np.linalg.inv(gram), features[h]))
            q[i, h] = np.clip(features[h] @ w + beta * bonus, 0, stages - h)
            value = q[i, h].max(-1)
    return q


def test_plan_is_the_algorithm_as_printed():
    params, counts = small(0), explored()
    features = params.features
    ours = plan_with_features(counts, RETURNS, features, beta=0.3, ridge=0.5)
    assert_close("LSVI-UCB", ours.q, reference(counts, np.asarray(features), 0.3, 0.5), 1e-10)
    assert np.array_equal(ours.policy, np.argmax(ours.q, -1))


def test_the_default_inputs_are_the_one_hot_code():
    """Both algorithms, stepping on the same episodes, take the same path."""
    _, ours = steps(lsvi_ucb(beta=0.3, ridge=0.5), small(0), 4)
    _, closed = steps(tabular(beta=0.3, ridge=0.5), small(0), 4)
    for a, b in zip(ours, closed, strict=True):
        assert_close("regret along the run", a.regret, b.regret, 1e-9)
        assert_close("optimism along the run", a.optimism, b.optimism, 1e-9)


def test_known_representation_learns():
    info, _ = run(known_representation, noise=0.0, beta=0.3, ridge=0.1)
    assert np.all(info.regret >= -1e-12)
    assert info.regret[:, -10:].mean() < 0.5 * info.regret[:, :10].mean()


def test_refuses_constants_that_cannot_be_meant():
    for factory in (lsvi_ucb, tabular, known_representation):
        for bad, message in (
            (dict(beta=-0.1), "beta got -0.1"),
            (dict(beta=np.nan), "beta got nan"),
            (dict(ridge=0.0), "ridge got 0"),
        ):
            with pytest.raises(BadInput, match=message):
                factory(**bad)
