import jax
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import moments
from mtrl.representation.classical.clustered import clustered
from mtrl.representation.classical.dirty import dirty
from mtrl.representation.classical.elastic import elastic
from mtrl.representation.classical.factored_trace_norm import factored_trace_norm
from mtrl.representation.classical.feature_selection import feature_selection
from mtrl.representation.classical.loss import loss_from_moments
from mtrl.representation.classical.max_norm import max_norm
from mtrl.representation.classical.mean_regularised import mean_regularised, pooled_ridge
from mtrl.representation.classical.mtfl import mtfl
from mtrl.representation.classical.robust import robust
from mtrl.representation.classical.robust_features import robust_features
from mtrl.representation.classical.single_task import lasso, ridge
from mtrl.representation.classical.sparse_low_rank import sparse_low_rank
from mtrl.representation.classical.task_relationship import task_relationship
from mtrl.representation.classical.trace_norm import trace_norm
from tests.representation.classical.fixtures import data, loss


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: ridge(d, -0.1), "lam=-0.1"),
        (lambda d: lasso(d, -0.1), "lam=-0.1"),
        (lambda d: feature_selection(d, -0.1), "lam=-0.1"),
        (lambda d: max_norm(d, -0.1), "lam=-0.1"),
        (lambda d: trace_norm(d, -0.1), "lam=-0.1"),
        (lambda d: factored_trace_norm(jax.random.key(0), d, -0.1, rank=2), "lam=-0.1"),
        (lambda d: elastic(d, -0.1), "lam=-0.1"),
        (lambda d: mean_regularised(d, -1.0, mu=0.1), "rho=-1"),
        (lambda d: mean_regularised(d, 1.0, mu=-0.1), "mu=-0.1"),
        (lambda d: pooled_ridge(d, -0.1), "mu=-0.1"),
        (lambda d: mtfl(d, -0.1), "gamma=-0.1"),
        (lambda d: task_relationship(d, -0.1, lam1=0.1), "lam2=-0.1"),
        (lambda d: clustered(d, -0.1, eta=0.1, clusters=2), "alpha=-0.1"),
        (lambda d: dirty(d, 0.1, lam_s=-0.1), "lam_s=-0.1"),
        (lambda d: robust(d, -0.1, lam_s=0.1), "lam_l=-0.1"),
        (lambda d: robust_features(d, 0.1, lam_2=-0.1), "lam_2=-0.1"),
        (lambda d: sparse_low_rank(d, -0.1, lam_s=0.1), "lam_l=-0.1"),
    ],
)
def test_negative_weights_are_refused(call, message):
    with pytest.raises(BadInput, match=f"{message} is not a penalty weight; give a finite number of at least 0"):
        call(loss())


def test_other_parameters_outside_their_range_are_refused():
    with pytest.raises(BadInput, match=r"l1_ratio=1.5 is outside 0\.\.1"):
        elastic(loss(), 0.1, l1_ratio=1.5)
    for clusters in (0, 6):
        with pytest.raises(BadInput, match=rf"clusters={clusters} is outside 1\.\.tasks=5"):
            clustered(loss(), 0.1, eta=0.1, clusters=clusters)


def test_methods_of_relations_need_two_tasks():
    x, y = data()
    alone = loss_from_moments(moments(x[:1], y[:1]))
    for fit in (
        lambda d: clustered(d, 0.1, eta=0.1, clusters=1),
        lambda d: task_relationship(d, 0.1, lam1=0.1),
        lambda d: mean_regularised(d, 0.1, mu=0.1),
    ):
        with pytest.raises(BadInput, match="tasks=1 leaves no relation to learn"):
            fit(alone)
