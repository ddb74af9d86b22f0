import jax
import jax.numpy as jnp

from mtrl.descent import mean, weightings
from mtrl.optimization import igb_v2, weighted
from tests.helpers import assert_close

ROWS = {"a": jnp.array([[3.0, 4.0], [0.0, 2.0]]), "b": jnp.array([1.0, -1.0])}
LOSSES = jnp.array([2.0, 0.5])


def test_weighted_sum_and_aggregate():
    """The geometric mean weighs by GLS / (T L): alone, and before another aggregator."""
    w = jnp.sqrt(1.0) / (2 * LOSSES)
    for rule, factor in (
        (weighted(weightings.gls(tasks=2)), 1.0),
        (weighted(weightings.gls(tasks=2), mean(tasks=2)), 0.5),
    ):
        got, _ = rule.update(ROWS, rule.init(None), losses=LOSSES)
        assert_close("a", got["a"], factor * w @ ROWS["a"], 1e-12)
        assert_close("b", got["b"], factor * w @ ROWS["b"], 1e-12)


def test_norms_reach_gradnorm():
    rule = weighted(weightings.gradnorm(tasks=2))
    _, state = rule.update(ROWS, rule.init(None), losses=LOSSES)
    found = weightings.gradnorm(tasks=2)
    _, direct = found.update(LOSSES, found.init(), norms=jnp.sqrt(jnp.array([26.0, 5.0])))
    assert_close("v", state[0].v, direct.v, 1e-12)


def test_second_version_of_igb_by_epochs():
    """Ones through the base epoch, then weights of the logarithms that sum to T; the agent learns from the fourth epoch on."""
    rule = igb_v2(tasks=2, steps_per_epoch=4, hidden=4, capacity=10, batch=4, every=4)

    def step(state, _):
        weights, state = rule.update(LOSSES, state)
        return state, (weights * LOSSES, state[0].temperature)

    state, (weights, heat) = jax.jit(lambda: jax.lax.scan(step, rule.init(), length=24))()
    assert_close("ones", weights[:8], jnp.ones((8, 2)), 1e-12)
    assert_close("sum", weights.sum(1), jnp.full(24, 2.0), 1e-12)
    assert_close("base", state[3] / 4, LOSSES, 1e-12)
    assert float(jnp.ptp(heat[:15])) == 0 and len(set(heat[15:].tolist())) == 3
