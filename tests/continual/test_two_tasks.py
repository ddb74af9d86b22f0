"""The Franz-Parisi saddle point: tables, samples, limits of the coupling."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import continual
from mtrl.numerics.errors import BadInput

ROUGH = dict(nodes=40, sites=100)


@jax.jit
def first(load, beta, start):
    found = continual.saddle_point(load, beta=beta, start=start, **ROUGH)
    return found, continual.magnetisation_law(found, beta=beta, **ROUGH)


@jax.jit
def after(loads, law, r0, gamma, beta):
    how = dict(nodes=40, fields=41, points=400, tolerance=1e-6)
    return continual.follow_transfer(loads, law, r0=r0, gamma=gamma, beta=beta, **how)


COLD, WARM = jnp.array(continual.COLD), jnp.array(continual.WARM)


def test_samples_of_the_second_task():
    """HMC at N = 300, alpha = .6 twice, r0 = .5, gamma = .3, beta = 3: r2 .223, q2* .367, overlaps .254 and .328 (its standard errors are about .01,
    and nothing is drawn here: false-alarm rate 0); an independent solver: .237, .367, .246, .348."""
    found, law = first(0.6, 3.0, COLD)
    second = after(jnp.array([0.6]), law, 0.5, 0.3, 3.0)
    ours = np.array([second.r[0], second.q_star[0], second.p1[0], second.p2[0]])
    assert second.converged.all()
    assert np.abs(ours - [0.223, 0.367, 0.254, 0.328]).max() < 0.03
    assert np.abs(ours - [0.237, 0.367, 0.246, 0.348]).max() < 2e-3


def test_limits_of_the_coupling():
    """gamma = 0: task 2 is a single task, p1 = r0 p2; gamma = 200: task 1 stays as it was."""
    found, law = first(0.6, 3.0, COLD)
    free = after(jnp.array([0.6]), law, 0.5, 0.0, 3.0)
    assert float(free.p2[0]) == pytest.approx(float(found.p), abs=1e-5)
    assert float(free.p1[0]) == pytest.approx(0.5 * float(found.p), abs=1e-5)
    bound = after(jnp.array([0.6]), law, 0.5, 200.0, 3.0)
    assert float(bound.p1[0]) == pytest.approx(float(found.p), abs=2e-2)


def test_table_of_two_tasks():
    """(eps1, eps2) at alpha1 = 2, beta = 20: rows of the published table, to the 3 digits that the two quadratures share."""
    found, law = first(2.0, 20.0, WARM)
    assert found.converged
    for gamma, r0, load, table in (
        (1.0, -0.5, 0.5, (0.120, 0.645)),
        (1.0, 0.0, 2.0, (0.234, 0.419)),
        (0.1, 0.5, 0.5, (0.262, 0.294)),
    ):
        second = after(jnp.array([load]), law, r0, gamma, 20.0)
        ours = continual.generalisation_error(jnp.stack([second.p1[0], second.p2[0]]))
        assert second.converged.all() and np.abs(np.asarray(ours) - table).max() < 4e-3


def test_cut_off_energy_gives_the_rest_of_the_table():
    """gamma = 0.1, r0 = -0.5, alpha2 = 2, learnt branch: (2/3, .01) with equal steps on +-7.5; the full integral has not learnt task 2 there."""
    _, law = first(2.0, 20.0, WARM)
    how = dict(r0=-0.5, gamma=0.1, beta=20.0, nodes=241, fields=61, points=800, tolerance=1e-6, literal=True)
    found = jax.jit(lambda law: continual.transfer(2.0, law, start=WARM, **how))(law)
    ours = continual.generalisation_error(jnp.stack([found.p1, found.p2]))
    assert found.converged and np.abs(np.asarray(ours) - (2 / 3, 0.01)).max() < 1e-3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (dict(load=-1.0), r"load got -1"),
        (dict(r0=-1.2), r"r0 got -1.2, but must be from -1 to 1"),
        (dict(gamma=-1.0), r"gamma got -1"),
        (dict(beta=0.0), r"beta got 0"),
        (dict(start=jnp.array([0.5, 0.1, 0.3])), r"start got q = 0.5 with r = 0.1 and q\* = 0.3"),
    ],
)
def test_bad_input(given, said):
    with pytest.raises(BadInput, match=said):
        continual.transfer(**{"load": 0.5, "law": jnp.ones(20) / 20, "r0": 0.0, "gamma": 1.0, "beta": 20.0, **given})
