import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix import bayes_coupling, coupling, multiplied_penalties, whiten_noise
from mtrl.random_matrix.regression import fit_shared_centre
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def test_definitions():
    assert_close("B", coupling(jnp.array([1.0, 2.0]), 0.5), [[1.5, 0.5], [0.5, 2.5]])
    W = jnp.array([[1.0, 2.0], [0.0, 1.0]])
    assert_close("Omega/sig2", bayes_coupling(W, noise=0.5), [[5.0, 2.0], [2.0, 1.0]])
    X = jnp.ones((2, 3, 2))
    assert_close("whitened", whiten_noise(X, jnp.array([4.0, 0.25]))[:, 0, 0], [0.5, 2.0])


def test_multiplied_penalties_shrink_the_shared_part_as_they_grow():
    """Minimising sum |y - f|^2 + lam_inv |W_0|^2 + sum gamma_inv |V_t|^2 directly gives the same hyperplanes."""
    data = random_data(4, (6, 9), outputs=1)
    lam_inv, gamma_inv = 0.8, jnp.array([0.3, 1.1])

    def loss(q):
        W = q[0] + q[1:]
        error = data.targets[:, :, 0] - jnp.einsum("tni,ti->tn", data.features, W) / jnp.sqrt(8.0)
        return jnp.sum(error**2) + lam_inv * jnp.sum(q[0] ** 2) + jnp.sum(gamma_inv[:, None] * q[1:] ** 2)

    hessian, slope = jax.jit(lambda q: (jax.hessian(loss)(q), jax.grad(loss)(q)))(np.zeros((3, 4)))
    q = np.linalg.solve(np.reshape(hessian, (12, 12)), -np.reshape(slope, 12)).reshape(3, 4)
    B = np.asarray(multiplied_penalties(gamma_inv, lam_inv))
    lam = B[0, 1]
    ours = jax.jit(fit_shared_centre)(data, gamma=np.diagonal(B) - lam, lam=lam)
    assert_close("hyperplanes", np.asarray(ours.W)[:, :, 0], q[0] + q[1:], rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coupling([1.0, -0.1], 1.0), "gamma got -0.1, but must be a finite number of at least 0"),
        (lambda: coupling([1.0, np.nan], 1.0), "gamma got nan"),
        (lambda: coupling([1.0], -1.0), "lam got -1"),
        (lambda: coupling([0.0, 0.0], 0.0), "all 0"),
        (lambda: bayes_coupling(jnp.ones((2, 3)), noise=0.0), "noise got 0"),
        (lambda: whiten_noise(jnp.ones((2, 3)), jnp.array([1.0, -1.0])), "noise got -1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def test_lists_whole_numbers_and_traced_strengths_are_taken():
    assert_close("list", coupling([1, 2], 0), np.diag([1.0, 2.0]))
    assert_close("traced", jax.jit(coupling)(jnp.zeros(2), 0.5), np.full((2, 2), 0.5))
