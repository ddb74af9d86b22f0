"""Matrix gradient descent against the scalar recursion, and what gates and lesions do."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import dynamics
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

TASK = dynamics.hierarchy()
AT = jnp.arange(0, 601, 100)
NEVER = (0, 0)


@functools.partial(jax.jit, static_argnames=("depth", "activation", "width", "spread"))
def descend(gate_a, gate_b, lesion, lr=0.01, *, depth, width=40, activation="linear", spread=0.1):
    """(K_a, K_b), (record, mode); the steps are few and long ones for speed."""
    rule = dynamics.two_pathways(
        depth=depth,
        width=width,
        lr=lr,
        gate_a=gate_a,
        gate_b=gate_b,
        lesion=lesion,
        activation=activation,
        spread=spread,
    )
    record = functools.partial(dynamics.pathway_strengths, task=TASK, activation=activation)
    return dynamics.trajectory(rule, rule.init(jax.random.key(3), TASK), TASK, AT, record=record)[1]


@functools.partial(jax.jit, static_argnames=("depth", "spread"))
def recurse(gate_a, gate_b, lesion, lr=0.01, *, depth, spread=0.1):
    rule = dynamics.scalar_pathways(depth=depth, lr=lr, gate_a=gate_a, gate_b=gate_b, lesion=lesion, spread=spread)
    record = lambda state: tuple(dynamics.strength(p, depth) for p in state[:2])  # noqa: E731
    return dynamics.trajectory(rule, rule.init(jax.random.key(3), TASK.s), TASK.s, AT, record=record)[1]


@pytest.mark.parametrize("gate", [(0, 150), (400, 550)])
def test_gradient_descent_is_the_scalar_recursion(gate):
    """Section 3, appendix: on the aligned start both do the same, here to 1e-12."""
    ours, scalar = descend(NEVER, gate, -1, depth=4), recurse(NEVER, gate, -1, depth=4)
    for name, a, b in zip(("K_a", "K_b"), ours, scalar, strict=True):
        assert_close(f"{name}, gate {gate}", a, b, 1e-12)


def test_without_a_gate_both_stay_equal():
    a, b = descend(NEVER, NEVER, -1, depth=4)
    assert_close("symmetry", a, b, 1e-12)
    assert a[-1, 0] > 0.49 * TASK.s[0]


def test_gates_on_both_stop_everything():
    a, b = descend((0, 600), (0, 600), -1, depth=4)
    for k in (a, b):
        assert_close("nothing moves", k, jnp.broadcast_to(k[0], k.shape), 1e-14)


def test_lesioned_mode_goes_to_the_other_pathway():
    """Figure 3: b, gated early, learns the mode that a lacks and nothing else."""
    a, b = descend(NEVER, (0, 200), 1, 0.02, depth=4)
    scalar = recurse(NEVER, (0, 200), 1, 0.02, depth=4)
    assert_close("a as the recursion", a, scalar[0], 1e-12)
    assert_close("b as the recursion", b, scalar[1], 1e-12)
    assert_close("b learns mode 1", b[-1, 1], TASK.s[1], 1e-3)
    assert float(jnp.delete(b[-1], 1).max()) < 0.1 and float(jnp.abs(a[-1, 1] - a[0, 1])) < 1e-12
    assert_close("a learns the others", jnp.delete(a[-1], 1)[:3], jnp.delete(TASK.s, 1)[:3], 0.05)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_nonlinear_start_is_close_to_the_linear_one(activation):
    """The start is small: tanh is linear there, and ReLU is not."""
    layers = dynamics.aligned(jax.random.key(0), TASK, jnp.full(8, 1e-6), depth=3, width=10)
    linear, other = (dynamics.response(layers, TASK.x, name) for name in ("linear", activation))
    if activation == "tanh":
        assert_close("tanh", other, linear, 1e-3)
    else:
        assert bool((other >= 0).all())


def test_start_is_balanced_and_aligned():
    k = jnp.linspace(0.02, 0.01, 8)
    layers = dynamics.aligned(jax.random.key(0), TASK, k, depth=4, width=12)
    assert_close("K", dynamics.mode_matrix(layers, TASK), jnp.diag(k), 0, 1e-15)
    assert_close("first", layers.first @ layers.first.T, layers.middle[0].T @ layers.middle[0], 1e-12)
    assert_close("last", layers.last.T @ layers.last, layers.middle[1] @ layers.middle[1].T, 1e-12)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(depth=1), "depth got 1, but must be a whole number of at least 2"),
        (dict(width=6), "width 6 < 8 modes: cannot hold the aligned init"),
        (dict(gate_b=(200, 100)), "gate_b got the steps 200 to 100, but must end at or after its start"),
        (dict(gate_a=(-1, 100)), "gate_a start got -1"),
        (dict(lesion=8), "lesion got 8, but must be a whole number from -1 to 7; the task has 8 modes"),
        (dict(scale=0.0), "scale got 0, but must be a finite number above 0"),
        (dict(lr=-1.0), "lr got -1"),
        (dict(activation="gelu"), "activation got 'gelu', but takes one of linear, tanh, relu"),
    ],
)
def test_bad_input_is_refused(changes, words):
    with pytest.raises(BadInput, match=words):
        rule = dynamics.two_pathways(**{**dict(depth=3, width=20, lr=0.01), **changes})
        rule.init(jax.random.key(0), TASK)
    if "activation" not in changes and "width" not in changes:
        with pytest.raises(BadInput, match=words):
            dynamics.scalar_pathways(**{**dict(depth=3, lr=0.01), **changes}).init(jax.random.key(0), TASK.s)


def test_gate_after_training_is_refused():
    dynamics.check_gate((100, 100), 100)
    with pytest.raises(BadInput, match="gate starts at step 101, but training has 100 steps"):
        dynamics.check_gate((101, 120), 100)


def test_aligned_start_names_what_is_wrong():
    with pytest.raises(BadInput, match="depth got 1"):
        dynamics.aligned(jax.random.key(0), TASK, jnp.ones(8), depth=1, width=8)


def test_loss_reported_is_the_papers():
    rule = dynamics.two_pathways(depth=2, width=8, lr=0.01)
    state = rule.init(jax.random.key(0), TASK)
    _, loss = rule.step(None, state, TASK)
    k_a, k_b = dynamics.pathway_strengths(state, TASK)
    assert_close("loss", loss, np.sum((TASK.s - k_a - k_b) ** 2) / 2, 1e-12)
