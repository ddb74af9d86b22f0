import jax
import jax.numpy as jnp

from mtrl.numerics.linalg.subspaces import sin_theta
from mtrl.numerics.moments import moments
from mtrl.representation.subspace import Clients, descend, fedsgd, global_weights, problem
from mtrl.representation.subspace.fedsgd import head_gradient
from tests.helpers import assert_close


def test_reaches_the_single_linear_model_and_not_the_subspace():
    params = problem.sample_unit_rows(jax.random.key(0), tasks=50, dim=6, rank=2, noise=0.0)
    x, y = problem.draw(jax.random.key(1), params, samples=20, scale=20**-0.5)
    data = moments(x, y)
    clients = Clients(data, problem.random_basis(jax.random.key(2), 6, 2))

    state, _ = descend(fedsgd(eta=0.2), clients, rounds=4000)
    pooled = jnp.linalg.solve(data.gram.sum(0), data.cross.sum(0))
    assert_close("one model in disguise", global_weights(state), pooled, 0.03)
    assert float(sin_theta(params.basis, state.basis)) > 0.5


def test_head_gradient_is_the_average_over_clients():
    x, y = jax.random.normal(jax.random.key(4), (3, 5, 4)), jax.random.normal(jax.random.key(5), (3, 5))
    data = moments(x, y)
    clients = Clients(data, jnp.eye(4)[:, :2])
    state = fedsgd(eta=0.2).init(jax.random.key(0), clients)
    loss = lambda a: jnp.mean(jnp.sum((x @ state.basis @ a - y) ** 2, axis=1)) / 2  # noqa: E731
    assert_close("gradient", head_gradient(clients, state)[0], jax.grad(loss)(state.heads[0]), 1e-10)


def test_a_round_moves_basis_and_head_along_the_mean_gradient_whatever_the_factorisation():
    # Orthonormalising B changes the pair (B, a), not the model B a.
    x, y = jax.random.normal(jax.random.key(4), (3, 5, 4)), jax.random.normal(jax.random.key(5), (3, 5))
    data = moments(x, y)
    clients = Clients(data, jnp.eye(4)[:, :2])
    state = fedsgd(eta=0.2).init(jax.random.key(0), clients)
    loss = lambda b, a: jnp.mean(jnp.sum((x @ b @ a - y) ** 2, axis=1)) / 2  # noqa: E731
    slope_b, slope_a = jax.grad(loss, argnums=(0, 1))(state.basis, state.heads[0])
    new, _ = fedsgd(eta=0.2).step(jax.random.key(0), state, clients)
    moved = (state.basis - 0.2 * slope_b) @ (state.heads[0] - 0.2 * slope_a)
    assert_close("B a", global_weights(new), moved, 1e-10)
    assert_close("orthonormal", new.basis.T @ new.basis, jnp.eye(2), 1e-12)
