"""The library under JAX's own debugging: no key is used twice, and no NaN appears that was not put there."""

import functools

import jax
import pytest

from tests.contract.test_contract import CASES, drawn, three_keys
from tests.reliability.conftest import suite

pytestmark = pytest.mark.reliability


def reused(case):
    """What JAX says of a key that the algorithm of a row uses twice, "" where it uses every key once."""
    arrays = jax.tree.map(lambda x: x[0], drawn(case.example))
    call = functools.partial(case.call, **case.hyper, **case.static)
    jax.config.update("jax_debug_key_reuse", True)
    try:
        jax.jit(call).trace(three_keys()[0], *arrays)
    except jax.errors.KeyReuseError as error:
        return str(error)
    finally:
        jax.config.update("jax_debug_key_reuse", False)
    return ""


def test_no_key_is_used_twice(say):
    """Every algorithm of the contract table, traced with jax_debug_key_reuse."""
    twice = {case.name: reused(case) for case in CASES}
    found = {name: words for name, words in twice.items() if words}
    assert not found, found
    say(f"{len(twice)} algorithms, no key used twice")


WINGS = [
    "tests/numerics/test_low_rank.py",
    "tests/nn/test_samplers.py",
    "tests/descent/test_noise.py",
    "tests/bandits/regret/test_e2tc.py",
    "tests/bandits/exploration/test_recover.py",
    "tests/bandits/off_policy/test_empirical_bayes.py",
    "tests/mdp/linear/test_mtlr_lsvi.py",
    "tests/mdp/psr/test_umt_psr.py",
    "tests/random_matrix/test_problem.py",
    "tests/representation/active",
    "tests/representation/test_tasks.py",
    "tests/continual/test_perceptron.py",
    "tests/dynamics/test_rollout.py",
    "tests/dynamics/gradient_noise/test_network.py",
    "tests/forecasting/test_training.py",
    "tests/optimization/test_fs_mtl.py",
    "tests/harness/test_driver.py",
]
# Tests in which NaN is meant: what is put in shows, a fit says that the data do not determine it, a history is empty after the stop.
MEANT = [
    "test_nan_is_not_converged",
    "test_nan_is_never_taken_for_uniform",
    "test_relevance_that_is_not_finite_is_refused_or_buys_nothing",
    "test_not_finite_heads_have_no_relevance",
    "test_fits_take_lists_and_name_what_is_wrong",
    "test_stops_after_patience_and_keeps_the_best_epoch",
    "test_learns_and_the_penalty_shrinks_what_it_names",
]


def test_no_nan_appears(say):
    """A test file of every wing under jax_debug_nans, without the tests that plant NaN or in which it says that there is nothing."""
    passed, failed, words = suite(*WINGS, "-k", " and ".join(f"not {name}" for name in MEANT), JAX_DEBUG_NANS="1")
    assert not failed and passed > 100, words
    say(f"{passed} tests of {len(WINGS)} files, no NaN; {len(MEANT)} tests left out by name, in which it is meant")
