"""The scalar recursion against the closed forms, and the phase plane."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import dynamics
from mtrl.dynamics import theory
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

S = jnp.array([3.0])


@functools.partial(jax.jit, static_argnames=("start",))
def run(depth, scale, gate, at, lr, start="small"):
    """p_a, p_b at the recorded steps."""
    rule = dynamics.scalar_pathways(depth=depth, lr=lr, scale=scale, spread=0.0, gate_b=gate, start=start)
    return dynamics.trajectory(rule, rule.init(jax.random.key(0), S), S, at, record=lambda x: (x.p_a[0], x.p_b[0]))[1]


def test_logistic_curves_of_two_matrices():
    """D = 2: the total is a logistic, the ratio frozen, and a gate makes a logistic with s - k."""
    at, lr = jnp.array([0, 2000, 5000, 8000, 11000, 20000]), 1e-4
    p_a, p_b = run(2.0, 1e-2, (2000, 8000), at, lr)
    k_a, k_b = theory.logistic_pathways(at.astype(float) * lr, S[0], 1e-2, 1e-2, start=0.2, stop=0.8)
    assert_close("K_a", p_a**2, k_a, 2e-3)
    assert_close("K_b", p_b**2, k_b, 2e-3)
    assert_close("frozen ratio", p_a[3:] / p_b[3:], jnp.broadcast_to(p_a[3] / p_b[3], (3,)), 1e-3)
    assert_close("end", k_a[-1] + k_b[-1], S[0], 3e-3)


def test_conserved_quantities_and_the_line_at_the_end():
    """D = 4: `p_a^-2 - p_b^-2` is kept after the gate, and training ends on K_a + K_b = s."""
    at = jnp.array([300, 500, 5000, 60000])
    p_a, p_b = run(4.0, 1e-2, (0, 300), at, 1e-3)
    kept = theory.conserved(p_a, p_b, 4)
    assert_close("conserved", kept, jnp.broadcast_to(kept[0], kept.shape), 5e-3)  # up to the step
    assert_close("line", p_a[-1] ** 4 + p_b[-1] ** 4, S[0], 1e-9)


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
def test_share_after_a_gate_of_a_third_of_the_escape_time(depth):
    """K0 = 1e-4, s = 3, gate over 30 % of the escape time: 0.0434, 9.1e-4, 3.6e-4, 2.0e-4 at D = 2, 3, 4, 6; simulation within 3 %."""
    shares = {2: 0.0434, 3: 9.1e-4, 4: 3.6e-4, 6: 2.0e-4}
    escape = float(theory.escape_time(3.0, 1e-4, depth))
    found = float(theory.gated_split(3.0, 0.3 * escape, depth)) / 3
    assert found == pytest.approx(shares[depth], rel=0.012)
    lr = escape / 20_000
    _, p_b = run(float(depth), 1e-4, (0, 6000), jnp.array([60_000]), lr)
    assert_close("simulated", p_b[-1] ** depth / 3, found, 0.03)


def test_layer_inverts_strength():
    p = jnp.array([-2.0, -0.3, 0.0, 1e-3, 0.5, 1.9])
    for start in ("small", "large"):
        assert_close(start, dynamics.layer(dynamics.strength(p, 5, start), 5, start), p, 1e-12)


@pytest.mark.parametrize("start", ["small", "large"])
def test_portrait_is_the_motion_of_the_recursion(start):
    """dK/dt = dK/dp dp/dt, by finite differences of one short step; both signs of p."""
    p = jnp.array([-0.4, 0.3, 1.1])
    k_a, k_b = dynamics.strength(p, 5, start), jnp.array([0.2, 0.5, 0.1])
    field, _ = dynamics.portrait(k_a, k_b, 3.0, depth=5, start=start)
    h = 1e-6
    moved = p + h * dynamics.slope(p, 5, start) * (3.0 - k_a - k_b)
    assert_close(start, (dynamics.strength(moved, 5, start) - k_a) / h, field, 1e-4)


def test_large_start_conserves_and_ends_on_the_line():
    """Figure 1's recursion with two matrices is 2 x 2 gradient descent on (p, q) with `q^2 - p^2 = 1` up to the step size."""
    p_a, p_b = run(2.0, 0.01, (0, 150), jnp.array([150, 20_000]), 1e-4, start="large")
    k = [dynamics.strength(p, 2, "large") for p in (p_a, p_b)]
    assert_close("line", k[0][-1] + k[1][-1], S[0], 1e-4)
    keys = dynamics.scalar_pathways(depth=2, lr=1e-4, start="large").init(jax.random.key(0), S)
    p, q = np.array([keys.p_a[0], keys.p_b[0]]), np.sqrt(1 + np.array([keys.p_a[0], keys.p_b[0]]) ** 2)
    for t in range(20_000):
        left = 1e-4 * (3.0 - (p * q).sum()) * np.array([1.0, float(t >= 150)])
        p, q = p + left * q, q + left * p
    assert_close("two factors", k[1][-1], p[1] * q[1], 2e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dynamics.portrait(S, S, 3.0, depth=1), "depth got 1"),
        (lambda: dynamics.portrait(S, S, 0.0, depth=2), "s got 0"),
        (
            lambda: dynamics.portrait(S, S, 3.0, depth=2, start="medium"),
            "start got 'medium', but takes one of small, large",
        ),
        (lambda: dynamics.scalar_pathways(depth=2, lr=0.1, start="medium"), "start got 'medium'"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()
