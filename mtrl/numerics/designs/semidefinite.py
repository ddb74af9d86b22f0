"""The semidefinite program behind E- and XY-optimal designs, by a primal-dual interior-point method.

With `A(lambda) = sum_x lambda(x) x x^T` over the first rows and columns of block b,

    minimise s  such that  S_b = C_b + A(lambda) + s F_b is positive semidefinite,  lambda >= 0,  sum of lambda in context j = D(j).

E: one block `A + s I`, where `s = -lambda_min`. XY: a block `[[A, y], [y^T, s]]` per direction. The dual variables are U_b with
`sum_b <F_b, U_b> = 1`, and eta with `nu_x = eta - x^T P x >= 0`, P the sum of the U_b over the rows and columns of A. The steps are those
of Nesterov and Todd (1998, SIAM Journal on Optimization 8) with Mehrotra's corrector, solved for the change of P, which has d (d + 1) / 2
entries whatever the number of points: n d^4 / 4 operations a step for n points, d^6 / 24 more, and n d^2 / 2 numbers of memory. Some 10 to
30 steps reach 1e-6; below some 1e-8 rounding stops them, and the best weights so far are given with the gap that they have.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar

BACK = 0.98  # of the way to the boundary


class Program(NamedTuple):
    """The program; A stands in the first d rows and columns of every block."""

    rows: Float[Array, "arm dim"]
    member: Float[Array, "arm context"]  # which context a point belongs to, 0 or 1
    shares: Float[Array, " context"]  # D, the sums of the weights
    constant: Float[Array, "block side side"]  # C
    slope: Float[Array, "block side side"]  # F


class Point(NamedTuple):
    """Where the iteration is; S follows from the weights and s, nu from the dual variables."""

    weights: Float[Array, " arm"]
    s: Float[Array, ""]
    dual: Float[Array, "block side side"]  # U
    eta: Float[Array, " context"]


class _Pairs(NamedTuple):
    """The upper triangle as a vector, off-diagonal entries times the root of two."""

    i: np.ndarray
    j: np.ndarray
    scale: Array


def _pairs(dim: int, dtype) -> _Pairs:
    i, j = np.triu_indices(dim)
    return _Pairs(i, j, jnp.asarray(np.where(i == j, 1.0, np.sqrt(2.0)), dtype))


def _t(matrices: Array) -> Array:
    return jnp.swapaxes(matrices, -1, -2)


def embed(matrix: Array, like: Array) -> Array:
    """The matrix in the first rows and columns of every block, zero elsewhere."""
    return jnp.zeros_like(like).at[:, : matrix.shape[0], : matrix.shape[0]].add(matrix)


def lengths(rows: Array, matrix: Array) -> Array:
    """`x^T M x` of every row."""
    return jnp.sum((rows @ matrix) * rows, axis=1)


def _slack(program: Program, point: Point) -> tuple[Array, Array]:
    """S and nu."""
    dim = program.rows.shape[1]
    information = (program.rows.T * point.weights) @ program.rows
    slack = program.constant + point.s * program.slope + embed(information, program.constant)
    return slack, program.member @ point.eta - lengths(program.rows, jnp.sum(point.dual, 0)[:dim, :dim])


def _room(values: Array, change: Array, roots: Array, moved: Array) -> Array:
    """How far a step stays inside: `values + a change > 0`, and `D + a moved` positive definite for the scaled blocks, D = roots."""
    scaled = moved / jnp.sqrt(roots[:, :, None] * roots[:, None, :])
    least = jnp.minimum(jnp.min(jnp.linalg.eigvalsh(scaled)), jnp.min(change / values))
    return jnp.minimum(1, BACK / jnp.maximum(-least, jnp.finfo(values.dtype).tiny))


def _step(program: Program, pairs: _Pairs, point: Point) -> Point:
    """One predictor and corrector."""
    rows, member, dim = program.rows, program.member, program.rows.shape[1]
    weights, dual = point.weights, point.dual
    slack, nu = _slack(program, point)
    blocks, side = dual.shape[:2]
    # Scaling: W S W = U, W = G G^T, and in its coordinates S and U are both the diagonal D.
    upper, lower = jnp.linalg.cholesky(dual), jnp.linalg.cholesky(slack)
    left, roots, _ = jnp.linalg.svd(_t(upper) @ lower)
    change = upper @ left / jnp.sqrt(roots)[:, None, :]
    scaling = change @ _t(change)

    def vector(matrix):
        return matrix[pairs.i, pairs.j] * pairs.scale

    def matrix(vector):
        half = jnp.zeros((dim, dim), vector.dtype).at[pairs.i, pairs.j].set(vector / pairs.scale)
        return half + half.T - jnp.diag(jnp.diagonal(half))

    # Coordinates of P in which the sum of the scalings is the identity keep its system as well conditioned as it can be.
    frame = jnp.linalg.cholesky(jnp.sum(scaling, 0)[:dim, :dim])
    framed = jax.scipy.linalg.solve_triangular(frame, change[:, :dim], lower=True)
    turned = rows @ frame
    squares = turned[:, pairs.i] * turned[:, pairs.j] * pairs.scale  # x x^T of every point
    size = pairs.i.size
    if blocks == 1:  # its scaling is the identity in these coordinates
        unkernel = jnp.eye(size, dtype=turned.dtype)
    else:
        corner = (framed @ _t(framed)).reshape(blocks, -1)
        product = (corner.T @ corner).reshape(dim, dim, dim, dim)  # sum_b W_ik W_jl
        i, j, k, m = pairs.i[:, None], pairs.j[:, None], pairs.i[None], pairs.j[None]
        kernel = (product[i, k, j, m] + product[i, m, j, k]) * (pairs.scale[:, None] * pairs.scale[None]) / 2
        unkernel = jnp.linalg.inv(kernel)  # near the identity
    ratio = weights / nu
    inner = (squares.T * ratio) @ squares
    factor = jnp.linalg.cholesky(inner + (unkernel + unkernel.T) / 2)

    def solve(right):
        return jax.scipy.linalg.cho_solve((factor, True), right)

    inside = _t(change) @ program.slope @ change
    g = vector(jnp.sum(framed @ inside @ _t(framed), 0))
    p = squares.T @ (ratio[:, None] * member)
    g_free = unkernel @ g
    base = solve(jnp.concatenate([p, -g_free[:, None]], axis=1))
    own = g_free @ g - jnp.sum(inside**2)
    left_system = jnp.block(
        [
            [p.T @ base[:, :-1] - (member.T * ratio) @ member, (p.T @ base[:, -1])[:, None]],
            [(g_free @ base[:, :-1])[None], (g_free @ base[:, -1] + own)[None, None]],
        ]
    )
    missing = program.shares - member.T @ weights
    missing_trace = 1 - jnp.sum(program.slope * dual)

    def direction(aim, curved_blocks, curved):
        scaled = jnp.eye(side, dtype=roots.dtype) * (aim / roots - roots)[:, None, :] - curved_blocks
        pushed = ratio * (aim / weights - nu - curved / weights)
        c0 = squares.T @ pushed
        r = vector(jnp.sum(framed @ scaled @ _t(framed), 0))
        p0 = solve(unkernel @ r - c0)
        goal = jnp.concatenate(
            [
                missing - member.T @ pushed - p.T @ p0,
                (missing_trace - jnp.sum(inside * scaled) + g_free @ (r - p0))[None],
            ]
        )
        both = jnp.linalg.solve(left_system, goal)
        d_p = p0 + base @ both
        d_eta, d_s = both[:-1], both[-1]
        d_nu = member @ d_eta - squares @ d_p
        d_weights = pushed - ratio * d_nu
        d_slack = embed((rows.T * d_weights) @ rows, dual) + d_s * program.slope
        moved = _t(change) @ d_slack @ change
        # The change of A from that of P, which the large weights over nu would spoil, and not from the weights.
        d_information = unkernel @ (r - d_s * g - d_p)
        d_scaled = scaled - _t(framed) @ matrix(d_information) @ framed - d_s * inside
        return d_weights, d_nu, d_s, d_eta, moved, d_scaled

    def rooms(d_weights, d_nu, moved, d_scaled):
        return _room(weights, d_weights, roots, moved), _room(nu, d_nu, roots, d_scaled)

    count = blocks * side + weights.shape[0]
    now = (jnp.sum(roots**2) + nu @ weights) / count
    d_weights, d_nu, _, _, moved, d_scaled = direction(0.0, jnp.zeros_like(dual), jnp.zeros_like(nu))
    primal, dualwise = rooms(d_weights, d_nu, moved, d_scaled)
    diagonal = jnp.eye(side, dtype=roots.dtype) * roots[:, None, :]
    after = jnp.sum((diagonal + primal * moved) * (diagonal + dualwise * d_scaled))
    after = (after + (nu + dualwise * d_nu) @ (weights + primal * d_weights)) / count
    mixed = moved @ d_scaled
    curved_blocks = (mixed + _t(mixed)) / (roots[:, :, None] + roots[:, None, :])
    aim = now * jnp.clip(after / now, 0, 1) ** 3
    d_weights, d_nu, d_s, d_eta, moved, d_scaled = direction(aim, curved_blocks, d_weights * d_nu)
    primal, dualwise = rooms(d_weights, d_nu, moved, d_scaled)
    d_dual = change @ d_scaled @ _t(change)
    return Point(
        weights + primal * d_weights,
        point.s + primal * d_s,
        dual + dualwise * (d_dual + _t(d_dual)) / 2,
        point.eta + dualwise * d_eta,
    )


def follow(
    program: Program,
    start: Point,
    judge: Callable[[Point], tuple[Array, Array]],
    iterations: int,
    tolerance: Scalar,
) -> tuple[Array, Array, Array]:
    """Steps until the best value is within `tolerance` of the best bound; these, and the weights of that value.

    Args:
      program: the program.
      start: a point inside.
      judge: value of the weights of a point, and the bound that its dual variables give.
      iterations: most steps.
      tolerance: relative gap.
    """
    pairs = _pairs(program.rows.shape[1], program.rows.dtype)

    def keep(point, best, value, bound):
        now, below = judge(point)
        better = now < value
        best = jnp.where(better, point.weights, best)
        return best, jnp.where(better, now, value), jnp.where(below > bound, below, bound)

    def going(state):
        k, point, (_, value, bound) = state
        finite = jnp.isfinite(point.weights).all() & jnp.isfinite(point.dual).all()
        return (k < iterations) & finite & ~(value <= bound * (1 + tolerance))

    def body(state):
        k, point, found = state
        point = _step(program, pairs, point)
        return k + 1, point, keep(point, *found)

    none = jnp.full_like(start.weights, jnp.nan), jnp.asarray(jnp.inf, start.s.dtype), jnp.zeros_like(start.s)
    return jax.lax.while_loop(going, body, (0, start, keep(start, *none)))[2]
