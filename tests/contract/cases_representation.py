"""Contract cases of the shared linear representations and the classical convex methods."""

import functools

import jax
import jax.numpy as jnp

from mtrl.numerics.linalg.subspaces import projector
from mtrl.numerics.moments import Moments, moments
from mtrl.representation import altmin_gd, fedrep, fedsgd, iterative_hard_thresholding, structures
from mtrl.representation.alternating_minimisation import alternating_minimisation
from mtrl.representation.alternating_minimisation_fresh import alternating_minimisation_fresh
from mtrl.representation.alternating_minimisation_streamed import alternating_minimisation_streamed
from mtrl.representation.classical import clustered as cmtl
from mtrl.representation.classical import (
    dirty,
    elastic,
    factored_trace_norm,
    feature_selection,
    max_norm,
    mtfl,
    robust,
    robust_features,
    single_task,
    sparse_low_rank,
    trace_norm,
)
from mtrl.representation.classical import mean_regularised as mean
from mtrl.representation.classical import task_relationship as mtrl_
from mtrl.representation.classical.cross_validation import cold_path, select_lam
from mtrl.representation.classical.loss import Loss, loss_from_moments
from mtrl.representation.classical.oracle import oracle
from mtrl.representation.factored_least_squares import factored_least_squares
from mtrl.representation.method_of_moments import method_of_moments
from mtrl.representation.reduced_rank import reduced_rank_regression
from mtrl.representation.transfer import minimum_norm, transfer
from tests.contract.table import Case

TASKS, SAMPLES, DIM, RANK = 4, 8, 3, 1


def rows(key, dtype):
    """x (T, n, d), y (T, n) with a rank-1 signal."""
    keys = jax.random.split(key, 4)
    x = jax.random.normal(keys[0], (TASKS, SAMPLES, DIM), dtype)
    basis = jax.random.normal(keys[1], (DIM, RANK), dtype)
    heads = 1 + jax.random.normal(keys[2], (TASKS, RANK), dtype) / 2
    noise = jax.random.normal(keys[3], (TASKS, SAMPLES), dtype) / 4
    return x, jnp.einsum("tnd,dr,tr->tn", x, basis, heads) + noise


def start(dtype):
    """A fixed orthonormal basis."""
    return jnp.ones((DIM, RANK), dtype) / jnp.sqrt(jnp.asarray(DIM, dtype))


def quadratic(key, dtype):
    """Data term as its three arrays."""
    loss = loss_from_moments(moments(*rows(key, dtype)))
    return loss.hessian, loss.linear, loss.square


def as_loss(hessian, linear, square) -> Loss:
    """The data term with its Lipschitz constant."""
    return Loss(hessian, linear, square, jnp.max(jnp.linalg.eigvalsh(hessian)[:, -1]))


def gram(key, dtype):
    """(G, c)."""
    data = moments(*rows(key, dtype))
    return data.gram, data.cross


def with_start(fit):
    return lambda key, g, c: fit(g, c, start(g.dtype))


def scale_responses(arrays, s):
    """Scale the second array only: (x, y) or (G, c)."""
    return (arrays[0], arrays[1] * s, *arrays[2:])


def scale_loss(arrays, s):
    """Responses times s: the linear term by s, the squares by s^2; the design is kept."""
    return arrays[0], arrays[1] * s, arrays[2] * s**2


def permute(arrays, perm):
    """Rename tasks, which are the leading axis of every array."""
    return tuple(x[perm] for x in arrays)


def same(output, perm):
    """What does not depend on the order of tasks."""
    return output


def columns_back(output, perm):
    """Undo the renaming in the columns of W."""
    return jnp.zeros_like(output).at[:, perm].set(output)


def span(output):
    """A basis as its projector."""
    return projector(output if isinstance(output, jax.Array) else output.basis)


