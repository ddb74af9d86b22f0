"""Nash-MTL and FairGrad: bargaining solutions (Navon et al., ICML 2022; Ban and Ji, ICML 2024)."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_tasks, from_gramian
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.types import Scalar


def fairgrad_weights(
    gram: Float[Array, "task task"], *, gamma: Scalar = 1.0, iterations: int = 50
) -> Float[Array, " task"]:
    """The positive solution of `M alpha = alpha^(-1/gamma)`.

    It minimises the convex `a' M a / 2 - sum_t f(a_t)`, `f' = a^(-1/gamma)`. Newton's step, written as `a <- a (1 - z)`, solves a system
    whose smallest eigenvalue stays away from 0 and is shortened by `1 + max |z|` while it is long, which keeps a positive; for gamma = 1
    the function is self-concordant and this converges from anywhere.

    Args:
      gram: M; positive definite for a unique solution: its diagonal is raised by the share `eps T` against dependent gradients.
      gamma: 1 is Nash-MTL, 2 the default of FairGrad.
      iterations: Newton steps.
    """
    tasks = gram.shape[0]
    squares = jnp.diagonal(gram)
    M = gram + jnp.diag(tasks * jnp.finfo(gram.dtype).eps * jnp.where(squares > 0, squares, jnp.max(squares)))
    power = 1 / gamma

    def body(a, _):
        gain = a ** (1 - power)
        H = a[:, None] * M * a[None, :] + jnp.diag(power * gain)
        z = jnp.linalg.solve(H, a * (M @ a) - gain)
        long = jnp.max(jnp.abs(z))
        return a * (1 - z / jnp.where(long > 0.25, 1 + long, 1)), None

    start = jnp.diagonal(M) ** (-1 / (1 + power))  # solves the problem without coupling
    return jax.lax.scan(body, start, length=iterations)[0]


def nash_weights(gram: Float[Array, "task task"], *, iterations: int = 50) -> Float[Array, " task"]:
    """`alpha > 0` with `M alpha = 1 / alpha`: the direction's norm is then `sqrt(T)`; for two tasks in closed form.

    `alpha_t = 1 / (|g_t| sqrt(1 + cos))` for T = 2.
    """
    if gram.shape[0] != 2:
        return fairgrad_weights(gram, gamma=1.0, iterations=iterations)
    tiny = 2 * jnp.finfo(gram.dtype).eps * jnp.trace(gram)
    lengths = jnp.sqrt(jnp.maximum(jnp.diagonal(gram), tiny))
    cosine = gram[0, 1] / (lengths[0] * lengths[1])
    return 1 / (lengths * jnp.sqrt(jnp.maximum(1 + cosine, 2 * jnp.finfo(gram.dtype).eps)))


def nash_mtl(
    *, tasks: int, largest_norm: Scalar | None = 1.0, update_every: int = 1, iterations: int = 50
) -> optax.GradientTransformationExtraArgs:
    """Nash-MTL.

    Args:
      tasks: T.
      largest_norm: the direction is shortened to it, as in the published code; None keeps `|d| = sqrt(T)`.
      update_every: the weights are solved for every so many steps.
      iterations: Newton steps of a solution.

    Deviation: the published solver linearises the concave part 20 times with a conic program; the Newton steps reach the solution that it
    approaches.

    Raises:
      BadInput: a norm that is not positive, or fewer than one step.
    """
    if largest_norm is not None:
        check_positive(largest_norm=largest_norm)
    check_whole(update_every=update_every, iterations=iterations)
    check_tasks(tasks)

    def weigh(gram, carry, key, scale):
        count, old = carry

        def solve():
            return nash_weights(gram, iterations=iterations) / jnp.sqrt(scale)

        new = solve() if update_every == 1 else jax.lax.cond(count % update_every == 0, solve, lambda: old)
        return new, (count + 1, new)

    start = (jnp.zeros((), int), jnp.zeros(tasks, jnp.zeros(()).dtype))
    return from_gramian(weigh, tasks=tasks, carry=start, largest_norm=largest_norm)


def fairgrad(*, tasks: int, gamma: Scalar = 2.0, iterations: int = 50) -> optax.GradientTransformationExtraArgs:
    """FairGrad, `M alpha = alpha^(-1/gamma)`; gamma is the alpha of the paper's alpha-fairness.

    Raises:
      BadInput: gamma is not positive.
    """
    check_positive(gamma=gamma)
    check_whole(iterations=iterations)
    check_tasks(tasks)

    def weigh(gram, carry, key, scale):
        # With M = s M', a = s^(-1 / (1 + 1/gamma)) a'.
        return fairgrad_weights(gram, gamma=gamma, iterations=iterations) * scale ** (-1 / (1 + 1 / gamma)), carry

    return from_gramian(weigh, tasks=tasks)
