"""EliLowRep and the loop over its phases: arms are eliminated in the features of the moment, task by task.

Du, Huang and Sun 2023 (arXiv 2302.04441), EliLowRep of DouExpDes; with the identity as features it is RAGE (Fiez et al. 2019, NeurIPS,
Algorithm 1) on every task. Shapes are fixed: a set of arms is a mask, and a task that has its arm pulls no more.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.exploration.sampler import ArmSampler
from mtrl.bandits.exploration.sizes import delta_of, design_pulls, released_pulls, rounding_floor
from mtrl.numerics.checks import check_between, check_choice, check_share, check_whole
from mtrl.numerics.designs.g_optimal import g_optimal
from mtrl.numerics.designs.rounding import efficient_apportionment, regret_rounding, support
from mtrl.numerics.designs.xy_optimal import spread, xy_optimal
from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.psd import pinv_psd
from mtrl.numerics.types import PRNGKey, Scalar

ALLOCATIONS = ("XY", "G", "uniform")
ROUNDINGS = ("apportionment", "regret")
RULES = ("gap", "confidence")
CONSTANTS = ("paper", "released")
CUTOFF = 1e-10  # eigenvalues of the pulled information below this fraction of the largest count as zero


class Identification(NamedTuple):
    """The arms that are left, and what they cost."""

    best: Int[
        Array, " task"
    ]  # the survivor; the best estimate of those left where it is not alone; 0 for tasks that are not there
    separated: Bool[Array, " task"]  # whether one arm is left
    active: Bool[Array, "task arm"]
    pulls: Int[Array, ""]  # of all tasks, both stages
    feature_pulls: Int[Array, " phase"]  # of all tasks
    elimination_pulls: Int[Array, " phase"]  # of all tasks
    task_pulls: Int[Array, " task"]  # of the second stage
    remaining: Int[Array, " phase"]  # tasks that still had a choice before the phase
    phases: Int[Array, ""]
    estimates: Float[Array, "task arm"]  # x^T theta_hat when the task last chose
    basis: Float[Array, "dim rank"]  # the last B_hat
    gap: Float[Array, ""]  # largest relative gap of a design that was used


class Rules(NamedTuple):
    """How the second stage works; hyper-parameters may be traced, choices are words."""

    delta: Scalar
    zeta: Scalar
    sizes: str
    allocation: str
    rounding: str
    rule: str
    constants: str
    reuse: bool


class Plan(NamedTuple):
    """What the tasks pull in a phase."""

    counts: Int[Array, "task arm"]
    uncertainty: Float[Array, " task"]  # max over active differences of ||y||_{A^-1} for the pulls
    gap: Float[Array, ""]


def make_rules(
    *,
    delta: Scalar = 0.005,
    zeta: Scalar = 0.1,
    sizes: str = "practical",
    allocation: str = "XY",
    rounding: str = "apportionment",
    rule: str = "gap",
    constants: str = "paper",
    reuse: bool = False,
) -> Rules:
    """The second stage's settings.

    Args:
      delta: chance of a wrong answer.
      zeta: loss of the rounding that the sizes allow for.
      sizes: "theory" or "practical" floors (`rounding_floor`).
      allocation: the design: "XY" of the paper, "G", or "uniform".
      rounding: "apportionment" (Pukelsheim), or "regret" (Allen-Zhu et al., which the paper's proof calls; a step per pull).
      rule: eliminate x when an active x' is better by 2^-t ("gap", the paper), or by more than `sqrt(2 ||y||^2 log(2 n^2 / delta_t))`
        ("confidence", the second rule of the published RAGE code).
      constants: of the number of pulls: those of the paper, or of the published RAGE code.
      reuse: pool the data of all phases and pull only what is lacking; the paper takes fresh data, which its proof needs.

    Raises:
      BadInput: a number outside its range, or an unknown choice.
    """
    check_share(delta=delta)
    check_between(1e-6, 1, "zeta is the loss of the rounding, 0.1 in the paper", zeta=zeta)
    for name, value, choices in (
        ("sizes", sizes, ("practical", "theory")), ("allocation", allocation, ALLOCATIONS), ("rounding", rounding, ROUNDINGS),
        ("rule", rule, RULES), ("constants", constants, CONSTANTS),
    ):  # fmt: skip
        check_choice(name, value, choices)
    return Rules(delta, zeta, sizes, allocation, rounding, rule, constants, reuse)


def design(features: Array, y: Array, mask: Array, allocation: str) -> tuple[Array, Array, Array]:
    """Weights over the arms, `max_y ||y||^2_{A^-1}` over the masked differences, and the relative gap of the design."""
    if allocation == "XY":
        found = xy_optimal(features, y, mask)
        return found.weights, found.value, found.gap
    if allocation == "G":
        found = g_optimal(features)
        weights, gap = found.weights, found.gap
    else:
        weights = jnp.full(features.shape[0], 1 / features.shape[0], features.dtype)
        gap = jnp.zeros((), features.dtype)
    return weights, spread(features, jnp.where(mask[:, None], y, 0), weights), gap


def plan_phase(
    sampler: ArmSampler,
    features: Float[Array, "arm rank"],
    active: Bool[Array, "task arm"],
    phase: Array,
    rules: Rules,
    most: Scalar,
) -> Plan:
    """Design, size and rounding for every task with a choice left.

    Tasks with the same active arms have the same design, so it is found once for each set of arms that occurs: the loop runs as often as
    there are different sets, mostly once or twice. A size above `most`, or not finite, pulls nothing, and so separates nothing.
    """
    arms, dtype = features.shape[0], features.dtype
    left, right = np.triu_indices(arms, 1)
    y = features[left] - features[right]
    accuracy, delta = 2.0 ** -phase.astype(dtype), delta_of(phase.astype(dtype), rules.delta)
    size = released_pulls if rules.constants == "released" else design_pulls
    sizes = {"tasks": sampler.tasks, "arms": arms, "zeta": rules.zeta, "noise": sampler.noise}

    def one(mask):
        pairs = mask[left] & mask[right]
        weights, rho, gap = design(features, y, pairs, rules.allocation)
        floor = rounding_floor(features.shape[1], support(weights).astype(dtype), rules.zeta, rules.sizes)
        pulls = jnp.ceil(jnp.maximum(size(accuracy, delta, rho, **sizes), floor))
        whole = jnp.where(pulls <= most, pulls, 0).astype(int)
        round_to = regret_rounding if rules.rounding == "regret" else lambda _, *rest: efficient_apportionment(*rest)
        counts = jnp.where(whole > 0, round_to(features, weights, whole), 0).astype(int)
        used = spread(features, jnp.where(pairs[:, None], y, 0), counts.astype(dtype))
        return counts, jnp.sqrt(used), gap

    def solve(state):
        done, plan = state
        mask = active[jnp.argmin(done)]
        counts, uncertainty, gap = one(mask)
        same = ~done & jnp.all(active == mask, axis=1)
        return done | same, Plan(
            jnp.where(same[:, None], counts, plan.counts),
            jnp.where(same, uncertainty, plan.uncertainty),
            jnp.maximum(plan.gap, gap),
        )

    nothing = Plan(jnp.zeros(active.shape, int), jnp.zeros(active.shape[0], dtype), jnp.zeros((), dtype))
    settled = jnp.sum(active, axis=1) <= 1
    return jax.lax.while_loop(lambda state: ~jnp.all(state[0]), solve, (settled, nothing))[1]


def estimate(
    features: Float[Array, "arm rank"], counts: Int[Array, "task arm"], sums: Float[Array, "task arm"]
) -> Float[Array, "task arm"]:
    """`f_x^T w_hat` with `w_hat = (sum f f^T)^+ sum f y`; directions without a pull are left at zero."""
    gram = jnp.einsum("ma,ai,aj->mij", counts.astype(features.dtype), features, features)
    inverse = pinv_psd(gram, max(CUTOFF, 8 * features.shape[0] * float(jnp.finfo(features.dtype).eps)))
    return jnp.einsum("ai,mij,mj->ma", features, inverse, sums @ features)


def countable(summands: int) -> int:
    """The most pulls of a phase and task of which so many can be added up in a whole number (int32 unless x64 is on)."""
    return int(jnp.iinfo(jnp.asarray(0).dtype).max) // (4 * summands)


def survivors(
    values: Float[Array, "task arm"],
    active: Bool[Array, "task arm"],
    phase: Array,
    uncertainty: Float[Array, " task"],
    noise: Scalar,
    rules: Rules,
) -> Bool[Array, "task arm"]:
    """Drop every arm that an active one beats by the margin; the best estimate always stays."""
    best = jnp.max(jnp.where(active, values, -jnp.inf), axis=1, keepdims=True)
    t = phase.astype(values.dtype)
    margin = 2.0**-t
    if rules.rule == "confidence":
        logs = jnp.log(2 * values.shape[1] ** 2 / delta_of(t, rules.delta))
        margin = noise * (jnp.sqrt(2 * logs) * uncertainty)[:, None]
    return active & ~(best - values > margin)


class _State(NamedTuple):
    phase: Array
    active: Array
    values: Array
    basis: Array
    store: Any
    counts: Array
    sums: Array
    feature_pulls: Array
    elimination_pulls: Array
    task_pulls: Array
    remaining: Array
    gap: Array


def run_phases(
    key: PRNGKey,
    sampler: ArmSampler,
    recover: Callable[..., tuple[Array, Array, Any]],
    basis: Float[Array, "dim rank"],
    store: Any,
    *,
    phases: int,
    rules: Rules,
) -> Identification:
    """Phases t = 1, 2, ... until every task has one arm left, or `phases` are over.

    Args:
      key: PRNG key; a phase has its own.
      sampler: what may be pulled.
      recover: `(key, t, store) -> (B_hat, pulls of all tasks, store)`, the first stage.
      basis: of the features before the first phase (its shape is what matters).
      store: what `recover` keeps between phases.
      phases: most phases; two arms that are equally good are never separated.
      rules: the second stage.
    """
    check_whole(phases=phases)
    shape, dtype = (sampler.present.shape[0], sampler.arms.shape[0]), sampler.arms.dtype
    most = countable(shape[0] * phases)
    if shape[1] < 2:
        raise BadInput(f"arms got {shape[1]}, but a best arm is sought among at least 2; add arms")

    def phase(state):
        t = state.phase + 1
        keys = {
            name: jax.random.fold_in(jax.random.fold_in(key, t), i) for i, name in enumerate(("features", "rewards"))
        }
        basis, feature_pulls, store = recover(keys["features"], t, state.store)
        features = sampler.arms @ basis
        plan = plan_phase(sampler, features, state.active, t, rules, most)
        counts = jnp.maximum(plan.counts - state.counts, 0) if rules.reuse else plan.counts
        sums = sampler.sums(keys["rewards"], counts)
        gathered = (state.counts + counts, state.sums + sums) if rules.reuse else (counts, sums)
        values = estimate(features, *gathered)
        choosing = jnp.sum(state.active, axis=1) > 1
        kept = survivors(values, state.active, t, plan.uncertainty, sampler.noise, rules)
        pulls = jnp.sum(counts, axis=1)
        return _State(
            t,
            jnp.where(choosing[:, None], kept, state.active),
            jnp.where(choosing[:, None], values, state.values),
            basis,
            store,
            *gathered,
            state.feature_pulls.at[t - 1].set(feature_pulls),
            state.elimination_pulls.at[t - 1].set(jnp.sum(pulls)),
            state.task_pulls + pulls,
            state.remaining.at[t - 1].set(jnp.sum(choosing)),
            jnp.maximum(state.gap, plan.gap),
        )

    none = jnp.zeros(phases, int)
    everything = sampler.present[:, None] | (jnp.arange(shape[1]) == 0)  # of a task that is not there, one arm is left
    state = jax.lax.while_loop(
        lambda state: (state.phase < phases) & jnp.any(jnp.sum(state.active, axis=1) > 1),
        phase,
        _State(
            jnp.asarray(0), everything, jnp.zeros(shape, dtype), basis, store, jnp.zeros(shape, int),
            jnp.zeros(shape, dtype), none, none, jnp.zeros(shape[0], int), none, jnp.zeros((), dtype),
        ),
    )  # fmt: skip
    return Identification(
        jnp.argmax(jnp.where(state.active, state.values, -jnp.inf), axis=1),
        jnp.sum(state.active, axis=1) == 1,
        state.active,
        jnp.sum(state.feature_pulls) + jnp.sum(state.elimination_pulls),
        state.feature_pulls,
        state.elimination_pulls,
        state.task_pulls,
        state.remaining,
        state.phase,
        state.values,
        state.basis,
        state.gap,
    )


def status(result: Identification) -> str:
    """One word on a single finished run: "separated", or "not separated" with what is left, never an endless loop."""
    open_tasks = int((~np.asarray(result.separated)).sum())
    if not open_tasks:
        return "separated"
    return f"not separated: {open_tasks} tasks still have several arms after {int(result.phases)} phases; their best may be tied"
