import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp import psr
from mtrl.mdp.psr import POMDP
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, compiled, host

sample = jax.jit(psr.sample, static_argnames=("states", "actions", "observations"))
table_of, psr_table = compiled(psr.trajectory_table, "horizon"), compiled(psr.psr_table, "horizon")
from_pomdp, core_tests = compiled(psr.from_pomdp, "test_length"), compiled(psr.core_tests, "test_length")
numerical_rank, conditioning = compiled(psr.numerical_rank), compiled(psr.conditioning)
from_moments = compiled(psr.from_moments, "rank")


def models(states, observations, seed=0):
    return host(sample(jax.random.key(seed), states=states, actions=2, observations=observations))


def test_operators_give_the_law_of_every_trajectory():
    model = models(3, 4)
    made = from_pomdp(model)
    table = table_of(model, horizon=4)
    assert_close("operators", psr_table(made, horizon=4), table, 1e-12)
    assert_close("phi", made.normaliser, np.ones(4), 1e-15)
    sums = np.einsum("o,roas,sz->az", np.ones(4), np.moveaxis(made.operators, 2, 1), model.emissions)
    assert_close("1' sum_o M(o,a) E = 1' E", sums, np.ones((2, 3)), 1e-12)


def test_longer_tests_where_observations_are_fewer_than_states():
    model = models(4, 2, seed=1)
    u = core_tests(model, test_length=3)
    assert numerical_rank(core_tests(model)) == 2
    assert numerical_rank(u) == 4
    assert u.shape == (2 * 2 * 2 * 2 * 2, 4)
    for length in {psr.shortest_tests(POMDP(*map(jnp.asarray, model))), 3}:
        made = from_pomdp(model, test_length=length)
        assert_close("operators of longer tests", psr_table(made, horizon=4), table_of(model, horizon=4), 1e-9)
    seen, done = np.array([1, 0, 1]), np.array([0, 1, 1])
    belief = compiled(psr.beliefs)(model, seen, done)
    states = compiled(psr.predictive_states)(from_pomdp(model, test_length=3), seen, done)
    assert_close("psi = U b along a history", states, (belief / belief.sum(1, keepdims=True)) @ u.T, 1e-8)


def test_core_tests_are_rows_of_the_table():
    """The chance of a test from state s is the table of the POMDP that starts there."""
    model = models(3, 2)
    u = core_tests(model, test_length=3)
    for s in range(3):
        from_s = model._replace(initial=np.eye(3)[s])
        assert_close("core tests", u[:, s], table_of(from_s, horizon=3).ravel(), 1e-13)


def test_conditioning_bounds_gamma():
    model = models(3, 4)
    made, gamma = from_pomdp(model), conditioning(model.emissions)
    assert_close(
        "largest column sum", gamma, 1 / np.abs(np.linalg.pinv(np.asarray(model.emissions))).sum(0).max(), 1e-12
    )
    best = compiled(psr.best)
    for x in np.random.default_rng(5).normal(size=(10, 4)):
        products = psr_table(made._replace(initial=x), horizon=4)
        assert best(np.abs(products)).value <= np.abs(x).sum() / gamma


def test_blurred_emissions_are_worse_conditioned():
    emissions, blurred = models(3, 4).emissions, compiled(psr.blurred)
    bounds = [float(conditioning(blurred(emissions, s))) for s in (1.0, 0.3, 0.1)]
    assert bounds == sorted(bounds, reverse=True)
    assert_close("not blurred", blurred(emissions, 1.0), emissions, 1e-15)
    psr.check_columns(blurred=jnp.asarray(blurred(emissions, 0.3)))
    with pytest.raises(BadInput, match="sharpness got 0, but must be a finite number above 0; at 0 no test"):
        psr.blurred(jnp.asarray(emissions), 0.0)


def test_mdps_are_psrs():
    """With E = I the operators are `T_a diag(e_o)`, and the law depends on T alone."""
    t = models(3, 4).transitions
    seen = psr.pomdp(np.full(3, 1 / 3), t, np.eye(3))
    expected = np.einsum("ats,os->oats", t, np.eye(3))
    assert_close("operators of an MDP", from_pomdp(seen).operators, expected, 1e-13)
    assert compiled(psr.distance)(*[table_of(seen, horizon=3)] * 2) == 0


def test_bad_input_is_refused():
    model = POMDP(*map(jnp.asarray, models(4, 2, seed=1)))
    message = "core tests of length 1 do not determine the state: rank 2 < S = 4; increase test_length"
    with pytest.raises(BadInput, match=message):
        psr.from_pomdp(model)
    twins = psr.pomdp([0.5, 0.5], np.full((1, 2, 2), 0.5), np.full((2, 2), 0.5))
    with pytest.raises(BadInput, match="core tests up to length 3 have rank 1, but must have rank S = 2; merge"):
        psr.shortest_tests(twins, longest=3)
    with pytest.raises(BadInput, match="test_length got 0"):
        psr.core_tests(model, test_length=0)


def test_moments_give_the_operators_back():
    """With the exact law of three and of four observations, where E has rank S; ranks and horizons are checked."""
    model = models(2, 3, seed=4)
    for horizon in (3, 4):
        learned = from_moments(table_of(model, horizon=horizon), rank=2)
        assert_close("law", psr_table(learned, horizon=4), table_of(model, horizon=4), 1e-9)
    short, longer = (jnp.asarray(table_of(model, horizon=horizon)) for horizon in (2, 3))
    with pytest.raises(BadInput, match="table has 2 observations, but moments need three"):
        psr.from_moments(short, rank=2)
    with pytest.raises(BadInput, match="rank got 4, but must lie between 1 and the number of observations, 3"):
        psr.from_moments(longer, rank=4)
