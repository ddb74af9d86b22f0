"""The suite under JAX's own debugging: no key is used twice, and no NaN appears that was not put there."""

import pytest

pytestmark = pytest.mark.reliability
WINGS = [
    "tests/numerics/test_low_rank.py",
    "tests/nn/test_samplers.py",
    "tests/descent/test_noise.py",
    "tests/bandits/test_play.py",
    "tests/bandits/regret/test_e2tc.py",
    "tests/bandits/test_problem.py",
    "tests/mdp/linear/test_problem.py",
    "tests/mdp/psr",
    "tests/random_matrix/test_problem.py",
    "tests/representation/active",
    "tests/continual/test_problem.py",
    "tests/dynamics/test_rollout.py",
    "tests/dynamics/gradient_noise",
    "tests/forecasting/test_windows.py",
    "tests/optimization",
    "tests/harness/test_driver.py",
]
