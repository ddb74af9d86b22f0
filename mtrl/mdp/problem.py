"""Linear MDPs: M tasks with H stages whose transitions and rewards are linear in one shared, unknown feature map.

| symbol | field | shape | meaning |
| --- | --- | --- | --- |
| phi_p | candidates | (P, S, A, k) | the class Phi; rows on the simplex |
| phi_h | features | (H, S, A, k) | the true map of stage h, a member of Phi |
| mu | measures | (M, H, k, S) | `P_{h,i}(s'|s,a) = <phi_h(s,a), mu_{h,i}(s')>`, rows on the simplex |
| nu | weights | (M, H, k) | `r_{h,i}(s,a) = <phi_h(s,a), nu_{h,i}>` in [0, 1] |
| x | inputs | (S, A, D) | raw inputs, what a learner without Phi sees |

Stages are counted from 0 here: h = 0 .. H - 1, with `H - h` the largest return from stage h on (the papers' H - h + 1).

Papers: Jin, Yang, Wang and Jordan 2020 (linear MDP); Lu, Zhao, Du and Huang, NeurIPS 2022 (shared general phi); Hu, Chen, Jin, Li and Wang,
ICML 2021 (linear phi).
"""

import itertools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Sizes(NamedTuple):
    """The sizes an algorithm's `init` asks of a problem."""

    tasks: int  # M
    stages: int  # H
    states: int  # S
    actions: int  # A
    rank: int  # k
    dim: int  # D
    candidates: int  # P = |Phi|
    dtype: Any

    @property
    def sizes(self) -> "Sizes":
        """Itself, so that sizes alone serve as a problem."""
        return self


class World(NamedTuple):
    """The M MDPs as tables: known to the simulator only."""

    transitions: Float[Array, "task stage state action next"]  # P
    rewards: Float[Array, "task stage state action"]  # mean rewards
    optimum: Float[Array, "task stage state"]  # V*_h


class Known(NamedTuple):
    """What learners are told: the class, the raw inputs, and (for the oracle only) the true features."""

    candidates: Float[Array, "candidate state action rank"]
    inputs: Float[Array, "state action dim"]
    features: Float[Array, "stage state action rank"]


class Params(NamedTuple):
    """A multitask linear MDP."""

    known: Known
    truth: Int[Array, " stage"]  # phi_h = candidates[truth[h]]
    measures: Float[Array, "task stage rank next"]  # mu
    weights: Float[Array, "task stage rank"]  # nu
    noise: Float[Array, ""]  # standard deviation of the observed rewards
    world: World

    @property
    def sizes(self) -> Sizes:
        """M, H, S, A, k, D, |Phi|, dtype."""
        tasks, stages, rank, states = self.measures.shape
        candidates, _, actions, _ = self.known.candidates.shape
        dim = self.known.inputs.shape[2]
        return Sizes(tasks, stages, states, actions, rank, dim, candidates, self.measures.dtype)


def backup(
    transitions: Float[Array, "*batch state action next"],
    rewards: Float[Array, "*batch state action"],
    value: Float[Array, "*batch next"],
) -> Float[Array, "*batch state action"]:
    """Bellman backup `r(s,a) + sum_s' P(s'|s,a) V(s')`."""
    return rewards + jnp.einsum("...san,...n->...sa", transitions, value)


def optimum(
    transitions: Float[Array, "task stage state action next"], rewards: Float[Array, "task stage state action"]
) -> Float[Array, "task stage state"]:
    """Optimal values V*_h by backward induction."""

    def stage(value, model):
        value = jnp.max(backup(*model, value), axis=-1)
        return value, value

    models = (jnp.moveaxis(transitions, 1, 0), jnp.moveaxis(rewards, 1, 0))
    _, values = jax.lax.scan(stage, jnp.zeros_like(rewards[:, 0, :, 0]), models, reverse=True)
    return jnp.moveaxis(values, 0, 1)


def policy_value(world: World, policy: Int[Array, "task stage state"]) -> Float[Array, "task stage state"]:
    """Exact values V^pi_h of a deterministic policy by backward induction."""

    def stage(value, model):
        transitions, rewards, actions = model
        q = backup(transitions, rewards, value)
        value = jnp.take_along_axis(q, actions[..., None], axis=-1)[..., 0]
        return value, value

    models = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (world.transitions, world.rewards, policy))
    _, values = jax.lax.scan(stage, jnp.zeros_like(world.rewards[:, 0, :, 0]), models, reverse=True)
    return jnp.moveaxis(values, 0, 1)


def assemble(
    candidates: Float[Array, "candidate state action rank"],
    truth: Int[Array, " stage"],
    measures: Float[Array, "task stage rank next"],
    weights: Float[Array, "task stage rank"],
    noise: Scalar = 0.0,
    inputs: Float[Array, "state action dim"] | None = None,
) -> Params:
    """Put a problem together from its parts and solve it; `inputs` default to the one-hot code of (s, a)."""
    _, states, actions, _ = candidates.shape
    dtype = candidates.dtype
    if inputs is None:
        inputs = jnp.eye(states * actions, dtype=dtype).reshape(states, actions, states * actions)
    features = candidates[truth]
    transitions = jnp.einsum("hsak,mhkn->mhsan", features, measures)
    rewards = jnp.einsum("hsak,mhk->mhsa", features, weights)
    world = World(transitions, rewards, optimum(transitions, rewards))
    return Params(Known(candidates, inputs, features), truth, measures, weights, jnp.asarray(noise, dtype), world)


