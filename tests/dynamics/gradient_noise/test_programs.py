"""Programs by soft selection."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.dynamics import gradient_noise as gn
from mtrl.numerics.errors import BadInput

KEY = jax.random.key(0)
TARGET = gn.named_program("x+1", "x^2", "x+1", "x^2")


def test_programs_compute():
    x = jnp.linspace(-1.5, 1.5, 5)
    np.testing.assert_allclose(gn.compute(TARGET, x), ((x + 1) ** 2 + 1) ** 2)
    np.testing.assert_allclose(gn.compute(gn.named_program("x^2", "x+1", "x^2", "-x"), x), -((x**2 + 1) ** 2))
    sharp = 1e3 * jax.nn.one_hot(TARGET, len(gn.OPERATIONS), dtype=float)
    np.testing.assert_allclose(gn.mixed(sharp, x), gn.compute(TARGET, x))


def test_restarts():
    """Successes of 200 restarts at eta 0, 0.3, 1: half of 7, 25, 31 of an independent program's 400; three binomial standard deviations of both
    (false-alarm rate 0.01)."""
    etas = jnp.array([0.0, 0.3, 1.0])
    found = jax.jit(jax.vmap(lambda eta: gn.learn_program(KEY, TARGET, eta=eta, restarts=200)))(etas)
    counts = found.success.sum(1)
    print("successes", counts)
    assert found.finite.all() and (np.abs(np.asarray(counts) - [3.5, 12.5, 15.5]) <= [7, 13, 14]).all()
    assert (found.loss[found.success] < 1).all()


def test_tolerance_is_in_standard_deviations_of_the_target():
    """Sixty programs as drawn (no step of size 1e-9 changes one), their errors in NumPy; half of the tolerances' range is passed."""
    found = gn.learn_program(KEY, TARGET, eta=0.0, lr=1e-9, restarts=60, steps=1, points=8, tolerance=3.0)
    x = np.linspace(-1.5, 1.5, 8)
    steps = (lambda y: y, lambda y: -y, lambda y: y + 1, lambda y: 2 * y, lambda y: y**2)
    goal = ((x + 1) ** 2 + 1) ** 2
    worst = []
    for program in np.asarray(found.program):
        y = x
        for op in program:
            y = steps[op](y)
        worst.append(np.abs(y - goal).max() / goal.std())
    assert found.success.tolist() == [error <= 3.0 for error in worst] and 0 < found.success.sum() < 60


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gn.named_program(), "steps got 0"),
        (lambda: gn.named_program("x", "x^3"), r"operation got 'x\^3', but takes one of x, -x"),
        (lambda: gn.learn_program(KEY, TARGET, eta=0.1, tolerance=0.0), "tolerance got 0"),
        (lambda: gn.learn_program(KEY, TARGET, eta=0.1, lr=0.0), "lr got 0"),
        (lambda: gn.learn_program(KEY, TARGET, eta=0.1, clip=0.0), "clip got 0"),
        (lambda: gn.learn_program(KEY, TARGET, eta=-0.1, restarts=1, steps=1), "eta got -0.1"),
        (lambda: gn.learn_program(KEY, TARGET, eta=0.1, restarts=0), "restarts got 0"),
        (lambda: gn.learn_program(KEY, TARGET, eta=0.1, optimiser="lbfgs"), "optimiser got 'lbfgs'"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()