def rounds(step, init, count=4):
    """Run an online algorithm on fixed clients."""

    def call(key, g, c):
        clients = fedrep.Clients(g, c, start(g.dtype))
        first = init(key, clients)
        run = lambda state, k: (step(k, state, clients)[0], None)  # noqa: E731
        return jax.lax.scan(run, first, jax.random.split(key, count))[0].basis

    return call


def fedrep_rounds(**hyper):
    return rounds(functools.partial(fedrep.step, eta=0.01, **hyper), fedrep.init)


def weights(fit, **hyper):
    """Call a classical method on the three arrays of the loss and keep W."""
    return lambda key, h, b, s: fit(as_loss(h, b, s), 0.1, **hyper).weights


SUBSPACE = dict(compare=span, permute=permute, unpermute=same, tasks=TASKS)
SHORT = dict(iterations=25)

SUBSPACES = [
    Case("method of moments", lambda k, x, y: method_of_moments(x, y, rank=RANK), rows, **SUBSPACE),
    Case(
        "factored least squares",
        lambda k, x, y: factored_least_squares(k, x, y, rank=RANK, iterations=30).basis,
        rows,
        compare=span,
        key_dependent=True,
        scale=scale_responses,
        why="tolerances of the search are absolute as in the released code: the responses are scaled, not the design",
    ),
    Case("AltMin", with_start(functools.partial(alternating_minimisation, iterations=6)), gram, **SUBSPACE),
    Case(
        "AltMin streamed",
        lambda k, x, y: alternating_minimisation_streamed(x, y, start(x.dtype), iterations=3),
        rows,
        differs_from=("method of moments",),
        **SUBSPACE,
    ),
    Case(
        "AltMin fresh",
        with_start(functools.partial(alternating_minimisation_fresh, iterations=2)),
        gram,
        compare=span,
        differs_from=("AltMin",),
    ),
    Case(
        "AltMinGD",
        with_start(functools.partial(altmin_gd.altmin_gd, samples=float(TASKS * SAMPLES), eta=0.5, iterations=6)),
        gram,
        scale=scale_responses,
        differs_from=("AltMin",),
        why="a fixed step is stable only for a fixed curvature: responses are scaled, up to 1e3 only, as the curvature "
        "in B grows with their square",
        scales=(1e-10, 1e3),
        **SUBSPACE,
    ),
    Case(
        "IHT",
        lambda k, g, c: iterative_hard_thresholding.iterative_hard_thresholding(g, c, rank=RANK, step=0.02),
        gram,
        scale=scale_responses,
        why="a fixed step needs a fixed curvature: responses are scaled",
        **SUBSPACE,
    ),
    Case("FedRep", fedrep_rounds(active=2), gram, compare=projector, key_dependent=True),
    Case("FedRep full", fedrep_rounds(active=TASKS), gram, **SUBSPACE),
    Case("GD-GD", fedrep_rounds(active=TASKS, head_updates=1, head_eta=0.05), gram, differs_from=("FedRep full",), scale=scale_responses, why="fixed head step", **SUBSPACE),
    Case("10GD-GD", fedrep_rounds(active=TASKS, head_updates=10, head_eta=0.05), gram, differs_from=("FedRep full", "GD-GD"), scale=scale_responses, why="fixed head step", **SUBSPACE),
    Case("FedSGD", rounds(functools.partial(fedsgd.step, eta=0.01), fedsgd.init), gram, differs_from=("FedRep full",), scale=scale_responses, why="fixed step", **SUBSPACE),
    Case("reduced rank", lambda k, x, y: reduced_rank_regression(x[0], y, rank=RANK), rows, compare=span),
    Case("minimum norm", lambda k, x, y: minimum_norm(x[0], y[0]), rows),
    Case("transfer", lambda k, x, y: transfer(x[0], y[0], start(x.dtype)), rows, differs_from=("minimum norm",)),
    Case(
        "structures",
        lambda k, x: x * jnp.stack([structures.structured_weights(k, structure=s, dim=DIM, tasks=TASKS, rank=1, features=2).astype(x.dtype) for s in structures.NAMES]),
        lambda k, dtype: (jnp.ones((), dtype),),
        key_dependent=True,
    ),
]  # fmt: skip

