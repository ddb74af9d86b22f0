"""Time-inhomogeneous POMDPs and their PSRs: laws, core tests and operators of their own at every stage, as the paper's M_h and psi_h.

| symbol | name | shape | meaning |
| --- | --- | --- | --- |
| mu | initial | (S,) | law of the first latent state |
| T_h | transitions | (H - 1, A, S, S) | `T[h, a, s', s]`: chance of s' at stage h + 1 after action a in s at stage h |
| E_h | emissions | (H, O, S) | `E[h, o, s]`: chance of observing o in s at stage h |
| U_h | `staged_tests` | (d_h, S) | chance of every core test of stage h from every latent state |
| M_h(o,a) | operators | (O, A, d_{h+1}, d_h) | `U_{h+1} T_{h,a} diag(E_h[o]) pinv(U_h)`: psi_{h+1} from psi_h after (o, a) |
| phi_h | normalisers | (d_h,) | `phi_h' psi(tau_h)` is the probability of the history tau_h |

Stages count from 0. What has a size of its own at every stage is a tuple with an entry per stage. A `staged_table` has the axes of every
other table of trajectories, so that all of `tree` applies to it; `unrolled` writes such a model as a POMDP, so that filters and EM do too.
The lower bound of gamma is the least `conditioning(U_h)`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mtrl.mdp.psr.problem import LARGEST_TABLE, POMDP, check_columns, check_table, sample
from mtrl.mdp.psr.representation import numerical_rank
from mtrl.numerics.checks import check_shape, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Numbers, PRNGKey, Scalar


class StagedPOMDP(NamedTuple):
    """A tabular POMDP of horizon H whose laws depend on the stage."""

    initial: Float[Array, " state"]
    transitions: Float[Array, "choice action next state"]
    emissions: Float[Array, "step observation state"]


class StagedPSR(NamedTuple):
    """A predictive state representation with operators of its own at every stage."""

    initial: Float[Array, " test"]  # psi_0 = U_0 mu
    operators: tuple[Float[Array, "observation action later now"], ...]  # H - 1 of them
    normalisers: tuple[Float[Array, " now"], ...]  # H of them


def staged_pomdp(initial: Numbers, transitions: Numbers, emissions: Numbers) -> StagedPOMDP:
    """A time-inhomogeneous POMDP of one's own, checked.

    Raises:
      BadInput: shapes that do not fit, or columns that are no probabilities.
    """
    model = StagedPOMDP(*(jnp.asarray(x, dtype=float) for x in (initial, transitions, emissions)))
    check_shape("initial", model.initial, (None,))
    states = model.initial.shape[0]
    check_shape("emissions", model.emissions, (None, None, states), hint="(H stages, O observations, S states)")
    stages = model.emissions.shape[0]
    check_shape(
        "transitions",
        model.transitions,
        (stages - 1, None, states, states),
        hint="one law fewer than emissions has stages",
    )
    check_columns(initial=model.initial[:, None], transitions=model.transitions, emissions=model.emissions)
    return model


def repeated(model: POMDP, *, horizon: int) -> StagedPOMDP:
    """A POMDP that is the same at every stage, written stage by stage."""
    check_whole(horizon=horizon)
    t, e = model.transitions, model.emissions
    return StagedPOMDP(
        model.initial, jnp.broadcast_to(t, (horizon - 1, *t.shape)), jnp.broadcast_to(e, (horizon, *e.shape))
    )


def sample_staged(
    key: PRNGKey, *, horizon: int, states: int, actions: int, observations: int, concentration: Scalar = 0.7
) -> StagedPOMDP:
    """Dirichlet columns, independent from stage to stage; mu uniform."""
    check_whole(horizon=horizon)

    def one(key):
        return sample(key, states=states, actions=actions, observations=observations, concentration=concentration)

    each = jax.vmap(one)(jax.random.split(key, horizon))
    return StagedPOMDP(each.initial[0], each.transitions[:-1], each.emissions)


def staged_table(model: StagedPOMDP, *, limit: int = LARGEST_TABLE) -> Float[Array, "..."]:
    """`P(o_1 .. o_H ; do a_1 .. a_{H-1})` of every trajectory, axes (o_1, a_1, ..., o_H); as `trajectory_table`.

    Raises:
      BadInput: the table would be larger than `limit`.
    """
    horizon, observations, _ = model.emissions.shape
    check_table(observations, model.transitions.shape[1], horizon, limit)
    belief = model.initial
    for h in range(horizon - 1):
        joint = belief[..., None, :] * model.emissions[h]
        belief = jnp.einsum("...os,ats->...oat", joint, model.transitions[h])
    return jnp.einsum("...s,os->...o", belief, model.emissions[-1])


def unrolled(model: StagedPOMDP) -> POMDP:
    """The same law as a POMDP with H S states (stage, s), of which the last stage stays where it is.

    Whatever serves POMDPs serves it: `trajectory_table`, `trajectory_log_likelihood`, `beliefs`. `em` and `gradient_mle` too estimate stage
    by stage, since chances that are 0 at the start stay 0.
    """
    stages, observations, states = model.emissions.shape
    actions, size = model.transitions.shape[1], stages * states
    blocks = jnp.zeros((actions, stages, states, stages, states), model.transitions.dtype)
    at = jnp.arange(stages - 1)
    # The advanced indices come first: (stage, action, next, state).
    blocks = blocks.at[:, at + 1, :, at, :].set(model.transitions)
    blocks = blocks.at[:, -1, :, -1, :].set(jnp.eye(states, dtype=blocks.dtype))
    initial = jnp.zeros((stages, states), model.initial.dtype).at[0].set(model.initial)
    emissions = jnp.moveaxis(model.emissions, 0, 1).reshape(observations, size)
    return POMDP(initial.ravel(), blocks.reshape(actions, size, size), emissions)


def staged_tests(model: StagedPOMDP, *, test_length: int = 1) -> tuple[Float[Array, "test state"], ...]:
    """U_h of every stage: all tests of `test_length` observations, or of as many as are left."""
    check_whole(test_length=test_length)
    horizon, found = model.emissions.shape[0], []
    for h in range(horizon):
        last = min(h + test_length, horizon) - 1
        rows = model.emissions[last]
        for step in reversed(range(h, last)):
            before = jnp.einsum("ats,xt->axs", model.transitions[step], rows)
            later = model.emissions[step][:, None, None] * before  # (o, a, later, s)
            rows = later.reshape(-1, rows.shape[-1])
        found.append(rows)
    return tuple(found)


def _chances_of_history(observations: int, actions: int, length: int) -> np.ndarray:
    """phi: one for the tests whose actions are all 0, which make up all that can be observed."""
    phi = np.zeros((observations, *(actions, observations) * (length - 1)))
    phi[(slice(None), *(0, slice(None)) * (length - 1))] = 1
    return phi.ravel()


def from_staged(model: StagedPOMDP, *, test_length: int = 1, tolerance: float = 1e-10) -> StagedPSR:
    """The PSR of a time-inhomogeneous POMDP by all core tests of one length (fewer near the end).

    `pinv(U_h)` discards singular values below `tolerance` times the largest. Where U_h has rank S, or its tests are all that can still
    happen, operators are exact.

    Raises:
      BadInput: at some stage the tests do not determine the state.
    """
    horizon, observations, states = model.emissions.shape
    actions = model.transitions.shape[1]
    tests = staged_tests(model, test_length=test_length)
    for h in range(horizon - test_length):
        rank = known(numerical_rank(tests[h], tolerance))
        if rank is not None and rank < states:
            raise BadInput(
                f"core tests of length {test_length} do not determine the state at stage {h}: rank {rank} < S = {states}; increase "
                "test_length"
            )
    operators = tuple(
        jnp.einsum("dt,ats,os,se->oade", tests[h + 1], model.transitions[h], model.emissions[h],
                   jnp.linalg.pinv(tests[h], rtol=tolerance))
        for h in range(horizon - 1)
    )  # fmt: skip
    lengths = [min(test_length, horizon - h) for h in range(horizon)]
    normalisers = tuple(jnp.asarray(_chances_of_history(observations, actions, n), tests[0].dtype) for n in lengths)
    return StagedPSR(tests[0] @ model.initial, operators, normalisers)


def staged_psr_table(model: StagedPSR, *, limit: int = LARGEST_TABLE) -> Float[Array, "..."]:
    """`P = M_{H-2}(o, a) ... M_0(o, a) psi_0`, whose last axis is o_H, since the last stage's tests are its observations.

    Raises:
      BadInput: the table would be larger than `limit`.
    """
    horizon, observations = len(model.normalisers), model.normalisers[-1].shape[0]
    check_table(observations, model.operators[0].shape[1] if model.operators else 1, horizon, limit)
    state = model.initial
    for operator in model.operators:
        state = jnp.einsum("oade,...e->...oad", operator, state)
    return state


def staged_states(
    model: StagedPSR, observations: Int[Array, " step"], actions: Int[Array, " step"]
) -> tuple[Float[Array, " test"], ...]:
    """Predictive states `psi / (phi_h' psi)` before each observation, one more than steps. NaN after what cannot happen."""
    state, found = model.initial, [model.initial]
    for h in range(observations.shape[0]):
        state = model.operators[h][observations[h], actions[h]] @ state
        state = state / (model.normalisers[h + 1] @ state)
        found.append(state)
    return tuple(found)
