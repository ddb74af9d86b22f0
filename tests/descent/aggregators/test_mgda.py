"""MGDA: optimality, the published table, what each solver reaches, gradients that are normalised first."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.descent import mgda
from mtrl.descent.aggregators import mgda_weights
from tests.descent.fixtures import TABLE, direction, directions, over, random_jacobians
from tests.helpers import assert_close

FRANK_WOLFE = ([0.0, 1, 1], [0, 0.999616, 1.000384, 0.000384], [0.499977, 0.504765])


@pytest.mark.parametrize("J, expected", [*zip(TABLE, ([0.0, 1, 1], [0, 1, 1, 0], [0.5, 0.5]), strict=True)])
def test_table(J, expected):
    """TorchJD 0.18, epsilon 1e-9."""
    assert_close("exact", direction(mgda, J), expected, atol=1e-12)
    assert_close("projected", direction(mgda, J, solver="projected"), expected, atol=1e-9)


@pytest.mark.parametrize("J, expected", [*zip(TABLE, FRANK_WOLFE, strict=True)])
def test_table_of_frank_wolfe_at_its_default_tolerance(J, expected):
    assert_close("Frank-Wolfe", direction(mgda, J, solver="frank_wolfe"), expected, atol=1e-6)


@pytest.mark.parametrize("tasks", [2, 3, 5])
def test_no_loss_falls_slower_than_the_squared_norm(tasks):
    """The optimality condition `g_t . d >= |d|^2` (Desideri 2012), in units of the largest gradient."""
    Js = random_jacobians(60, tasks)
    d = directions(mgda_weights, Js)
    scale = (Js**2).sum(2).max(1)
    slack = (np.einsum("ctd,cd->ct", Js, d) - (d**2).sum(1)[:, None]) / scale[:, None]
    assert slack.min() > -1e-12
    w = over(mgda_weights, Js)
    assert w.min() >= 0 and np.abs(w.sum(1) - 1).max() < 1e-12


@pytest.mark.parametrize("normalise", ["none", "l2", "loss", "loss+"])
def test_normalised_gradients_are_weighed_and_the_plain_ones_summed(normalise):
    """The weights are those of MGDA on `g`, `g / |g|`, `g / L` and `g / (L |g|)`."""
    losses = np.array([0.5, 2.0, 4.0])
    lengths = np.linalg.norm(TABLE[1], axis=1)
    by = {"none": np.ones(3), "l2": lengths, "loss": losses, "loss+": losses * lengths}[normalise]
    alpha = over(mgda_weights, (TABLE[1] / by[:, None])[None])[0]
    made = mgda(tasks=3, normalise=normalise)
    found = made.update(jnp.asarray(TABLE[1]), made.init(None), losses=jnp.asarray(losses))[0]
    assert_close(normalise, found, alpha @ TABLE[1], rtol=1e-12)
