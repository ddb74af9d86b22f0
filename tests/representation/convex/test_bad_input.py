import jax
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import moments
from mtrl.representation.convex.clustered import clustered
from mtrl.representation.convex.dirty import dirty
from mtrl.representation.convex.elastic import elastic
from mtrl.representation.convex.factored_trace_norm import factored_trace_norm
from mtrl.representation.convex.feature_selection import feature_selection
from mtrl.representation.convex.max_norm import max_norm
from mtrl.representation.convex.mean_regularised import mean_regularised, pooled_ridge
from mtrl.representation.convex.mtfl import mtfl
from mtrl.representation.convex.quadratic import data_term
from mtrl.representation.convex.robust import robust
from mtrl.representation.convex.robust_features import robust_features
from mtrl.representation.convex.single_task import lasso, ridge
from mtrl.representation.convex.sparse_low_rank import sparse_low_rank
from mtrl.representation.convex.task_relationship import task_relationship
from mtrl.representation.convex.trace_norm import trace_norm
from tests.representation.convex.fixtures import data, term


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: ridge(d, -0.1), "lam got -0.1"),
        (lambda d: lasso(d, -0.1), "lam got -0.1"),
        (lambda d: feature_selection(d, -0.1), "lam got -0.1"),
        (lambda d: max_norm(d, -0.1), "lam got -0.1"),
        (lambda d: trace_norm(d, -0.1), "lam got -0.1"),
        (lambda d: factored_trace_norm(jax.random.key(0), d, -0.1, rank=2), "lam got -0.1"),
        (lambda d: elastic(d, -0.1), "lam got -0.1"),
        (lambda d: mean_regularised(d, -1.0, mu=0.1), "rho got -1"),
        (lambda d: mean_regularised(d, 1.0, mu=-0.1), "mu got -0.1"),
        (lambda d: pooled_ridge(d, -0.1), "mu got -0.1"),
        (lambda d: mtfl(d, -0.1), "gamma got -0.1"),
        (lambda d: task_relationship(d, -0.1, lam1=0.1), "lam2 got -0.1"),
        (lambda d: clustered(d, -0.1, eta=0.1, clusters=2), "alpha got -0.1"),
        (lambda d: dirty(d, 0.1, lam_s=-0.1), "lam_s got -0.1"),
        (lambda d: robust(d, -0.1, lam_s=0.1), "lam_l got -0.1"),
        (lambda d: robust_features(d, 0.1, lam_2=-0.1), "lam_2 got -0.1"),
        (lambda d: sparse_low_rank(d, -0.1, lam_s=0.1), "lam_l got -0.1"),
    ],
)
def test_negative_weights_are_refused(call, message):
    with pytest.raises(BadInput, match=f"{message}, but must be a finite number"):
        call(term())


def test_other_parameters_outside_their_range_are_refused():
    with pytest.raises(BadInput, match="l1_ratio got 1.5, but must be from 0 to 1"):
        elastic(term(), 0.1, l1_ratio=1.5)
    for clusters in (0, 6):
        with pytest.raises(BadInput, match=f"clusters got {clusters}, but must be a whole number from 1 to 5"):
            clustered(term(), 0.1, eta=0.1, clusters=clusters)


def test_methods_of_relations_need_two_tasks():
    x, y = data()
    alone = data_term(moments(x[:1], y[:1]))
    for fit in (
        lambda d: clustered(d, 0.1, eta=0.1, clusters=1),
        lambda d: task_relationship(d, 0.1, lam1=0.1),
        lambda d: mean_regularised(d, 0.1, mu=0.1),
    ):
        with pytest.raises(
            BadInput, match="tasks got 1, but must be a whole number of at least 2; one task has no relation"
        ):
            fit(alone)
