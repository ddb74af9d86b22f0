import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix.coupling import coupling
from mtrl.random_matrix.data import pack
from mtrl.random_matrix.dual import fit_dual
from mtrl.random_matrix.leave_one_out import estimate_risk, loo_residuals
from mtrl.random_matrix.ridge import fit_star
from tests.helpers import assert_close


def test_brute_force_leave_one_out():
    """Refit without sample i, on the same coupling, and predict it: exactly (QY)_i/Q_ii."""
    rng = np.random.default_rng(0)
    counts, gamma, lam = (5, 7), jnp.array([0.7, 1.6]), 0.9
    X, Y = [rng.normal(size=(n, 4)) for n in counts], [rng.normal(size=(n, 1)) for n in counts]
    data = pack(X, Y)
    fit = fit_star(data, gamma=gamma, lam=lam)
    ours = loo_residuals(fit)
    B = coupling(gamma, lam)
    squares = np.zeros(2)
    for t, n in enumerate(counts):
        for i in range(n):
            # a sample of zeros is no sample
            without = data._replace(features=data.features.at[t, i].set(0), targets=data.targets.at[t, i].set(0))
            W = fit_dual(without, B=B).W
            error = Y[t][i] - X[t][i] @ W[t] / np.sqrt(8)
            assert abs(float(ours[t, i, 0]) - float(error[0])) < 1e-12
            squares[t] += float(error[0]) ** 2 / n
    estimated = estimate_risk(fit, data.counts)
    assert_close("leave-one-out risk", estimated.loo, squares, rtol=1e-11)
    train = [np.mean(np.asarray(fit.residual[t, :n]) ** 2) for t, n in enumerate(counts)]
    traces = [np.mean(np.asarray(fit.q_diag[t, :n])) for t, n in enumerate(counts)]
    assert_close("GCV", estimated.gcv, np.array(train) / np.array(traces) ** 2, rtol=1e-12)
