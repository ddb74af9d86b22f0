"""Two deep linear pathways that explain one target together, by full-batch gradient descent on their matrices."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.dynamics.gates import NONE, OPEN, Gate, check_gate, check_lesion, kept, trains
from mtrl.dynamics.problem import Task
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_choice, check_nonnegative, check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

ACTIVATIONS = ("linear", "tanh", "relu")


class Layers(NamedTuple):
    """The D matrices of a pathway."""

    first: Float[Array, "width input"]
    middle: Float[Array, "layer width width"]  # D - 2 of them
    last: Float[Array, "output width"]


class Pathways(NamedTuple):
    """Both pathways, and the number of steps done."""

    a: Layers
    b: Layers
    t: Int[Array, ""]


def drawn_strengths(key: PRNGKey, s: Float[Array, " mode"], *, scale: Scalar, spread: Scalar) -> Float[Array, " mode"]:
    """`k_alpha = eps (1 + spread g_alpha)` with standard normal g, in descending order."""
    return jnp.sort(scale * (1 + spread * jax.random.normal(key, s.shape, s.dtype)), descending=True)


def aligned(key: PRNGKey, task: Task, strengths: Float[Array, " mode"], *, depth: int, width: int) -> Layers:
    """A balanced pathway aligned with the task: `K = diag(k)`, every layer with the singular values `k^(1/D)`.

    Args:
      key: of the random orthogonal R between the layers.
      task: gives U and V.
      strengths: k.
      depth: matrices D.
      width: hidden units h.

    Raises:
      BadInput: D < 2, or fewer hidden units than modes.
    """
    check_whole(lower=2, depth=depth, hint="a pathway needs a first and a last matrix")
    modes = task.s.shape[0]
    if width < modes:
        raise BadInput(f"width {width} < {modes} modes: cannot hold the aligned init; take width >= {modes}")
    r = jax.random.orthogonal(key, width, dtype=task.s.dtype)
    d = strengths ** (1 / depth)
    narrow = r[:, :modes]
    # R diag(d) R^T with d on the modes and nothing beyond them.
    middle = jnp.broadcast_to((narrow * d) @ narrow.T, (depth - 2, width, width))
    return Layers((narrow * d) @ task.v.T, middle, (task.u * d) @ narrow.T)


def response(
    layers: Layers, x: Float[Array, "sample input"], activation: str = "linear"
) -> Float[Array, "output sample"]:
    """What a pathway adds to the output; non-linear ones apply the function after every layer, the last one too."""
    act = {"linear": lambda z: z, "tanh": jnp.tanh, "relu": jax.nn.relu}[activation]
    hidden = act(layers.first @ x.T)
    for i in range(layers.middle.shape[0]):
        hidden = act(layers.middle[i] @ hidden)
    return act(layers.last @ hidden)


def mode_matrix(layers: Layers, task: Task, activation: str = "linear") -> Float[Array, "mode mode"]:
    """`K = U^T Omega V` in the basis of the task; `Omega = yhat X`, which is the product of the matrices where `X = I`."""
    return task.u.T @ response(layers, task.x, activation) @ task.x @ task.v


def pathway_strengths(
    state: Pathways, task: Task, activation: str = "linear"
) -> tuple[Float[Array, " mode"], Float[Array, " mode"]]:
    """`(K_a, K_b)` of every mode: the diagonals."""
    a, b = (jnp.diagonal(mode_matrix(layers, task, activation)) for layers in (state.a, state.b))
    return a, b


def lesioned(layers: Layers, task: Task, lesion: Scalar, activation: str) -> Float[Array, "output sample"]:
    """The response without row and column `lesion` of K."""
    lost = jnp.where(kept(lesion, task.s.shape[0]), 0, 1).astype(task.s.dtype)
    x = task.x - (task.x @ task.v * lost) @ task.v.T
    y = response(layers, x, activation)
    return y - (task.u * lost) @ (task.u.T @ y)


def two_pathways(
    *,
    depth: int,
    width: int,
    lr: Scalar,
    scale: Scalar = 0.01,
    spread: Scalar = 0.1,
    gate_a: Gate = OPEN,
    gate_b: Gate = OPEN,
    lesion: Scalar = NONE,
    activation: str = "linear",
) -> Iteration:
    """Gradient descent on `L = 1/2 sum_items ||y - yhat_a - yhat_b||^2`, both pathways from the same aligned start.

    Kleinman, Achille and Soatto (ICLR 2024), section 3 and appendix. A gated pathway still adds to the output and gets no gradient, so the
    other one learns what it does not yet explain.

    | symbol | name | shape |
    | --- | --- | --- |
    | D | depth | matrices a pathway, at least 2 |
    | h | width | at least the number of modes |
    | dt | lr | scalar |
    | eps | scale | K of every mode at the start |
    | | spread | relative standard deviation of K at the start |
    | [t_0, t_0 + len) | gate_a, gate_b | (start, stop), steps; may be traced |
    | j | lesion | mode whose row and column of K_a never reach the output; -1 for none |

    Args:
      activation: after every layer: linear, tanh or relu.

    Returns:
      An `Iteration` on a `Task`; `init(key, task)` gives `Pathways`, `step` reports the loss before it.

    Raises:
      BadInput: D < 2, width < modes, lr or scale not positive, a gate that ends before it starts, no such mode or function.
    """
    check_whole(lower=2, depth=depth, hint="a pathway needs a first and a last matrix")
    check_positive(lr=lr, scale=scale)
    check_nonnegative(spread=spread)
    check_gate(gate_a, name="gate_a")
    check_gate(gate_b, name="gate_b")
    check_choice("activation", activation, ACTIVATIONS)

    def init(key: PRNGKey, task: Task) -> Pathways:
        check_lesion(lesion, task.s.shape[0])
        keys = split_named(key, "strengths", "rotation")
        strengths = drawn_strengths(keys["strengths"], task.s, scale=scale, spread=spread)
        layers = aligned(keys["rotation"], task, strengths, depth=depth, width=width)
        return Pathways(layers, layers, jnp.zeros((), jnp.int32))

    def loss(both: tuple[Layers, Layers], task: Task, t: Int[Array, ""]) -> Float[Array, ""]:
        parts = lesioned(both[0], task, lesion, activation), response(both[1], task.x, activation)
        a, b = (
            jnp.where(trains(gate, t), part, jax.lax.stop_gradient(part))
            for gate, part in zip((gate_a, gate_b), parts, strict=True)
        )
        return jnp.sum((task.y.T - a - b) ** 2) / 2

    def step(key: PRNGKey | None, state: Pathways, task: Task) -> tuple[Pathways, Float[Array, ""]]:
        before, slopes = jax.value_and_grad(loss)((state.a, state.b), task, state.t)
        a, b = jax.tree.map(lambda w, g: w - lr * g, (state.a, state.b), slopes)
        return Pathways(a, b, state.t + 1), before

    return Iteration(init, step)
