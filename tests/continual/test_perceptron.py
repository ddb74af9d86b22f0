"""The learning rules: the published errors of Adam, what a penalty does, bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl import continual
from mtrl.continual import objective, problem
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def train(key, algorithm, task, steps):
    state = algorithm.init(key, task)
    return jax.lax.scan(lambda s, _: algorithm.step(key, s, task), state, None, length=steps)[0].theta


def test_adam_learns_as_an_independent_program_did(key):
    """N = 500, rate 0.01, decay 0.1, 500 steps: eps .377, .305, .228 at alpha .4, .8, 1.2. Six runs with a spread of .02 to .03 each against a mean
    of unknown error: 0.03 is about three standard errors of each of three differences (false-alarm rate 8e-3)."""

    def one(key, count):
        keys = jax.random.split(key, 3)
        teacher, _ = problem.teachers(keys[0], dim=500, r0=0.0)
        task = problem.first_rows(problem.sample(keys[1], teacher, 600), count)
        theta = train(keys[2], continual.bivcl(optimiser=optax.adamw(0.01, weight_decay=0.1)), task, 500)
        return problem.generalisation_error(problem.overlap(teacher, theta))

    keys = jax.random.split(key, 6)
    run = jax.jit(lambda count: jax.lax.map(lambda k: one(k, count), keys))
    ours = [float(run(jnp.asarray(n)).mean()) for n in (200, 400, 600)]
    print(ours)
    assert np.abs(np.array(ours) - [0.377, 0.305, 0.228]).max() < 0.03


def test_penalties(key):
    """A pull of either kind keeps the fields; near the anchor both are one; a first step is the written gradient."""
    teacher, other = problem.teachers(key, dim=40, r0=0.0)
    task = problem.sample(key, teacher, 12)
    anchor = jax.random.normal(key, (40,))
    rate = optax.sgd(0.01)
    near, half = anchor + 1e-4 * other, task._replace(share=jnp.asarray(0.5))

    @jax.jit
    def everything():
        rules = [continual.bivcl(optimiser=rate, start=anchor, gamma=g, anchor=anchor) for g in (0.0, 20.0)]
        rules.append(continual.ewc(optimiser=rate, start=anchor, lam=20.0, anchor=anchor))
        moved = [jnp.linalg.norm(train(key, rule, task, 50) - anchor) for rule in rules]
        kl = objective.kl(near, anchor), continual.theory.quadratic_kl(near, anchor)
        step = continual.bivcl(optimiser=rate, start=near, gamma=3.0, anchor=anchor)
        ours = (near - step.step(key, step.init(key, half), half)[0].theta) / 0.01
        written = objective.data_gradient(near, task) + 0.5 * 3.0 * objective.kl_gradient(near, anchor)
        rows = jax.vmap(
            lambda x, y: objective.data_gradient(anchor, task._replace(x=x[None], y=y[None], mask=jnp.array([True])))
        )
        information = continual.squared_gradients(anchor, task), jnp.mean(rows(task.x, task.y) ** 2, 0)
        return moved, kl, (ours, written), information

    moved, kl, step, information = everything()
    assert max(moved[1:]) < moved[0] / 2
    assert_close("KL near the anchor", *kl, 1e-3)
    assert_close("a step of gradient descent", *step, 1e-9)
    assert_close("empirical information", *information, 1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scaled_to_brings_the_mean_square_to_its_value(dtype):
    """By one factor for all magnetisations that are not cut; where even the cut leaves too little, as near as it comes."""
    theta = jax.random.normal(jax.random.key(3), (50,), dtype)
    scaled = jax.jit(continual.scaled_to)
    m = np.tanh(theta)
    for q_star in (0.2, 0.9):
        found = np.tanh(scaled(theta, jnp.asarray(q_star, dtype)))
        assert_close("mean m^2", np.mean(found.astype(float) ** 2), q_star, 1e-5)
        free = np.abs(found) < 1 - 1e-5
        assert free.any() and found.dtype == dtype
        assert_close("one factor", found[free] / m[free], (found[free] / m[free])[0], 1e-3)


def test_bad_input():
    rate = optax.sgd(0.1)
    with pytest.raises(BadInput, match=r"gamma got -1, but must be a finite number of at least 0"):
        continual.bivcl(optimiser=rate, gamma=-1.0)
    with pytest.raises(
        BadInput, match=r"anchor got None, but with gamma = 1 the fields theta0 of the task before are needed"
    ):
        continual.bivcl(optimiser=rate, gamma=1.0)
    with pytest.raises(BadInput, match=r"lam got -2"):
        continual.ewc(optimiser=rate, lam=-2.0, anchor=jnp.ones(2))
    with pytest.raises(BadInput, match=r"beta_f got 0"):
        continual.bivcl(optimiser=rate, beta_f=0.0)
