"""EliLowRep: arms are eliminated in the features of the moment, task by task; `phases` loops over it.

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
from mtrl.numerics.checks import check_between, check_choice, check_share
from mtrl.numerics.designs.g_optimal import g_optimal
from mtrl.numerics.designs.rounding import efficient_apportionment, regret_rounding, support
from mtrl.numerics.designs.xy_optimal import spread, xy_optimal
from mtrl.numerics.linalg.psd import pinv_psd
from mtrl.numerics.types import Scalar

ALLOCATIONS = ("XY", "G", "uniform")
ROUNDINGS = ("apportionment", "regret")
RULES = ("gap", "confidence")
CONSTANTS = ("paper", "released")
CUTOFF = 1e-10  # eigenvalues of the pulled information below this fraction of the largest count as zero


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

    nothing = jnp.zeros(active.shape, int), *[jnp.zeros(active.shape[0], dtype)] * 2
    counts, uncertainty, gap = over_sets(active, one, nothing)
    return Plan(counts, uncertainty, jnp.max(gap))


def over_sets(active: Bool[Array, "task arm"], one: Callable[[Array], Any], nothing: Any) -> Any:
    """`one(mask)` for every task with a choice left, found once for each set of arms that occurs.

    Args:
      active: the sets.
      one: mask of the arms -> arrays.
      nothing: the arrays of tasks that have their arm, each with the tasks in front.
    """

    def solve(state):
        done, found = state
        mask = active[jnp.argmin(done)]
        same = ~done & jnp.all(active == mask, axis=1)

        def put(old, new):
            return jnp.where(same.reshape(-1, *[1] * (old.ndim - 1)), new, old)

        return done | same, jax.tree.map(put, found, one(mask))

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
