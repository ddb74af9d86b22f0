"""CAGrad: the best worst-task descent in a ball around the mean gradient (Liu, Liu, Jin, Stone, Liu, NeurIPS 2021)."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_tasks, from_gramian
from mtrl.descent.gramian import safe
from mtrl.numerics.checks import check_choice, check_nonnegative, check_whole
from mtrl.numerics.optim.min_norm import project_simplex
from mtrl.numerics.types import Scalar

LONGEST = 2.0**20  # step; where gradients are equal any step is allowed, and doubling would never end
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


def _simplex(gram: Array, radius: Array, iterations: int) -> Array:
    """The dual's minimiser by projected descent with halved steps: F(w) = w'b + r sqrt(w'Mw), b = M 1/T."""
    tasks = gram.shape[0]
    b = gram.mean(1)

    def value(w):
        return w @ b + radius * jnp.sqrt(jnp.maximum(w @ gram @ w, 1e-30))

    slope = jax.grad(value)

    def body(carry, _):
        w, ahead, clock, step = carry
        at, here = slope(ahead), value(ahead)
        at = at - at.mean()  # what all entries share moves nothing on the simplex, and long steps would round it
        tries = step * 2.0 ** -jnp.arange(12, dtype=gram.dtype)
        points = jax.vmap(lambda s: project_simplex(ahead - s * at))(tries)
        moves = points - ahead
        enough = jax.vmap(value)(points) <= here + moves @ at + jnp.sum(moves**2, 1) / (2 * tries)
        which = jnp.argmax(enough)
        new = points[which]
        uphill = (ahead - new) @ (new - w) > 0
        clock = jnp.where(uphill, 1.0, clock)
        later = (1 + jnp.sqrt(1 + 4 * clock**2)) / 2
        momentum = jnp.where(uphill, 0.0, (clock - 1) / later)
        return (new, new + momentum * (new - w), later, jnp.minimum(2 * tries[which], LONGEST)), None

    start = jnp.full(tasks, 1 / tasks, gram.dtype)
    one = jnp.ones((), gram.dtype)
    return jax.lax.scan(body, (start, start, one, one), length=iterations)[0][0]


def cagrad_weights(
    gram: Float[Array, "task task"], *, c: Scalar = 0.5, rescale: str = "none", iterations: int = 200
) -> Float[Array, " task"]:
    """`alpha = 1/T + c |g0| / |g_w| w`, w the minimiser of the dual `g_w . g0 + c |g0| |g_w|` on the simplex.

    Where the dual's minimiser has `g_w = 0` (an exactly Pareto-stationary point) the second term is left out, so that d = g0: it stays
    in the ball, but other points there may have a larger worst-task descent.

    `|d - g0| <= c |g0|`; c < 1 descends on the mean loss, c = 0 is the mean, c -> infinity the direction of MGDA. In closed form for two
    tasks, else `iterations` of accelerated projected descent.

    Args:
      gram: M.
      c: radius of the ball over `|g0|`.
      rescale: "none", "square" (over 1 + c^2, the authors' code) or "linear" (over 1 + c).
      iterations: for three tasks and more.
    """
    tasks = gram.shape[0]
    mean = jnp.sqrt(jnp.maximum(gram.mean(), 0))
    radius = c * mean
    w = _simplex_of_two(gram, radius) if tasks == 2 else _simplex(gram, radius, iterations)
    length = jnp.sqrt(jnp.maximum(w @ gram @ w, 0))
    alpha = 1 / tasks + jnp.where(length > 0, radius / safe(length), 0) * w
    by = {"none": 1.0, "square": 1 + c**2, "linear": 1 + c}[rescale]
    return alpha / by


def cagrad(
    *, tasks: int, c: Scalar = 0.5, rescale: str = "none", iterations: int = 200
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
