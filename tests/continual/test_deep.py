"""The Gaussian-field rule: its written gradient, its KL references, its baselines."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl import continual
from mtrl.continual import deep
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

WIDTHS, BETA_F = (5, 4, 3), 0.8


def world(key):
    return draw(key)[0], continual.Batch(draw(key)[1], jnp.array([0, 1, 2, 0, 1, 2]))


@jax.jit
def draw(key):
    return deep.draw_fields(key, WIDTHS, float), jax.random.uniform(key, (6, 5))


@jax.jit
def written_gradient(key, fields, batch):
    """`beta_f (1 - M^2) o [delta a^T / sqrt n - ((eps delta / v) (a^2)^T) o M / n]`, back-propagated by hand through mean and variance."""
    a, kept = batch.x, []
    for i, theta in enumerate(fields):
        m, n = jnp.tanh(BETA_F * theta), theta.shape[1]
        v = jnp.sqrt((a**2) @ (1 - m**2).T / n + 1e-30)
        eps = jax.random.normal(jax.random.fold_in(key, i), v.shape, v.dtype)
        z = a @ m.T / n**0.5 + eps * v
        kept.append((a, m, v, eps, z))
        a = jnp.maximum(z, 0.0) if i < len(fields) - 1 else z
    delta = jax.nn.softmax(a) - jax.nn.one_hot(batch.label, WIDTHS[-1])
    out = []
    for i, (a, m, v, eps, _) in reversed(list(enumerate(kept))):
        n = m.shape[1]
        noisy = eps * delta / v
        out.append(BETA_F * (1 - m**2) * (delta.T @ a / n**0.5 - (noisy.T @ a**2) * m / n))
        if i:
            below = delta @ m / n**0.5 + (noisy @ (1 - m**2)) * a / n
            delta = jnp.where(kept[i - 1][4] > 0, below, 0.0)
    return out[::-1]


def test_gradient_of_the_rule(key):
    fields, batch = world(key)
    rule = continual.gaussian_field(
        widths=WIDTHS, optimiser=optax.sgd(1.0), temperature=lambda step: BETA_F, gamma=0.0, start=fields
    )
    after, report = jax.jit(rule.step)(key, rule.init(key, batch), batch)
    ours = [a - b for a, b in zip(fields, after.fields, strict=True)]
    for mine, theirs in zip(ours, written_gradient(key, fields, batch), strict=True):
        assert_close("Gaussian-field gradient", mine, theirs, 1e-9)

    @jax.jit
    def loss(fields):
        return deep.cross_entropy(deep.field_forward(key, fields, batch.x, BETA_F), batch.label)

    assert float(loss(fields)) == pytest.approx(float(report.loss))
    for at in ((0, 1, 2), (1, 2, 3)):
        moved = [[t.at[at[1:]].add(h) if i == at[0] else t for i, t in enumerate(fields)] for h in (1e-6, -1e-6)]
        slope = (loss(moved[0]) - loss(moved[1])) / 2e-6
        assert_close("finite difference", ours[at[0]][at[1:]], slope, 1e-7, 1e-9)


def test_kl_references(key):
    """From the second step on, the step reference adds beta_f^2 (1 - M^2) of the last move, the task reference of the way from the anchor."""
    fields, batch = world(key)
    anchor = [0.5 * t for t in fields]

    @jax.jit
    def moves():
        plain = continual.gaussian_field(**how, gamma=0.0)
        state = plain.init(key, batch)._replace(fields=fields, previous=[0.9 * t for t in fields])
        rules = (
            plain,
            continual.gaussian_field(**how, gamma=2.0),
            continual.gaussian_field(**how, gamma=2.0, kl_reference="task", anchor=anchor),
            continual.gaussian_field_ewc(
                **how, lam=1.0, anchor=anchor, information=[jnp.full_like(t, 3.0) for t in fields]
            ),
        )
        return [rule.step(key, state, batch) for rule in rules]

    how = dict(widths=WIDTHS, optimiser=optax.sgd(0.1), temperature=lambda step: BETA_F)
    (base, _), by_step, by_task, consolidated = moves()
    base = base.fields
    for (moved, report), share in ((by_step, 0.1), (by_task, 0.5)):
        for before, ours, theta in zip(base, moved.fields, fields, strict=True):
            pull = 2.0 * BETA_F**2 * (1 - jnp.tanh(BETA_F * theta) ** 2) * share * theta
            assert_close("KL gradient", before - ours, 0.1 * pull, 1e-9)
        assert float(report.penalty) > 0
    for before, ours, theta in zip(base, consolidated[0].fields, fields, strict=True):
        assert_close("EWC gradient", before - ours, 0.1 * 3.0 * 0.5 * theta, 1e-9)


def test_decided_weights_and_samples(key):
    """Where the variance vanishes the gradient is finite, and sampled weights are the signs; their mean is the magnetisation."""
    fields, batch = world(key)
    sure = [60 * jnp.sign(t) for t in fields]

    @jax.jit
    def everything():
        gradient = jax.grad(lambda f: deep.cross_entropy(deep.field_forward(key, f, batch.x, 1.0), batch.label))(sure)
        weights = continual.sampled_weights(key, sure, 1.0)
        draws = jax.vmap(lambda k: continual.sampled_weights(k, fields, BETA_F)[0])(jax.random.split(key, 400))
        worst = jnp.abs(draws.mean(0) - jnp.tanh(BETA_F * fields[0])).max()
        scores = continual.binary_forward(weights, batch.x)
        known = jnp.array([[0, 2.0, 1], [3, 0, 0], [jnp.nan, 1, 2], [1, 0, 2]])  # right, wrong, no score, right
        right = continual.accuracy(known, jnp.array([1, 1, 2, 2])), jnp.isfinite(scores).all()
        return gradient, weights, worst, right, deep.squared_gradients(key, fields, batch, BETA_F)

    gradient, weights, worst, right, squared = everything()
    assert all(np.isfinite(g).all() for g in gradient)
    assert all(np.array_equal(w, np.sign(t)) for w, t in zip(weights, sure, strict=True))
    assert float(worst) < 5 / 20  # five standard errors at most: 1e-5 over 20 weights
    assert float(right[0]) == 0.5 and right[1]
    assert [s.shape for s in squared] == [f.shape for f in fields] and min(float(s.min()) for s in squared) >= 0


def test_schedules():
    assert float(continual.permuted_temperature(25, 25)) == pytest.approx(10 * np.tanh(2.1))
    assert float(continual.sequential_temperature(0, 80)) == pytest.approx(10 * np.tanh(0.1 + 1 / 80))


def test_bad_input():
    how = dict(widths=WIDTHS, optimiser=optax.sgd(0.1), temperature=lambda step: 1.0)
    with pytest.raises(BadInput, match="kl_reference got 'epoch', but takes one of step, task"):
        continual.gaussian_field(**how, kl_reference="epoch")
    with pytest.raises(BadInput, match="anchor got None, but with gamma = 1"):
        continual.gaussian_field(**how, kl_reference="task")
    with pytest.raises(BadInput, match="gamma got -1"):
        continual.gaussian_field(**how, gamma=-1.0)
    with pytest.raises(BadInput, match="widths got 0"):
        continual.gaussian_field(**how | dict(widths=(3, 0, 2)))
    with pytest.raises(BadInput, match="lam got -1"):
        continual.gaussian_field_ewc(**how, lam=-1.0, anchor=[], information=[])
