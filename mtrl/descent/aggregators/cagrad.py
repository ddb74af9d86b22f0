"""CAGrad: the best worst-task descent in a ball around the mean gradient (Liu, Liu, Jin, Stone, Liu, NeurIPS 2021)."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_tasks, from_gramian
from mtrl.descent.gramian import safe
from mtrl.numerics.checks import check_choice, check_nonnegative, check_whole
from mtrl.numerics.types import Scalar

RESCALES = ("none", "square", "linear")


def _simplex_of_two(gram: Array, radius: Array) -> Array:
    """The dual's minimiser for two tasks: D = g1 - g2, A = D.g0, q = D.D."""
    (a, b), (_, c) = gram
    A = (a - c) / 2
    q = a - 2 * b + c
    w0 = (c - b) / safe(q)
    m = c - (c - b) ** 2 / safe(q)  # squared distance of the line through g1, g2 to 0
    below = radius**2 * q**2 - A**2 * q
    inside = w0 - jnp.sign(A) * jnp.sqrt(A**2 * jnp.maximum(m, 0) / safe(below))
    first = jnp.where(below > 0, jnp.clip(inside, 0, 1), jnp.where(A > 0, 0.0, 1.0))
    first = jnp.where(q > 0, first, 0.5)
    return jnp.stack([first, 1 - first])


def _interior_point(gram: Array, c: Scalar, iterations: int) -> tuple[Array, Array]:
    """The dual's minimiser w and the length t >= |g_w| over which the direction is scaled, in units of |g0| = 1.

    `min_w b'w + r min_{t > |g_w|} (t - (tau / r) log(t^2 - |g_w|^2)) - tau sum log w`, b = M 1/T, all over 1 + c, by primal-dual Newton
    steps along a falling tau; the step is the best of eight lengths, and tau falls after a long one. `d = g0 + c g_w / t` lies in the ball
    whatever w is, and the dual's value minus the worst-task descent of d is a gap: the point of the smallest one is returned. Where g_w
    vanishes at the optimum t does so too, and rounding leaves their ratio to some percent.
    """
    tasks, dtype = gram.shape[0], gram.dtype
    one = jnp.ones(tasks, dtype)
    r = jnp.asarray(c / (1 + c), dtype)
    b = gram.mean(1) / (1 + c)
    shrink = 0.15
    least = 1e-12 if jnp.finfo(dtype).bits > 32 else 1e-5

    def around(w, tau):
        image = gram @ w
        square = jnp.maximum(w @ image, 0)
        root = jnp.sqrt(tau**2 + r**2 * square)
        return image, square, root, (tau + root) / r

    def merit(w, tau):
        _, _, _, t = around(w, tau)
        # At the best t its barrier is t^2 - |g_w|^2 = 2 tau t / r.
        return (b @ w + r * t) / tau - jnp.log(2 * t * tau / r) - jnp.sum(jnp.log(w))

    def judge(w, tau):
        image, square, _, t = around(w, tau)
        return t, b @ w + r * jnp.sqrt(square) - jnp.min(b + r * image / t)

    def step(carry, _):
        w, nu, tau, best, length, smallest = carry
        image, _, root, t = around(w, tau)
        H = r / t * (gram - jnp.outer(image, image) * (r / (t * root)))
        # What all entries of the gradient share moves nothing on the simplex: a multiple of 1 1' makes H regular along w.
        A = H + jnp.diag(nu / w) + jnp.trace(H) / tasks
        moves = jnp.linalg.solve(A, jnp.stack([tau / w - b - r * image / t, one], axis=1))
        dw = moves[:, 0] - moves[:, 0].sum() / moves[:, 1].sum() * moves[:, 1]
        dw = jnp.where(jnp.isfinite(dw).all(), dw, 0)
        d_nu = tau / w - nu - nu / w * dw
        tiny = jnp.finfo(dtype).tiny
        primal = jnp.minimum(1, 0.95 / jnp.maximum(jnp.max(-dw / w), tiny))
        dual = jnp.minimum(1, 0.95 / jnp.maximum(jnp.max(-d_nu / nu), tiny))
        tries = primal * 0.5 ** jnp.arange(8, dtype=dtype)
        which = jnp.argmin(jax.vmap(lambda a: merit(w + a * dw, tau))(tries))
        w = w + tries[which] * dw
        w = w / w.sum()
        nu = jnp.clip(nu + dual * d_nu, 1e-3 * tau / w, 1e3 * tau / w)
        t, gap = judge(w, tau)
        better = gap < smallest
        best, length = jnp.where(better, w, best), jnp.where(better, t, length)
        tau = jnp.where(which <= 1, jnp.maximum(shrink * tau, least), tau)
        return (w, nu, tau, best, length, jnp.where(better, gap, smallest)), None

    start = one / tasks
    tau = (0.5 + 0.1 * (b.max() - b.min())) / tasks
    t, gap = judge(start, tau)
    found, _ = jax.lax.scan(step, (start, tau / start, tau, start, t, gap), length=iterations)
    return found[3], found[4]


def cagrad_weights(
    gram: Float[Array, "task task"], *, c: Scalar = 0.5, rescale: str = "none", iterations: int = 30
) -> Float[Array, " task"]:
    """`alpha = 1/T + c |g0| / |g_w| w`, w the minimiser of the dual `g_w . g0 + c |g0| |g_w|` on the simplex.

    `|d - g0| <= c |g0|`; c < 1 descends on the mean loss, c = 0 is the mean, c -> infinity the direction of MGDA. In closed form for two
    tasks, where a minimiser with `g_w = 0` (an exactly Pareto-stationary point) leaves the second term out, so that d = g0; else by
    `iterations` of an interior-point method, to 1e-8 of the worst-task descent, and to some percent at such a point.

    Args:
      gram: M.
      c: radius of the ball over `|g0|`.
      rescale: "none", "square" (over 1 + c^2, the authors' code) or "linear" (over 1 + c).
      iterations: for three tasks and more.
    """
    tasks = gram.shape[0]
    square = jnp.maximum(gram.mean(), 0)  # |g0|^2
    if tasks == 2:
        radius = c * jnp.sqrt(square)
        w = _simplex_of_two(gram, radius)
        length = jnp.sqrt(jnp.maximum(w @ gram @ w, 0))
        share = jnp.where(length > 0, radius / safe(length), 0)
    else:
        some = (square > 0) & (jnp.asarray(c) > 0)  # else the ball is a point
        known = jnp.where(some, gram / jnp.where(some, square, 1), jnp.eye(tasks, dtype=gram.dtype))
        w, length = _interior_point(known, jnp.where(some, c, 1).astype(gram.dtype), iterations)
        share = jnp.where(some, c / length, 0)
    by = {"none": 1.0, "square": 1 + c**2, "linear": 1 + c}[rescale]
    return (1 / tasks + share * w) / by


def cagrad(
    *, tasks: int, c: Scalar = 0.5, rescale: str = "none", iterations: int = 30
) -> optax.GradientTransformationExtraArgs:
    """Aggregator of `cagrad_weights`.

    Raises:
      BadInput: c below 0, or an unknown rescaling.
    """
    check_nonnegative(c=c, hint="0 is the mean gradient")
    check_choice("rescale", rescale, RESCALES)
    check_whole(iterations=iterations)
    check_tasks(tasks)

    def weigh(gram, carry, key, scale):
        return cagrad_weights(gram, c=c, rescale=rescale, iterations=iterations), carry

    return from_gramian(weigh, tasks=tasks)
