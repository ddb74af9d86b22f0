"""Contract rows of the shared linear representations and the convex methods."""

import functools

import jax
import jax.numpy as jnp

from mtrl.numerics.linalg.subspaces import projector
from mtrl.numerics.moments import Moments, moments
from mtrl.representation import convex, subspace
from mtrl.representation.convex.quadratic import DataTerm
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
    means = convex.data_term(moments(*rows(key, dtype))).means
    return means.gram, means.cross, means.square


def as_term(gram, cross, square) -> DataTerm:
    """The data term of its three arrays."""
    return DataTerm(Moments(gram, cross, square, jnp.full_like(square, SAMPLES)))


def gram(key, dtype):
    """(G, c)."""
    data = moments(*rows(key, dtype))
    return data.gram, data.cross


def as_moments(g, c) -> Moments:
    """Moments of which the learners of a subspace read G, c and n alone."""
    return Moments(g, c, jnp.zeros_like(c[:, 0]), jnp.full_like(c[:, 0], SAMPLES))


def with_start(fit):
    return lambda key, g, c: fit(as_moments(g, c), start(g.dtype))


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


def weights_of(output):
    """W of a fit with its certificate."""
    return output.weights


def rounds(factory, count=4):
    """A few rounds of an iteration on fixed clients."""

    def call(key, g, c, **hyper):
        clients = subspace.Clients(as_moments(g, c), start(g.dtype))
        return subspace.descend(factory(**hyper), clients, rounds=count, key=key)[0]

    return dict(call=call, factory=factory)


def method(fit, **more):
    """Call a convex method on the three arrays of the data term."""
    return lambda key, h, b, s: fit(as_term(h, b, s), 0.1, **more)


SUBSPACE = dict(compare=span, permute=permute, unpermute=same, tasks=TASKS)
FIXED = dict(scale=scale_responses, why="a fixed step is stable only for a fixed curvature: responses are scaled")


SUBSPACES = [
    Case("method of moments", lambda k, x, y: subspace.method_of_moments(x, y, rank=RANK), rows, **SUBSPACE),
    Case(
        "factored least squares",
        lambda k, x, y: subspace.factored_least_squares(k, x, y, rank=RANK, iterations=30),
        rows,
        compare=span,
        key_dependent=True,
        scale=scale_responses,
        why="tolerances of the search are absolute as in the released code: the responses are scaled, not the design",
    ),
    Case("AltMin", with_start(functools.partial(subspace.alternating_minimisation, iterations=6)), gram, **SUBSPACE),
    Case(
        "AltMin streamed",
        lambda k, x, y: subspace.alternating_minimisation_streamed(x, y, start(x.dtype), iterations=3),
        rows,
        differs_from=("method of moments",),
        **SUBSPACE,
    ),
    Case(
        "AltMin fresh",
        with_start(functools.partial(subspace.alternating_minimisation_fresh, iterations=2)),
        gram,
        compare=span,
        differs_from=("AltMin",),
    ),
    Case(
        "AltMinGD",
        **rounds(subspace.altmin_gd, 6),
        example=gram,
        hyper={"eta": 0.5},
        changed={"eta": 0.1},
        inert={"cutoff": "matters where a head is not identified"},
        scale=scale_responses,
        scales=(1e-10, 1e3),
        differs_from=("AltMin",),
        why="a fixed step is stable only for a fixed curvature: responses are scaled, up to 1e3 only, as the curvature "
        "in B grows with their square",
        **SUBSPACE,
    ),
    Case(
        "IHT",
        lambda k, g, c: subspace.iterative_hard_thresholding(as_moments(g, c), rank=RANK, step=0.02),
        gram,
        **FIXED,
        **SUBSPACE,
    ),
    Case(
        "FedRep",
        **rounds(subspace.fedrep),
        example=gram,
        hyper={"eta": 0.01},
        static={"active": 2},
        changed={"eta": 0.02, "active": 3, "head_updates": 1},
        poison=lambda arrays: (jnp.full_like(arrays[0], jnp.nan), arrays[1]),  # of every client: two of them take part in a round
        inert={"head_eta": "only for gradient steps on heads, see GD-GD", "cutoff": "matters where a head is not identified"},
        compare=span,
        key_dependent=True,
    ),
    Case("FedRep full", **rounds(subspace.fedrep), example=gram, hyper={"eta": 0.01}, changed={"eta": 0.02},
         inert=dict.fromkeys(("active", "head_updates", "head_eta", "cutoff"), "see FedRep"), **SUBSPACE),
    Case("GD-GD", **rounds(subspace.fedrep), example=gram, hyper={"eta": 0.01, "head_eta": 0.05}, static={"head_updates": 1},
         changed={"eta": 0.02, "head_eta": 0.02, "head_updates": 3}, inert=dict.fromkeys(("active", "cutoff"), "see FedRep"),
         differs_from=("FedRep full",), **FIXED, **SUBSPACE),
    Case("10GD-GD", **rounds(subspace.fedrep), example=gram, hyper={"eta": 0.01, "head_eta": 0.05}, static={"head_updates": 10},
         changed={"head_eta": 0.02}, inert=dict.fromkeys(("eta", "head_updates", "active", "cutoff"), "see GD-GD"),
         differs_from=("FedRep full", "GD-GD"), **FIXED, **SUBSPACE),
    Case("FedSGD", **rounds(subspace.fedsgd), example=gram, hyper={"eta": 0.01}, changed={"eta": 0.02},
         differs_from=("FedRep full",), scales=(1e-10, 1e2), scale=scale_responses, why="the gradient step makes the head a product of the responses of all rounds", **SUBSPACE),
    Case("reduced rank", lambda k, x, y: subspace.reduced_rank_regression(x[0], y, rank=RANK), rows, compare=span),
    Case("minimum norm", lambda k, x, y: subspace.minimum_norm(x[0], y[0]), rows),
    Case("transfer", lambda k, x, y: subspace.transfer(x[0], y[0], start(x.dtype)), rows, differs_from=("minimum norm",)),
    Case(
        "structures",
        lambda k, x: x * jnp.stack([subspace.structured_weights(k, structure=s, dim=DIM, tasks=TASKS, rank=1, features=2).astype(x.dtype) for s in subspace.STRUCTURES]),
        lambda k, dtype: (jnp.ones((), dtype),),
        key_dependent=True,
    ),
]  # fmt: skip

