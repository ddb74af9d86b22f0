import jax.numpy as jnp

from mtrl.random_matrix.equivalents import equivalent_general
from mtrl.random_matrix.regression import assemble, mean_error
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import autoregressive_example


def test_compact_form_is_the_second_order_equivalent_of_the_paper():
    """R_test against `Qbar_2(C) = Qbar C Qbar + sum_s D_s v_s(C) Qbar C_s Qbar`, written out with A^1/2."""
    p = autoregressive_example(B_rank_full=True)
    T, d = p.W.shape
    e = equivalent_general(p.B, p.n, p.covariance)
    u = mean_error(p.B, e.kappa, p.covariance, p.W)
    K = jnp.einsum("si,sij,sj->s", u, p.covariance, u) / (T * d)
    ours = assemble(e, K, K, p.noise)

    s, U = jnp.linalg.eigh(jnp.kron(p.B, jnp.eye(d)))
    root, inverse_root = (U * jnp.sqrt(s)) @ U.T, (U / jnp.sqrt(s)) @ U.T
    Qbar = inverse_root @ e.P.reshape(T * d, T * d) @ inverse_root
    C = [root @ jnp.kron(jnp.diag(jnp.eye(T)[t]), p.covariance[t]) @ root for t in range(T)]
    w = inverse_root @ p.W.reshape(-1)
    for t in range(T):
        v0 = jnp.array([jnp.trace(C[r] @ Qbar @ C[t] @ Qbar) for r in range(T)]) / (T * d)
        v = jnp.linalg.solve(jnp.eye(T) - e.Psi * e.D, v0)
        second = Qbar @ C[t] @ Qbar + sum(e.D[r] * v[r] * Qbar @ C[r] @ Qbar for r in range(T))
        assert_close(f"signal of task {t}", ours.signal[t], w @ second @ w / (T * d), rtol=1e-10)
        assert_close(f"noise of task {t}", ours.noise[t], jnp.sum(p.noise * e.D * v), rtol=1e-10)