METHODS = {
    "ridge": weights(single_task.ridge),
    "lasso": weights(single_task.lasso, **SHORT),
    "pooled ridge": lambda k, h, b, s: mean.pooled_ridge(as_loss(h, b, s), 0.1),
    "mean regularised": weights(mean.mean_regularised, mu=0.05),
    "MTFS": weights(feature_selection.feature_selection, **SHORT),
    "l1,inf": weights(max_norm.max_norm, **SHORT),
    "elastic": weights(elastic.elastic, l1_ratio=0.5, **SHORT),
    "trace norm": weights(trace_norm.trace_norm, **SHORT),
    "MTFL": weights(mtfl.mtfl, iterations=8),
    "MTRL": weights(mtrl_.task_relationship, lam1=0.05, iterations=8),
    "CMTL": weights(cmtl.clustered, eta=0.5, clusters=2, iterations=8),
    "dirty": weights(dirty.dirty, lam_s=0.05, **SHORT),
    "robust": weights(robust.robust, lam_s=0.08, **SHORT),
    "robust features": weights(robust_features.robust_features, lam_2=0.08, **SHORT),
    "sparse + low rank": weights(sparse_low_rank.sparse_low_rank, lam_s=0.06, **SHORT),
}

CLASSICAL = [
    Case(
        name,
        call,
        quadratic,
        scale=scale_loss,
        permute=permute,
        unpermute=columns_back,
        tasks=TASKS,
        differs_from=(after,),
        why="responses are scaled; the penalty weight is in units of the design",
    )
    for (name, call), after in zip(METHODS.items(), [*list(METHODS)[1:], next(iter(METHODS))], strict=True)
]


def factored_trace(key, h, b, s):
    """The factored trace norm needs a key for its start."""
    loss = as_loss(h, b, s)
    return factored_trace_norm.factored_trace_norm(
        key, loss, 0.1, rank=3, iterations=200, gradient_tolerance=1e-6
    ).weights


def cross_validated(key, *folds):
    """Ridge with its weight chosen by two folds."""
    lams = jnp.asarray([1.0, 0.1, 0.01], folds[0].dtype)
    path = lambda loss, grid: cold_path(lambda data, lam: single_task.ridge(data, lam).weights, loss, grid)  # noqa: E731
    return select_lam(path, Moments(*folds), lams).weights


def two_folds(key, dtype):
    """Moments of two halves."""
    x, y = rows(key, dtype)
    halves = [moments(x[:, part], y[:, part]) for part in (slice(0, 4), slice(4, 8))]
    return tuple(jax.tree.map(lambda *v: jnp.stack(v), *halves))


def known_law(key, x, y):
    """The oracle of tasks with a common centre."""
    coupling = jnp.stack([jnp.ones((TASKS, TASKS), x.dtype), jnp.eye(TASKS, dtype=x.dtype)])
    return oracle(x, y, coupling, jnp.stack([jnp.eye(DIM, dtype=x.dtype)] * 2), noise=0.5)


CASES = [
    Case(
        "oracle",
        known_law,
        rows,
        scale=scale_responses,
        permute=permute,
        unpermute=columns_back,
        tasks=TASKS,
        why="the law of the weights is fixed: responses are scaled",
    ),
    *SUBSPACES,
    *CLASSICAL,
    Case(
        "factored trace norm",
        factored_trace,
        quadratic,
        scale=scale_loss,
        scales=(1e-3, 1e10),
        compare=lambda w: jnp.round(w, 3),
        why="compared to the precision of the search; responses are scaled, and below 1e-3 the answer is zero",
    ),
    Case("cross-validated ridge", cross_validated, two_folds),
]