def simplex_rows(key: PRNGKey, *parts: tuple[float, tuple[int, ...]], dtype: Any) -> list[Float[Array, "..."]]:
    """Dirichlet rows for several tables at once: `(concentration, shape)` -> rows of length `shape[-1]` with equal parameters.

    Gamma variables divided by their sum (in logarithms, as tiny concentrations underflow), drawn in one call.
    """
    sizes = [math.prod(shape) for _, shape in parts]
    alpha = jnp.concatenate([jnp.full(n, a, dtype) for n, (a, _) in zip(sizes, parts, strict=True)])
    logs = jnp.split(jax.random.loggamma(key, alpha, dtype=dtype), list(itertools.accumulate(sizes))[:-1])
    return [jax.nn.softmax(x.reshape(shape), axis=-1) for x, (_, shape) in zip(logs, parts, strict=True)]


def sample(
    key: PRNGKey,
    noise: Float[Array, ""],
    *,
    tasks: int,
    stages: int,
    states: int,
    actions: int,
    rank: int,
    candidates: int,
    phi_concentration: float = 0.3,
    mu_concentration: float = 0.2,
) -> Params:
    """A finite class of random feature maps, one of which (the same at all stages) is true.

    Args:
      key: PRNG key.
      noise: standard deviation of the observed rewards; its dtype is the problem's.
      tasks, stages, states, actions, rank, candidates: M, H, S, A, k, |Phi|.
      phi_concentration: Dirichlet parameter of the rows of every candidate.
      mu_concentration: Dirichlet parameter of the rows of mu.
    """
    keys = split_named(key, "rows", "truth", "weights")
    noise = jnp.asarray(noise)
    phi, mu = simplex_rows(
        keys["rows"],
        (phi_concentration, (candidates, states, actions, rank)),
        (mu_concentration, (tasks, stages, rank, states)),
        dtype=noise.dtype,
    )
    truth = jnp.full(stages, jax.random.randint(keys["truth"], (), 0, candidates, jnp.int32))
    nu = jax.random.uniform(keys["weights"], (tasks, stages, rank), noise.dtype)
    return assemble(phi, truth, mu, nu, noise)


def sample_linear(
    key: PRNGKey,
    noise: Float[Array, ""],
    *,
    tasks: int,
    stages: int,
    states: int,
    actions: int,
    rank: int,
    dim: int,
    input_concentration: float = 0.3,
    phi_concentration: float = 0.3,
    mu_concentration: float = 0.2,
) -> Params:
    """A linear representation `phi(s,a) = B^T x(s,a)`: x on the simplex of R^D, rows of B (D, k) on the simplex of R^k.

    Every task is then a linear MDP in x as well, with D-dimensional parameters in the k-dimensional range of B (Hu et al. 2021).
    """
    keys = split_named(key, "rows", "weights")
    noise = jnp.asarray(noise)
    x, basis, mu = simplex_rows(
        keys["rows"],
        (input_concentration, (states, actions, dim)),
        (phi_concentration, (dim, rank)),
        (mu_concentration, (tasks, stages, rank, states)),
        dtype=noise.dtype,
    )
    nu = jax.random.uniform(keys["weights"], (tasks, stages, rank), noise.dtype)
    return assemble((x @ basis)[None], jnp.zeros(stages, jnp.int32), mu, nu, noise, x)


def sample_neural(
    key: PRNGKey,
    noise: Float[Array, ""],
    *,
    tasks: int,
    stages: int,
    states: int,
    actions: int,
    rank: int,
    dim: int,
    hidden: int = 16,
    sharpness: float = 4.0,
    mu_concentration: float = 0.2,
) -> Params:
    """A nonlinear representation `phi(s,a) = softmax(sharpness W2 tanh(W1 x(s,a)))` of Gaussian inputs x (S, A, D).

    W1 has entries N(0, 4/D), W2 entries N(0, 1/hidden).
    """
    keys = split_named(key, "inputs", "first", "second", "rows", "weights")
    noise = jnp.asarray(noise)
    dtype = noise.dtype
    x = jax.random.normal(keys["inputs"], (states, actions, dim), dtype)
    first = 2.0 * jax.random.normal(keys["first"], (dim, hidden), dtype) / jnp.sqrt(jnp.asarray(dim, dtype))
    second = jax.random.normal(keys["second"], (hidden, rank), dtype) / jnp.sqrt(jnp.asarray(hidden, dtype))
    phi = jax.nn.softmax(sharpness * jnp.tanh(x @ first) @ second, axis=-1)
    (mu,) = simplex_rows(keys["rows"], (mu_concentration, (tasks, stages, rank, states)), dtype=dtype)
    nu = jax.random.uniform(keys["weights"], (tasks, stages, rank), dtype)
    return assemble(phi[None], jnp.zeros(stages, jnp.int32), mu, nu, noise, x)


def backup_residual(
    features: Float[Array, "state action rank"],
    transitions: Float[Array, "state action next"],
    rewards: Float[Array, "state action"],
    value: Float[Array, " next"],
) -> Float[Array, ""]:
    """Root mean squared distance of the backup `r + P V` from the span of the features: zero for the true phi and any V.

    Least squares through an orthonormal basis (SVD) of the feature table; directions below `dim * machine epsilon` of the largest
    singular value count as absent.
    """
    table = features.reshape(-1, features.shape[-1])
    target = backup(transitions, rewards, value).reshape(-1)
    left, singular, _ = jnp.linalg.svd(table, full_matrices=False)
    kept = singular > table.shape[0] * jnp.finfo(table.dtype).eps * singular[0]
    fitted = left @ jnp.where(kept, left.T @ target, 0.0)
    return jnp.sqrt(jnp.mean((target - fitted) ** 2))
