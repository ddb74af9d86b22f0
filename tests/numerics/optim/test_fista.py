import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import Lasso

from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.proximal import soft_threshold
from tests.helpers import assert_close


def test_lasso_matches_scikit_learn_and_the_residual_certifies_it():
    x = jax.random.normal(jax.random.key(0), (30, 8))
    y = x[:, 0] - 2 * x[:, 3] + 0.1 * jax.random.normal(jax.random.key(1), (30,))
    lipschitz = jnp.linalg.norm(x, ord=2) ** 2 / 30

    def solve(iterations):
        return fista(
            lambda w: x.T @ (x @ w - y) / 30,
            lambda w, step: soft_threshold(w, 0.1 * step),
            jnp.zeros(8),
            lipschitz=lipschitz,
            iterations=iterations,
        )

    reference = Lasso(alpha=0.1, fit_intercept=False, tol=1e-14, max_iter=100000).fit(np.asarray(x), np.asarray(y))
    found = solve(300)
    assert_close("lasso", found.point, reference.coef_, 1e-8)
    assert float(found.residual) < 1e-10
    assert float(solve(3).residual) > 1e-4  # too few iterations do not pass for a solution


def test_restart_makes_it_linear_on_an_ill_conditioned_quadratic():
    scales = jnp.geomspace(1.0, 1e-4, 20)
    run = lambda n: fista(  # noqa: E731
        lambda w: scales * (w - 1), lambda w, step: w, jnp.zeros(20), lipschitz=1.0, iterations=n
    )
    error = [float(jnp.linalg.norm(run(n).point - 1)) for n in (1000, 2000)]
    assert error[0] < 0.05
    assert error[1] < 1e-2 * error[0]  # sublinear convergence, 1/k^2, would only give 1/4


def test_any_pytree_and_a_zero_gradient():
    start = {"a": jnp.ones(3), "b": (jnp.zeros(2),)}
    found = fista(lambda p: jax.tree.map(jnp.zeros_like, p), lambda p, s: p, start, lipschitz=0.0, iterations=3)
    assert_close("unchanged", found.point["a"], np.ones(3), 1e-12)
    assert float(found.residual) == 0.0