METHODS = {
    "ridge": method(convex.ridge),
    "lasso": method(convex.lasso),
    "pooled ridge": method(convex.pooled_ridge),
    "mean regularised": method(convex.mean_regularised, mu=0.05),
    "MTFS": method(convex.feature_selection),
    "l1,inf": method(convex.max_norm),
    "elastic": method(convex.elastic, l1_ratio=0.5),
    "trace norm": method(convex.trace_norm),
    "MTFL": method(convex.mtfl),
    "MTRL": method(convex.task_relationship, lam1=0.05),
    "CMTL": method(convex.clustered, eta=0.5, clusters=2),
    "dirty": method(convex.dirty, lam_s=0.05),
    "robust": method(convex.robust, lam_s=0.08),
    "robust features": method(convex.robust_features, lam_2=0.08),
    "sparse + low rank": method(convex.sparse_low_rank, lam_s=0.06),
}

CONVEX = [
    Case(
        name,
        call,
        quadratic,
        scale=scale_loss,
        permute=permute,
        unpermute=columns_back,
        compare=weights_of,
        tasks=TASKS,
        differs_from=(after,),
        why="responses are scaled; the penalty weight is in units of the design",
    )
    for (name, call), after in zip(METHODS.items(), [*list(METHODS)[1:], next(iter(METHODS))], strict=True)
]


def factored_trace(key, h, b, s):
    """The factored trace norm needs a key for its start."""
    return convex.factored_trace_norm(key, as_term(h, b, s), 0.1, rank=3, iterations=200, gradient_tolerance=1e-6)


def cross_validated(key, *folds):
    """Ridge with its weight chosen by two folds."""
    lams = jnp.asarray([1.0, 0.1, 0.01], folds[0].dtype)
    path = lambda term, grid: convex.cold_path(convex.ridge, term, grid)  # noqa: E731
    return convex.select_lam(path, Moments(*folds), lams).weights


def two_folds(key, dtype):
    """Moments of two halves."""
    x, y = rows(key, dtype)
    halves = [moments(x[:, part], y[:, part]) for part in (slice(0, 4), slice(4, 8))]
    return tuple(jax.tree.map(lambda *v: jnp.stack(v), *halves))


def known_law(key, x, y):
    """The oracle of tasks with a common centre."""
    coupling = jnp.stack([jnp.ones((TASKS, TASKS), x.dtype), jnp.eye(TASKS, dtype=x.dtype)])
    return convex.oracle(x, y, coupling, jnp.stack([jnp.eye(DIM, dtype=x.dtype)] * 2), noise=0.5)


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
    *CONVEX,
    Case(
        "factored trace norm",
        factored_trace,
        quadratic,
        scale=scale_loss,
        scales=(1e-3, 1e10),
        compare=lambda found: jnp.round(found.weights, 3),
        why="compared to the precision of the search; responses are scaled, and below 1e-3 the answer is zero",
    ),
    Case("cross-validated ridge", cross_validated, two_folds),
]
