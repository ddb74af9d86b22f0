"""The saddle point of one task: tables, samples, limits, branches, certificates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import continual
from mtrl.continual import quadrature
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

ROUGH = dict(nodes=40, sites=80)
THREE = jnp.ones(3)


@jax.jit
def follow(loads, beta, gamma, start, iterations=500):
    return continual.follow(loads, beta=beta, gamma=gamma, start=start, iterations=iterations, **ROUGH)


COLD, WARM = jnp.array(continual.COLD), jnp.array(continual.WARM)


def test_small_loads_of_the_table():
    """q*, r, p at beta = 20, where every quadrature agrees."""
    found = follow(jnp.array([0.1, 0.2, 0.5]), 20.0, 0.0, COLD)
    assert found.converged.all()
    table = [[0.411, 0.484, 0.680], [0.092, 0.174, 0.379], [0.128, 0.228, 0.439]]
    assert np.abs(np.stack([found.q_star, found.r, found.p]) - table).max() < 8e-4


def test_samples_of_the_gibbs_measure():
    """Hamiltonian Monte Carlo at N = 300, alpha = 0.6, beta = 3: r .235, q* .395, q .159, p .335 (its standard errors are about .01, and
    nothing is drawn here: false-alarm rate 0); and the digits of an independent solver."""
    found = follow(0.6 * THREE, 3.0, 0.0, COLD)
    ours = np.array([found.r[0], found.q_star[0], found.q[0], found.p[0]])
    assert np.abs(ours - [0.235, 0.395, 0.159, 0.335]).max() < 0.03
    assert np.abs(ours - [0.2318, 0.3962, 0.1611, 0.3295]).max() < 1e-4


def test_cut_off_quadrature_gives_the_rest_of_the_table():
    """Equal steps on +-7.5 with 241 nodes, as the table's program: alpha = 1.2 and 1.6. The full integral differs at 1.2, not at 1.6."""
    how = dict(nodes=241, sites=240, literal=True, tolerance=1e-6)
    cut = jax.jit(lambda load, start: continual.saddle_point(load, beta=20.0, start=start, **how))
    for load, start, table in (
        (1.2, (0.86, 0.71, 0.93), (0.930, 0.715, 0.738)),
        (1.6, (0.955, 0.975, 0.956), (0.956, 0.976, 0.9985)),
    ):
        found = cut(load, jnp.array(start))
        assert found.converged and np.abs(np.array([found.q_star, found.r, found.p]) - table).max() < 1e-3
    full = follow(jnp.array([1.0, 1.2, 1.6]), 20.0, 0.0, COLD)
    assert full.converged.all() and abs(float(full.r[1]) - 0.663) < 2e-3
    other = follow(jnp.array([2.0, 1.8, 1.6]), 20.0, 0.0, WARM)
    assert np.abs(np.array([other.q_star[2], other.r[2], other.p[2]]) - (0.956, 0.976, 0.9985)).max() < 1e-3
    assert float(full.p[2]) < 0.8 < float(other.p[2]), "two branches coexist"


def test_no_data_and_the_entropy_term():
    """alpha -> 0: hats 0, q = r = 0, q* = 1/3 of the flat measure; with a KL term of its own the magnetisations shrink."""
    found = follow(1e-9 * THREE, 20.0, 0.0, COLD)
    got = [float(x[0]) for x in (found.q, found.r, found.q_hat, found.r_hat, found.q_star_hat)]
    assert np.abs(got).max() < 1e-7 and float(found.q_star[0]) == pytest.approx(1 / 3, abs=1e-7)
    bound = follow(0.5 * THREE, 20.0, 1.0, COLD)
    assert float(bound.q_star[0]) < 0.65 and bound.converged.all()


def test_law_has_the_order_parameters():
    found = jax.tree.map(lambda x: x[0], follow(0.5 * THREE, 20.0, 0.0, COLD))
    law = continual.magnetisation_law(found, beta=20.0, **ROUGH)
    m, _ = quadrature.magnetisations(80, law.dtype)
    assert_close("moments of the law", [law @ m, law @ m**2, law @ jnp.sign(m)], [found.r, found.q_star, found.p], 1e-6)


def test_given_variance():
    """At the saddle point's own q* the constrained saddle is the saddle; the residual is the larger step of q and r that is left."""

    @jax.jit
    def given(q_star, start, damping, iterations):
        how = dict(load=0.6, beta=3.0, start=start, damping=damping, iterations=iterations)
        return continual.fixed_variance(q_star, **how, **ROUGH)

    own = jax.tree.map(lambda x: x[0], follow(0.6 * THREE, 3.0, 0.0, COLD))
    same, less = (given(q, jnp.array([q / 2, q / 2, 0.0]), 0.5, 2000) for q in (float(own.q_star), 0.3))
    assert same.converged and less.converged
    for name in ("q", "r", "p", "q_star_hat", "phi"):
        assert_close(f"given q*: {name}", getattr(same, name), getattr(own, name), 1e-5, 1e-6)
    assert float(less.phi) < float(own.phi), "the free saddle point maximises Phi over q*"
    start = jnp.array([float(own.q) + 0.05, float(own.r), float(own.q_star_hat)])
    stopped, stepped = (given(float(own.q_star), start, 1e-12, count) for count in (1, 2))
    steps = np.abs([stepped.q - start[0], stepped.r - start[1]])
    assert not stopped.converged and steps.min() < 0.9 * steps.max()
    assert_close("residual", stopped.residual, steps.max(), 1e-9)


def test_certificate_is_false_where_it_stopped():
    short = follow(0.5 * THREE, 20.0, 0.0, COLD, 1)
    assert not short.converged[0] and float(short.residual[0]) > 1e-3
    lost = follow(jnp.nan * THREE, 20.0, 0.0, COLD)
    assert not lost.converged.any()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (dict(load=0.0), r"load got 0, but must be a finite number above 0"),
        (dict(beta=-1.0), r"beta got -1, but must be a finite number above 0"),
        (dict(gamma=-0.1), r"gamma got -0.1, but must be a finite number of at least 0"),
        (dict(damping=1.0), r"damping got 1, but must be strictly between 0 and 1; 0.5 is usual"),
        (dict(start=jnp.array([0.5, 0.1, 1.2])), r"start got q\* = 1.2, but must lie strictly between 0 and 1"),
        (dict(start=jnp.array([0.1, 0.9, 0.4])), r"start got q = 0.1 with r = 0.9 and q\* = 0.4, but r\^2 <= q <= q\*"),
    ],
)
def test_bad_input(given, said):
    with pytest.raises(BadInput, match=said):
        continual.saddle_point(**{"load": 0.5, "beta": 20.0, **given})


def test_given_variance_must_be_a_share():
    with pytest.raises(BadInput, match=r"q_star got 1, but must be strictly between 0 and 1"):
        continual.fixed_variance(1.0, load=2.0, beta=5.0)
    with pytest.raises(BadInput, match=r"load got -2"):
        continual.fixed_variance(0.5, load=-2.0, beta=5.0)
