"""Annealed gradient noise and its controls, as parts that chain with optax.

Neelakantan, Vilnis, Le, Sutskever, Kaiser, Kurach and Martens, "Adding Gradient Noise Improves Learning for Very Deep Networks", arXiv
1511.06807 (2015), section 3: `g <- clip(g); g <- g + sigma_t xi`, `xi ~ N(0, I)`, `sigma_t^2 = eta / (1 + t)^gamma`, `t = 0, 1, ...`.

The rule is `optax.add_noise`, whose first update has variance eta and which takes the root. What is added to it here: one stream for all
leaves, in the order of their names, so that reordering the fields of the parameters draws the same noise; single precision, which halves
the cost and leaves gradients in their own; the refusal of noise before clipping; and a check that a resumed descent goes on at its t.
"""

import math
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Numbers, PRNGKey, Scalar

GAMMA = 0.55
_VARIANCE = "eta is a variance: square a standard deviation first"


def noise_variance(step: Numbers, *, eta: Scalar, gamma: Scalar = GAMMA) -> Float[Array, "*step"]:
    """`sigma_t^2 = eta / (1 + t)^gamma`.

    Args:
      step: t, update count from 0 (not epochs).
      eta: variance of the first update's noise; a VARIANCE, not a standard deviation.
      gamma: decay; above 1 the total noise is finite, which is warned of.

    Raises:
      BadInput: a step below 0 or not whole, eta or gamma below 0.
    """
    check_whole(step=step, lower=0, hint="the first update is step 0")
    _check(eta, gamma)
    return jnp.asarray(eta) / (1 + jnp.asarray(step, float)) ** gamma


def annealed_noise(key: PRNGKey, *, eta: Scalar, gamma: Scalar = GAMMA) -> optax.GradientTransformation:
    """Gaussian noise of decaying variance on every entry of the gradient, independent between entries and steps.

    Its state is optax's `AddNoiseState(count, rng_key)`: store it with the weights, and a resumed descent draws what the whole would have.
    `eta = 0` leaves every gradient bit for bit (it multiplies and does not branch), so that eta may be a lane of one program.

    Args:
      key: PRNG key of the whole descent.
      eta: variance of the first update's noise (0.01, 0.3 and 1 in the paper); may be traced.
      gamma: decay of the variance; may be traced.

    Raises:
      BadInput: eta or gamma is below 0.
    """
    _check(eta, gamma)
    rule = optax.add_noise(jnp.asarray(eta, jnp.float32), jnp.asarray(gamma, jnp.float32), key)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        named, tree = jax.tree_util.tree_flatten_with_path(updates)
        order = sorted(range(len(named)), key=lambda i: jax.tree_util.keystr(named[i][0]))
        total = sum(leaf.size for _, leaf in named)
        with jax.numpy_dtype_promotion("standard"):  # optax raises a whole number to gamma
            made, state = rule.update(jnp.zeros(total, jnp.float32), state)
        noise: Any = made
        noisy, begin = [None] * len(named), 0
        for i in order:
            leaf = named[i][1]
            own = jax.lax.dynamic_slice_in_dim(noise, begin, leaf.size).reshape(leaf.shape)
            noisy[i], begin = leaf + own.astype(leaf.dtype), begin + leaf.size
        return jax.tree.unflatten(tree, noisy), state

    return optax.GradientTransformation(rule.init, update)


def fixed_noise(key: PRNGKey, *, sigma: Scalar) -> optax.GradientTransformation:
    """Noise of constant standard deviation sigma, the control of section 4.2: `annealed_noise` with `eta = sigma^2` and no decay.

    Raises:
      BadInput: sigma is below 0.
    """
    check_nonnegative(sigma=sigma)
    return annealed_noise(key, eta=jnp.asarray(sigma) ** 2, gamma=0.0)


def clipped_noise(
    key: PRNGKey, *, eta: Scalar, gamma: Scalar = GAMMA, clip: Scalar = math.inf
) -> optax.GradientTransformation:
    """Clipping by the global norm, then annealed noise, in the paper's order: clipped noise would not exceed the threshold.

    Args:
      key, eta, gamma: see `annealed_noise`.
      clip: largest norm of the gradient before noise; infinite for none.

    Raises:
      BadInput: clip is not above 0, or see `annealed_noise`.
    """
    bound = known(clip)
    if bound is None or not math.isinf(bound) or bound < 0:
        check_positive(clip=clip, hint="leave it out for no clipping")

    def cut(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        # As `optax.clip_by_global_norm`, whose threshold must have the dtype of every leaf.
        norm = optax.tree.norm(updates)
        most = jnp.asarray(clip, norm.dtype)
        factor = jnp.where(norm > most, most / norm, jnp.ones_like(norm))
        return jax.tree.map(lambda g: g * factor.astype(g.dtype), updates), state

    return optax.chain(
        optax.GradientTransformation(optax.init_empty_state, cut), annealed_noise(key, eta=eta, gamma=gamma)
    )


def noisy_chain(*stages: tuple[str, optax.GradientTransformation]) -> optax.GradientTransformation:
    """`optax.named_chain` that refuses a stage named "clip" after one named "noise".

    Raises:
      BadInput: clipping comes after the noise.
    """
    names = [name for name, _ in stages]
    if "clip" in names and "noise" in names and names.index("noise") < names.index("clip"):
        raise BadInput(
            f"stages got {', '.join(names)}, but noise before clipping would be clipped too; put clip before noise"
        )
    return optax.named_chain(*stages)  # pyright: ignore[reportReturnType]


def noisy_weights(key: PRNGKey, params: Any, *, sigma: Scalar) -> Any:
    """Weights plus sigma xi, at which the gradient of a control with weight noise is taken (not annealed, not kept).

    Raises:
      BadInput: sigma is below 0.
    """
    check_nonnegative(sigma=sigma)
    # A step of size -1 of its own noise; the sign of a symmetric law is free.
    rule = fixed_noise(key, sigma=sigma)
    return rule.update(params, rule.init(params))[0]


def check_continues(state: Any, steps: int) -> None:
    """Check that the noise of a loaded optimiser state stands at the update count of the run it belongs to.

    Args:
      state: optimiser state; every annealed noise in it is looked at.
      steps: updates done when the weights were stored.

    Raises:
      BadInput: a noise schedule stands elsewhere, at 0 most likely: the noise would be as large as at the start.
    """
    check_whole(steps=steps, lower=0)
    is_noise = lambda node: isinstance(node, optax.AddNoiseState)  # noqa: E731
    for node in jax.tree.leaves(state, is_leaf=is_noise):
        count = known(node.count) if isinstance(node, optax.AddNoiseState) else None
        if count is not None and (count != steps).any():
            raise BadInput(
                f"the noise schedule stands at update {int(count.flat[0])}, but the weights have had {steps}; "
                "restore the optimiser's state with the weights"
            )


def _check(eta: Scalar, gamma: Scalar) -> None:
    check_nonnegative(eta=eta, hint=_VARIANCE)
    check_nonnegative(gamma=gamma, hint="0 keeps the variance constant")
    value = known(gamma)
    if value is not None and (value > 1).any():
        warnings.warn(
            f"gamma got {float(value.max()):g}: above 1 the total noise is finite and exploration ends", stacklevel=3
        )
