"""Nash-MTL and FairGrad: table, the bargaining equation, fairness, scale equivariance."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.descent import fairgrad, nash_mtl
from mtrl.descent.aggregators import fairgrad_weights, nash_weights
from tests.descent.fixtures import J1, J2, TABLE, direction, directions, over, random_jacobians
from tests.helpers import assert_close

FREE = ([0.076584, 0.998533, 0.998533], [-0.093905, 1.087083, 1.339230, 0.126074], [1.224745, 1.224745])
CLIPPED = ([0.054153, 0.706069, 0.706069], [-0.054216, 0.627628, 0.773205, 0.072789], [0.707107, 0.707107])
FAIR = ([0.031274, 0.790817, 0.790817], [-0.047539, 0.845403, 0.955026, 0.054812], [1.077217, 1.077217])


@pytest.mark.parametrize("J, free, clipped, fair", [*zip(TABLE, FREE, CLIPPED, FAIR, strict=True)])
def test_table(J, free, clipped, fair):
    """TorchJD 0.18 at 200 iterations; its shortened direction; FairGrad at 2."""
    assert_close("free", direction(nash_mtl, J, largest_norm=None), free, atol=1e-6)
    assert_close("shortened", direction(nash_mtl, J), clipped, atol=1e-6)
    assert_close("FairGrad", direction(fairgrad, J), fair, atol=1e-6)


@pytest.mark.parametrize("tasks", [2, 3, 4])
def test_bargaining_equation_norm_and_proportional_fairness(tasks):
    """`M a = 1/a`, `|d| = sqrt(T)`, and `sum_t g_t.d' / g_t.d <= T` for every d' no longer than d (Navon et al. 2022, section 3)."""
    Js = random_jacobians(60, tasks, dim=6)
    a, d = over(nash_weights, Js), directions(nash_weights, Js)
    gains = np.einsum("ctd,cd->ct", Js, d)
    assert (a > 0).all()
    assert_close("equation", a * gains, 1.0, rtol=1e-5)
    assert_close("norm", (d**2).sum(1), tasks, rtol=1e-5)
    rng = np.random.default_rng(5)
    other = rng.normal(size=(50, *d.shape))
    other *= np.sqrt(tasks) / np.linalg.norm(other, axis=2, keepdims=True)
    fairness = (np.einsum("ctd,kcd->kct", Js, other) / gains).sum(2)
    assert (fairness <= tasks * (1 + 1e-5)).all()


def test_direction_does_not_depend_on_the_tasks_scales():
    scaled = direction(nash_mtl, J2 * np.array([[0.1], [3], [40]]), largest_norm=None)
    assert_close("direction", scaled, direction(nash_mtl, J2, largest_norm=None), rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_fairgrad_equation(gamma):
    Js = random_jacobians(60, dim=6)[::3]
    a = over(fairgrad_weights, Js, gamma=gamma)
    image = np.einsum("ctd,csd,cs->ct", Js, Js, a)
    assert_close("equation", image * a ** (1 / gamma), 1.0, rtol=1e-6)


def test_weights_are_kept_between_solutions():
    """`update_every=2`: the second step uses the first step's weights."""
    made = nash_mtl(tasks=2, largest_norm=None, update_every=2)
    _, state = made.update(jnp.asarray(J1), made.init(None))
    second, _ = made.update(jnp.asarray(2 * J1), state)
    assert_close("second", second, 2 * direction(nash_mtl, J1, largest_norm=None), rtol=1e-12)
