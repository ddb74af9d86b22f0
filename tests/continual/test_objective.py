"""Gradients against finite differences, the two forms of the KL term, decided weights."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.continual import objective, problem
from tests.helpers import assert_close


def world(key, dim=9, count=14):
    a, b, c = jax.random.split(key, 3)
    teacher, _ = problem.teachers(a, dim=dim, r0=0.0)
    task = problem.first_rows(problem.sample(b, teacher, count), count - 3)
    return task, jax.random.normal(c, (2, dim))


def central(fn, at, h=1e-6):
    return np.array([(fn(at + h * e) - fn(at - h * e)) / (2 * h) for e in np.eye(len(at))], float)


def test_gradients_are_those_of_the_objective(key):
    task, (theta, anchor) = world(key)

    @jax.jit
    def both(t, beta_f):
        loss = lambda t: objective.data_loss(objective.magnetisation(t, beta_f), task)  # noqa: E731
        slopes = objective.data_gradient(t, task, beta_f), jax.grad(loss)(t), objective.kl_gradient(t, anchor, beta_f)
        return loss(t), objective.kl(t, anchor, beta_f), slopes

    for beta_f in (1.0, 0.7):
        ours, automatic, pull = both(theta, beta_f)[2]
        loss, term = (lambda t, i=i, b=beta_f: both(t, b)[i] for i in (0, 1))
        assert_close("data gradient, finite differences", ours, central(loss, np.asarray(theta)), 1e-7)
        assert_close("data gradient, automatic", ours, automatic, 1e-12)
        assert_close("KL gradient, finite differences", pull, central(term, np.asarray(theta)), 1e-7)


def test_two_forms_of_the_kl_term(key):
    _, (theta, anchor) = world(key)
    forms = objective.kl_magnetisations(jnp.tanh(theta), jnp.tanh(anchor))
    assert_close("KL in fields and in magnetisations", objective.kl(theta, anchor), jnp.sum(forms), 1e-9)
    assert float(objective.kl(theta, theta)) == 0.0
    assert np.isfinite(float(objective.kl(theta + 400.0, anchor - 400.0)))  # where magnetisations are +-1


def test_decided_weights_are_finite_and_keep_still(key):
    task, (theta, _) = world(key)
    far = 60 * jnp.sign(theta)
    assert np.isfinite(float(objective.data_loss(jnp.tanh(far), task)))
    assert np.array_equal(objective.data_gradient(far, task), np.zeros(9))
