import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import baselines as rules
from mtrl.random_matrix.classification import theory
from tests.helpers import assert_close

COUNTS = jnp.array([[200, 200], [20, 20]])
GAMMA, LAM = jnp.ones(2), 10.0


@jax.jit
def errors(beta):
    """Target errors of every rule in the setting p = 100, |dmu| = 2, gamma = 1, lam = 10."""
    gram = 4 * jnp.array([[1.0, 0.0], [0.0, 1.0]]) + 4 * beta * jnp.array([[0.0, 1.0], [1.0, 0.0]])

    def eq(B):
        return theory.score_equivalent(theory.mean_gram(gram, COUNTS), COUNTS, B, dim=100)

    joint = eq(coupling(GAMMA, LAM))
    return {
        "classical": rules.apply_rule(joint, COUNTS, "classical").error[1],
        "midpoint": rules.apply_rule(joint, COUNTS, "midpoint").error[1],
        "optimal": rules.apply_rule(joint, COUNTS, "optimal", target=1).error[1],
        "pooled": rules.apply_rule(eq(rules.pooled_coupling(LAM, 2)), COUNTS, "midpoint").error[1],
        "single": rules.apply_rule(eq(rules.single_task_coupling(1.0, 2)), COUNTS, "midpoint").error[1],
        "single, weak": rules.apply_rule(eq(rules.single_task_coupling(1e-3, 2)), COUNTS, "midpoint").error[1],
    }


@pytest.mark.parametrize(
    ("beta", "signed", "optimal"),
    [
        (-1.0, 0.6198, 0.2175),
        (-0.5, 0.4928, 0.2827),
        (0.0, 0.3880, 0.3065),
        (0.5, 0.2978, 0.2827),
        (0.75, 0.2568, 0.2546),
        (1.0, 0.2182, 0.2175),
    ],
)
def test_reference_table(beta, signed, optimal):
    found = errors(beta)
    assert_close("+-1 labels", found["classical"], signed, atol=5.1e-5, rtol=0)
    assert_close(
        "+-1 labels at the mid-point (equal classes: the same)", found["midpoint"], signed, atol=5.1e-5, rtol=0
    )
    assert_close("optimal labels", found["optimal"], optimal, atol=5.1e-5, rtol=0)
    assert_close("single task, gamma tuned", found["single, weak"], 0.2965, atol=5.1e-5, rtol=0)
    assert found["optimal"] <= found["midpoint"] + 1e-12


def test_pooling_is_the_limit_of_small_gamma():
    gram = 4 * jnp.array([[1.0, 0.3], [0.3, 1.0]])

    @jax.jit
    def error(B):
        eq = theory.score_equivalent(theory.mean_gram(gram, COUNTS), COUNTS, B, dim=100)
        return rules.apply_rule(eq, COUNTS, "midpoint").error[1]

    pooled = error(rules.pooled_coupling(LAM, 2))
    assert_close("gamma = 1e-7", error(coupling(1e-7 * GAMMA, LAM)), pooled, 1e-6)
    assert abs(float(error(coupling(GAMMA, LAM)) - pooled)) > 1e-3


def test_threshold_zero_hurts_unequal_classes():
    counts = jnp.array([[60, 90], [30, 10]])
    gram = 6.25 * jnp.array([[1.0, 0.8], [0.8, 1.0]])

    @jax.jit
    def both():
        eq = theory.score_equivalent(theory.mean_gram(gram, counts), counts, coupling(GAMMA, 2.0), dim=100)
        middle = rules.apply_rule(eq, counts, "midpoint")
        return rules.apply_rule(eq, counts, "classical"), middle, rules.with_labels(eq, middle.ytil)

    zero, middle, given = both()
    assert np.all(np.asarray(zero.error) > np.asarray(middle.error))
    assert_close("same labels", zero.ytil, middle.ytil)
    assert_close("given labels", given.error, middle.error, 1e-12)
