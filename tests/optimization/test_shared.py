import jax
import jax.numpy as jnp
import pytest

from mtrl import nn
from mtrl import optimization as mo
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close
from tests.optimization.worlds import FIRST, MEAN, SPLIT, UNIT, WEIGHTS, X

KEY = jax.random.key(0)


def direction(rule, split=SPLIT, weights=WEIGHTS):
    return rule.update(KEY, rule.init(weights), split, weights)


def test_mean_is_the_gradient_of_the_mean_and_heads_follow_their_own():
    got, _, report = direction(mo.plain(MEAN))
    mean = jax.grad(lambda shared: SPLIT.losses(shared, WEIGHTS.heads).mean())(WEIGHTS.shared)
    own = jax.grad(lambda heads: SPLIT.losses(WEIGHTS.shared, heads).sum())(WEIGHTS.heads)
    jax.tree.map(lambda a, b: assert_close("direction", a, b, 1e-12), got, mo.Weights(mean, own))
    assert_close("losses", report.losses, SPLIT.losses(WEIGHTS.shared, WEIGHTS.heads), 1e-12)


def test_alone_is_one_tasks_gradient():
    got = direction(mo.plain(mo.alone(1)))[0]
    expected = jax.grad(lambda shared: SPLIT.losses(shared, WEIGHTS.heads)[1])(WEIGHTS.shared)
    assert_close("task 1", got.shared["w"], expected["w"], 1e-12)


def test_upper_bound_equals_the_full_jacobian_for_linear_aggregators_only():
    for rule, same in ((MEAN, True), (FIRST, True), (UNIT, False)):
        full, short = direction(mo.plain(rule))[0], direction(mo.upper_bound(rule))[0]
        error = float(jnp.abs(full.shared["w"] - short.shared["w"]).max())
        assert (error < 1e-12) == same


def test_conflict_report():
    rows = {"a": jnp.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0]]), "b": jnp.zeros((3, 1))}
    for size in (1.0, 1e-6):  # a cosine has no scale
        report = mo.shared.agreement(jnp.ones(3), jax.tree.map(lambda leaf, size=size: size * leaf, rows))
        assert_close("cosine and share", [report.cosine, report.conflicts], [-1, 1 / 3], 1e-12)
    nothing = mo.shared.agreement(jnp.ones(3), jax.tree.map(jnp.zeros_like, rows))
    assert_close("no gradient", [nothing.cosine, nothing.conflicts], [0, 0], 0, 1e-15)


def test_training_lowers_the_losses():
    """Adam on the mean, and Rep-MTL's rule."""
    for rule in (mo.plain(MEAN), mo.saliency_rule(lambda_tsr=0.1, lambda_csa=0.1)):
        learner = mo.train(rule, optimiser=nn.adam(0.02), initial=lambda key: WEIGHTS, split=lambda batch: SPLIT)
        state, reports = jax.lax.scan(
            lambda state, key, step=learner.step: step(key, state, None),
            learner.init(KEY, None),
            jax.random.split(KEY, 60),
        )
        assert float(reports.losses[-1].sum()) < 0.5 * float(reports.losses[0].sum())


def test_fit_is_the_loop_over_the_given_rows():
    def split(x):
        return mo.Split(
            lambda shared: jnp.tanh(x @ shared["w"]),
            lambda heads, z: jnp.stack([jnp.mean((z @ h["v"]) ** 2) for h in heads]),
        )

    learner = mo.train(mo.plain(MEAN), optimiser=nn.adam(0.02), initial=lambda key: WEIGHTS, split=split)
    rows = jnp.array([[0, 1], [5, 2], [7, 7]])
    found, reports = mo.fit(learner, X, rows, init=KEY, luck=KEY)
    state, losses = learner.init(KEY, None), []
    for batch in rows:
        state, report = learner.step(KEY, state, X[batch])
        losses.append(report.losses)
    jax.tree.map(lambda a, b: assert_close("weights", a, b, 1e-12), found.weights, state.weights)
    assert_close("losses", reports.losses, jnp.stack(losses), 1e-12)


def test_bad_input():
    for rule in (mo.upper_bound(MEAN), mo.saliency_rule()):
        with pytest.raises(BadInput, match="encode got None, but this rule needs the model as encoder and decoder"):
            direction(rule, mo.Split(None, SPLIT.decode))
    with pytest.raises(BadInput, match="lambda_csa got -1"):
        mo.saliency_rule(lambda_csa=-1.0)
    with pytest.raises(BadInput, match="tau got 0"):
        mo.saliency_rule(tau=0.0)
