"""Tabular POMDPs: what tasks of a shared class are made of, and the law of their trajectories.

| symbol | field | shape | meaning |
| --- | --- | --- | --- |
| mu | initial | (S,) | law of the first latent state |
| T | transitions | (A, S, S) | `T[a, s', s]`: chance of s' after action a in s; columns sum to 1 |
| E | emissions | (O, S) | `E[o, s]`: chance of observing o in s; columns sum to 1 |
| P | `trajectory_table` | (O, A, O, ..., O) | `P(o_1 .. o_H ; do a_1 .. a_{H-1})`; the last action has no effect and no axis |

Models are the same at every stage; `staged` has those that are not. Several tasks or candidates are a leading axis of the fields, over
which users `vmap`. Latent states are known up to their names only: compare tables P, never entries of T or E.

Paper: Huang, Cheng, Yang, Tan and Liang, ICLR 2024, arXiv 2310.13550.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_nonnegative, check_positive, check_shape, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import Numbers, PRNGKey, Scalar

LARGEST_TABLE = 10_000_000  # entries


class POMDP(NamedTuple):
    """A tabular POMDP, or several of them along leading axes."""

    initial: Float[Array, "*batch state"]
    transitions: Float[Array, "*batch action next state"]
    emissions: Float[Array, "*batch observation state"]


def check_columns(tolerance: float = 1e-6, **tables: Numbers) -> None:
    """Check that the last axis but one of every table holds probability vectors; traced tables pass.

    Raises:
      BadInput: an entry is negative or not finite, or a column does not sum to 1; the message names it.
    """
    for name, table in tables.items():
        table = known(table)
        if table is None:
            continue
        if not np.all(np.isfinite(table)) or table.min() < 0:
            where = tuple(int(i) for i in np.argwhere(~(np.isfinite(table) & (table >= 0)))[0])
            raise BadInput(
                f"{name} holds {table[where]:.4g} at {where}, but probabilities are finite and not negative; mend that entry"
            )
        sums = table.sum(-2)
        where = np.unravel_index(np.argmax(np.abs(sums - 1)), sums.shape)
        if abs(sums[where] - 1) > tolerance:
            at = ", ".join(str(int(i)) for i in (*where[:-1], ":", where[-1]) if i != ":")
            raise BadInput(
                f"{name} has the column ({at}) with sum {sums[where]:.6g}, but columns must sum to 1; divide it by its sum"
            )


def pomdp(initial: Numbers, transitions: Numbers, emissions: Numbers) -> POMDP:
    """A POMDP of one's own, checked; lists and whole numbers become floats, floating arrays keep their type.

    Raises:
      BadInput: shapes that do not fit, or columns that are no probabilities.
    """

    def floating(table):
        table = jnp.asarray(table)
        return table if jnp.issubdtype(table.dtype, jnp.floating) else table.astype(float)

    model = POMDP(floating(initial), floating(transitions), floating(emissions))
    states = model.initial.shape[-1]
    check_shape("transitions", model.transitions, (*model.transitions.shape[:-3], None, states, states))
    check_shape("emissions", model.emissions, (*model.emissions.shape[:-2], None, states))
    check_columns(initial=model.initial[..., None], transitions=model.transitions, emissions=model.emissions)
    return model


def stack(*models: POMDP) -> POMDP:
    """Tasks of one's own as one POMDP with a leading task axis.

    Raises:
      BadInput: two of them differ in their observations or actions, where the theory needs the same spaces, or in their states.
    """
    if not models:
        raise BadInput("stack got no task, but needs N of at least 1; N = 1 is the single-task problem")
    sizes = [(m.emissions.shape[-2], m.transitions.shape[-3], m.initial.shape[-1]) for m in models]
    for n, size in enumerate(sizes):
        if size != sizes[0]:
            raise BadInput(
                f"task {n} has (O, A, S) = {size} and task 0 has {sizes[0]}, but all tasks need the same observations and actions (here "
                "also states); pad the smaller with symbols of probability 0"
            )
    return jax.tree.map(lambda *x: jnp.stack(x), *models)


def check_table(observations: int, actions: int, horizon: int, limit: int = LARGEST_TABLE) -> None:
    """Check that trajectories can be enumerated.

    Raises:
      BadInput: sizes below 1, or `O^H A^(H-1)` above the limit.
    """
    check_whole(observations=observations, actions=actions, horizon=horizon)
    entries = observations**horizon * actions ** (horizon - 1)
    if entries > limit:
        raise BadInput(
            f"the table of trajectories has O^H A^(H-1) = {observations}^{horizon} {actions}^{horizon - 1} = {entries} entries, but at "
            f"most {limit} are enumerated; shorten the horizon, or work with sampled trajectories (`trajectory_log_likelihood`)"
        )


def trajectory_table(model: POMDP, *, horizon: int, limit: int = LARGEST_TABLE) -> Float[Array, "..."]:
    """`P(o_1 .. o_H ; do a_1 .. a_{H-1})` of every trajectory, axes (o_1, a_1, ..., o_H); one model, `vmap` for more.

    Raises:
      BadInput: the table would be larger than `limit`.
    """
    check_table(model.emissions.shape[0], model.transitions.shape[0], horizon, limit)
    belief = model.initial
    for _ in range(horizon - 1):
        joint = belief[..., None, :] * model.emissions
        belief = jnp.einsum("...os,ats->...oat", joint, model.transitions)
    return jnp.einsum("...s,os->...o", belief, model.emissions)


def beliefs(
    model: POMDP, observations: Int[Array, " step"], actions: Int[Array, " step"]
) -> Float[Array, "later state"]:
    """Unnormalised beliefs `b_h`, before each observation: `b_0 = mu`, `b_{h+1} = T_a (E[o] * b_h)`; (steps + 1, S)."""

    def step(belief, seen):
        observation, action = seen
        belief = model.transitions[action] @ (model.emissions[observation] * belief)
        return belief, belief

    _, later = jax.lax.scan(step, model.initial, (observations, actions))
    return jnp.concatenate([model.initial[None], later])


def trajectory_log_likelihood(
    model: POMDP, observations: Int[Array, " step"], actions: Int[Array, " choice"]
) -> Float[Array, ""]:
    """Log-probability of one trajectory (o_1 .. o_H; a_1 .. a_{H-1}) by the normalised forward filter, for tables too large.

    Minus infinity where the trajectory is impossible under the model.
    """

    def step(carry, seen):
        belief, total = carry
        observation, action = seen
        joint = model.emissions[observation] * belief
        mass = joint.sum()
        belief = model.transitions[action] @ (joint / jnp.where(mass > 0, mass, 1))
        return (belief, total + jnp.log(mass)), None

    start = (model.initial, jnp.zeros((), model.initial.dtype))
    (belief, total), _ = jax.lax.scan(step, start, (observations[:-1], actions))
    return total + jnp.log(jnp.sum(model.emissions[observations[-1]] * belief))


def sample(
    key: PRNGKey,
    *,
    states: int,
    actions: int,
    observations: int,
    concentration: Scalar = 0.7,
    uniform_start: bool = True,
) -> POMDP:
    """A POMDP with Dirichlet columns; mu uniform unless `uniform_start=False`."""
    check_whole(states=states, actions=actions, observations=observations)
    check_positive(concentration=concentration)
    keys = split_named(key, "initial", "transitions", "emissions")

    def columns(name, *shape):
        *batch, size, states = shape
        law = jax.random.dirichlet(keys[name], jnp.full(size, concentration, float), (*batch, states))
        return jnp.swapaxes(law, -1, -2)

    initial = jnp.full(states, 1 / states) if uniform_start else columns("initial", states, 1)[:, 0]
    return POMDP(initial, columns("transitions", actions, states, states), columns("emissions", observations, states))


def sample_shared(
    key: PRNGKey, *, tasks: int, states: int, actions: int, observations: int, concentration: Scalar = 0.7
) -> POMDP:
    """N tasks with one transition law and emissions of their own; every field has a leading task axis."""
    check_whole(tasks=tasks, hint="N = 1 is the single-task problem")
    keys = split_named(key, "base", "emissions")

    def one(key):
        return sample(key, states=states, actions=actions, observations=observations, concentration=concentration)

    base = one(keys["base"])
    each = jax.vmap(one)(jax.random.split(keys["emissions"], tasks)).emissions
    shared = [jnp.broadcast_to(x, (tasks, *x.shape)) for x in (base.initial, base.transitions)]
    return POMDP(shared[0], shared[1], each)


def sample_two_state(key: PRNGKey, *, tasks: int, spread: Scalar = 0.04, least: Scalar = 0.02) -> POMDP:
    """N tasks with S = 2, A = 2, O = 3 that share a fixed, well-mixed transition law; emissions differ by U(-spread, spread).

    T_0 has the columns (.85, .15), (.25, .75), T_1 has (.3, .7), (.8, .2); emissions (.75, .15, .1), (.1, .2, .7) plus noise, clipped at
    `least` and normalised; mu = (.6, .4). This project's own test bed.
    """
    check_whole(tasks=tasks, hint="N = 1 is the single-task problem")
    check_nonnegative(spread=spread, least=least)
    transitions = jnp.array([[[0.85, 0.25], [0.15, 0.75]], [[0.3, 0.8], [0.7, 0.2]]], float)
    middle = jnp.array([[0.75, 0.1], [0.15, 0.2], [0.1, 0.7]], float)
    noise = jax.random.uniform(key, (tasks, 3, 2), middle.dtype, -1.0, 1.0) * spread
    emissions = jnp.maximum(middle + noise, least)
    initial = jnp.array([0.6, 0.4], float)
    return POMDP(
        jnp.broadcast_to(initial, (tasks, 2)),
        jnp.broadcast_to(transitions, (tasks, 2, 2, 2)),
        emissions / emissions.sum(1, keepdims=True),
    )


def perturbed(key: PRNGKey, model: POMDP, *, size: Scalar) -> POMDP:
    """The model with every column of T moved the share `size` of the way to a random law: `(1 - size) T + size T'`; the rest as it is."""
    check_nonnegative(size=size)
    random = jax.random.dirichlet(key, jnp.ones(model.initial.shape[-1]), model.transitions.shape[:-1])
    random = jnp.swapaxes(random, -1, -2).astype(model.transitions.dtype)
    return model._replace(transitions=(1 - size) * model.transitions + size * random)


def mixtures(weights: Float[Array, "task core"], tables: Float[Array, "core ..."]) -> Float[Array, "task ..."]:
    """Tasks as mixtures of m core tasks: the laws `sum_c w[n, c] P_c`; rows of the weights sum to 1.

    Raises:
      BadInput: a row of weights is no probability vector.
    """
    check_columns(weights=jnp.swapaxes(weights, 0, 1))
    return jnp.tensordot(weights, tables, axes=1)
