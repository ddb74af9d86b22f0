"""Predictive state representations of POMDPs, and how well-conditioned they are.

| symbol | name | shape | meaning |
| --- | --- | --- | --- |
| U | `core_tests` | (d, S) | chance of every core test from every latent state |
| psi_0 | initial | (d,) | chance of every core test at the beginning, `U mu` |
| M(o,a) | operators | (O, A, d, d) | `U T_a diag(E[o]) pinv(U)`: psi after (o, a) |
| phi | normaliser | (d,) | `phi' psi(tau)` is the probability of the history tau |
| | readout | (O, d) | next observation: `readout @ psi`; its rows sum to phi |
| gamma | `conditioning` | 1 | `max_pi sum_omega pi(omega) |m(omega)' x| <= norm1(x) / gamma` |

Core tests of length 1 are the next observation, without actions, and need E of full column rank; tests of length L are all sequences
(o_1, a_1, ..., o_L), and L is to be raised until U has rank S.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mtrl.mdp.psr.problem import LARGEST_TABLE, POMDP, check_table
from mtrl.numerics.checks import check_positive, check_rank, check_whole, known
from mtrl.numerics.errors import BadInput


class PSR(NamedTuple):
    """A predictive state representation that is the same at every stage."""

    initial: Float[Array, " test"]
    operators: Float[Array, "observation action test test"]
    normaliser: Float[Array, " test"]
    readout: Float[Array, "observation test"]


def core_tests(model: POMDP, *, test_length: int = 1) -> Float[Array, "test state"]:
    """U: rows are the tests (o_1, a_1, ..., o_L) in the order of a table, columns latent states.

    The row of a test is `E[o_1] * (T_{a_1}' (E[o_2] * ( ... T_{a_{L-1}}' E[o_L])))`.
    """
    check_whole(test_length=test_length)
    rows = model.emissions[None]  # (tests from here on, o, s)
    for _ in range(test_length - 1):
        later = rows.reshape(-1, rows.shape[-1])
        before = jnp.einsum("ats,xt->axs", model.transitions, later)
        rows = model.emissions[:, None, None] * before  # (o, a, later, s)
    return rows.reshape(-1, rows.shape[-1])


def numerical_rank(matrix: Float[Array, "rows cols"], tolerance: float = 1e-10) -> Int[Array, ""]:
    """How many singular values exceed `tolerance` times the largest; meant for 64 bits."""
    values = jnp.linalg.svd(matrix, compute_uv=False)
    return jnp.sum(values > tolerance * values[0])


def shortest_tests(model: POMDP, *, longest: int = 6, tolerance: float = 1e-10) -> int:
    """The least length of core tests that determine the latent state: the first L with rank U = S. For known models.

    Raises:
      BadInput: none up to `longest` do.
    """
    states = model.initial.shape[-1]
    for length in range(1, longest + 1):
        rank = int(numerical_rank(core_tests(model, test_length=length), tolerance))
        if rank == states:
            return length
    raise BadInput(
        f"core tests up to length {longest} have rank {rank}, but must have rank S = {states}; merge states that no test tells apart"
    )


def from_pomdp(model: POMDP, *, test_length: int = 1, tolerance: float = 1e-10) -> PSR:
    """The PSR of a POMDP by all core tests of one length.

    `pinv(U)` discards singular values below `tolerance` times the largest; where U has rank S, none is discarded and operators are exact.

    Raises:
      BadInput: the tests do not determine the state.
    """
    u = core_tests(model, test_length=test_length)
    states, observations = u.shape[1], model.emissions.shape[0]
    rank = known(numerical_rank(u, tolerance))
    if rank is not None and rank < states:
        raise BadInput(
            f"core tests of length {test_length} do not determine the state: rank {rank} < S = {states}; increase test_length"
        )
    steps = jnp.einsum("ats,os->oats", model.transitions, model.emissions)
    inverse = jnp.linalg.pinv(u, rtol=tolerance)
    operators = jnp.einsum("dt,oats,se->oade", u, steps, inverse)
    # The next observation is the first of a test, summed over the rest with all its actions 0.
    first = np.zeros((observations, *(model.transitions.shape[0], observations) * (test_length - 1), observations))
    chosen = np.zeros((observations, *(model.transitions.shape[0], observations) * (test_length - 1)))
    chosen[(slice(None), *(0, slice(None)) * (test_length - 1))] = 1
    for o in range(observations):
        first[o, ..., o] = chosen[o]
    readout = jnp.asarray(first.reshape(-1, observations).T, u.dtype)
    return PSR(u @ model.initial, operators, readout.sum(0), readout)


def psr_table(model: PSR, *, horizon: int, limit: int = LARGEST_TABLE) -> Float[Array, "..."]:
    """`P(o_1 .. o_H ; do a_1 .. a_{H-1}) = readout[o_H]' M(o_{H-1}, a_{H-1}) ... M(o_1, a_1) psi_0`, as `trajectory_table`.

    With another `initial` x these are the products `m(omega)' x` of the conditioning.

    Raises:
      BadInput: the table would be larger than `limit`.
    """
    check_table(model.operators.shape[0], model.operators.shape[1], horizon, limit)
    state = model.initial
    for _ in range(horizon - 1):
        state = jnp.einsum("oade,...e->...oad", model.operators, state)
    return jnp.einsum("od,...d->...o", model.readout, state)


def predictive_states(
    model: PSR, observations: Int[Array, " step"], actions: Int[Array, " step"]
) -> Float[Array, "later test"]:
    """Normalised predictive states `psi_bar = psi / (phi' psi)` before each observation; (steps + 1, d). NaN after what cannot happen."""

    def step(state, seen):
        observation, action = seen
        state = model.operators[observation, action] @ state
        state = state / (model.normaliser @ state)
        return state, state

    _, later = jax.lax.scan(step, model.initial, (observations, actions))
    return jnp.concatenate([model.initial[None], later])


def conditioning(tests: Float[Array, "test state"]) -> Float[Array, ""]:
    """Lower bound of gamma, `1 / ||pinv(U)||_{1->1}` (largest column sum of sizes); small where tests tell states barely apart."""
    return 1 / jnp.max(jnp.sum(jnp.abs(jnp.linalg.pinv(tests)), axis=0))


def blurred(
    emissions: Float[Array, "observation state"], sharpness: float | Array
) -> Float[Array, "observation state"]:
    """Emissions moved towards their mean over states: `mean + sharpness (E - mean)`; at 0 no observation tells states apart."""
    check_positive(sharpness=sharpness, hint="at 0 no test determines the state")
    middle = emissions.mean(-1, keepdims=True)
    return middle + sharpness * (emissions - middle)


def from_moments(table: Float[Array, "..."], *, rank: int) -> PSR:
    """Operators with one-step tests from the law (or relative counts, divided by the policy's chances) of three observations.

    The observable form of spectral learning: with `P2[o_2; o_1 a_1]` and `P3[o_3, o, a; o_1 a_1]` of the first three observations,
    `M(o, a) = P3(o, a) pinv_r(P2)`, where the pseudo-inverse keeps the r largest singular values. Exact for the exact law of a POMDP with
    E of rank r; learned from counts it is no law any more, and its error grows with `||pinv||`, that is with 1 / sigma_r.

    Raises:
      BadInput: fewer than three observations, or a rank above the number of observations.
    """
    if table.ndim < 5:
        raise BadInput(f"table has {(table.ndim + 1) // 2} observations, but moments need three; take a longer horizon")
    observations, actions = table.shape[:2]
    check_rank(rank, observations, what="the number of observations")
    # Later actions do not change earlier observations: average over them.
    three = table.reshape(*table.shape[:5], -1)
    three = three.sum(-1) / actions ** ((table.ndim - 5) // 2)
    two = three.sum(-1).mean(-1)  # (o1, a1, o2)
    p2 = two.reshape(-1, observations).T  # (o2, histories)
    p3 = jnp.transpose(three, (2, 3, 4, 0, 1)).reshape(observations, actions, observations, -1)
    u, s, vt = jnp.linalg.svd(p2, full_matrices=False)
    inverse = vt[:rank].T @ (u[:, :rank] / s[:rank]).T
    ones = jnp.ones(observations, table.dtype)
    return PSR(
        two.sum(-1).mean(-1), jnp.einsum("oayx,xz->oayz", p3, inverse), ones, jnp.eye(observations, dtype=table.dtype)
    )
