import numpy as np
from sklearn.linear_model import MultiTaskElasticNet

from mtrl.representation.convex.elastic import elastic
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, data, solve


def test_matches_scikit_learn():
    x, y = data(shared=True)
    sk = MultiTaskElasticNet(alpha=0.3, l1_ratio=0.4, fit_intercept=False, tol=1e-13, max_iter=100000)
    sk.fit(np.asarray(x[0]), np.asarray(y).T)

    def fit(loss, lam, ratio):
        return elastic(loss, lam, l1_ratio=ratio, gap=EXACT)

    run = solve(fit, True)
    assert_close("MultiTaskElasticNet", run(0.3, 0.4).weights, sk.coef_.T, 1e-7)
