"""C-DouExpDes (Du, Huang and Sun 2023, arXiv 2302.04441, Algorithm 2): good policies for M contextual tasks.

Contexts come at random. Their law is estimated first; a contextual E-optimal design and C-FeatRecover find the shared features; then every
task plans without rewards (`plan_rounds`) and fits once at the end.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.exploration.eliminate import countable
from mtrl.bandits.exploration.recover import leading
from mtrl.bandits.exploration.sampler import ContextSampler
from mtrl.bandits.exploration.sizes import UNIT, Bounds, feature_batches, planner_rounds, width
from mtrl.bandits.problem import first_best
from mtrl.numerics.checks import check_choice, check_nonnegative, check_positive, check_rank, check_share, check_whole
from mtrl.numerics.designs.certificate import check_spanning
from mtrl.numerics.designs.e_optimal import contextual_e_optimal
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Policies(NamedTuple):
    """A policy for every task, and what it cost."""

    policy: Int[Array, "task context"]  # pi_m(s)
    certified: Bool[Array, " task"]  # whether the planner's width says eps, given the features
    width: Float[
        Array, " task"
    ]  # 2 beta E_s max_a ||f(s, a)||_{Sigma_N^-1}: what the gap is at most, given the features
    pulls: Int[Array, ""]  # of all tasks, both stages
    feature_pulls: Int[Array, ""]  # of all tasks
    planner_pulls: Int[Array, " task"]  # N
    basis: Float[Array, "dim rank"]  # B_hat
    gap: Float[Array, ""]  # relative gap of the contextual design
    potential: Float[Array, " task"]  # sum of min(1, ||f_i||^2_{Sigma_{i-1}^-1}); within a block Sigma stays


class Planned(NamedTuple):
    """What the reward-free planner left."""

    information: Float[Array, "task rank rank"]  # Sigma_N
    counts: Float[Array, "task context arm"]
    rounds: Float[Array, " task"]
    width: Float[Array, " task"]
    potential: Float[Array, " task"]


def observe_contexts(key: PRNGKey, sampler: ContextSampler, rounds: int) -> Float[Array, " context"]:
    """D_hat, the shares of the contexts in so many rounds, seen without a pull."""
    return sampler.observe(key, rounds) / rounds


def plan_rounds(
    key: PRNGKey,
    sampler: ContextSampler,
    features: Float[Array, "context arm rank"],
    law: Float[Array, " context"],
    *,
    accuracy: Scalar,
    delta: Scalar,
    most: Scalar,
    ridge: Scalar = 1.0,
    norm: Scalar = 1.0,
    growth: Scalar = 0.1,
    certify: bool = True,
) -> Planned:
    """EstLowRep's rounds: reward-free LinUCB (Zanette, Dong, Lee and Brunskill 2021, arXiv 2107.09912) in every task at once.

    `Sigma_0 = gamma I`; a round shows s, pulls `a = argmax ||f(s, a)||_{Sigma^-1}` and adds `f f^T`. Sigma in the argmax is renewed after
    `growth` times as many rounds as there were (every round with 0), the rarely switching form of OFUL (Abbasi-Yadkori et al. 2011,
    Section 5.1); the contexts of such a block are drawn together.

    Args:
      key, sampler: luck and the contexts.
      features: f = B_hat^T phi.
      law: D_hat, over which the width is averaged.
      accuracy, delta: eps, delta.
      most: rounds after which a task stops.
      ridge, norm: gamma, L_w.
      growth: length of a block per round so far.
      certify: stop a task as soon as `2 beta E_s max_a ||f||_{Sigma^-1} <= eps`.
    """
    tasks, (contexts, arms, rank), dtype = sampler.present.shape[0], features.shape, features.dtype

    def lengths(information):
        inverse = jnp.linalg.inv(information)
        return jnp.einsum("sai,mij,saj->msa", features, inverse, features)

    def wide(squares, rounds):
        beta = width(rank, rounds, delta, tasks=sampler.tasks, noise=sampler.noise, norm=norm, ridge=ridge)
        return 2 * beta * (jnp.max(jnp.sqrt(squares), axis=2) @ law)

    def going(state):
        return sampler.present & (state.rounds < most) & ~((state.width <= accuracy) & certify)

    def block(state):
        i, now = state
        size = jnp.clip(jnp.floor(growth * now.rounds), 1, most - now.rounds)
        size = jnp.where(going(now), size, 0)
        visits = sampler.contexts(jax.random.fold_in(key, i), size)
        squares = lengths(now.information)
        chosen = jax.nn.one_hot(first_best(squares), arms, dtype=dtype)
        counts = visits[..., None] * chosen
        information = now.information + jnp.einsum("msa,sai,saj->mij", counts, features, features)
        rounds = now.rounds + size
        potential = now.potential + jnp.sum(counts * jnp.minimum(squares, 1), axis=(1, 2))
        return i + 1, Planned(
            information, now.counts + counts, rounds, wide(lengths(information), rounds), potential
        )  # fmt: skip

    start = jnp.broadcast_to(ridge * jnp.eye(rank, dtype=dtype), (tasks, rank, rank)).astype(dtype)
    none = jnp.zeros(tasks, dtype)
    first = Planned(start, jnp.zeros((tasks, contexts, arms), dtype), none, wide(lengths(start), none), none)
    return jax.lax.while_loop(lambda state: jnp.any(going(state[1])), block, (jnp.asarray(0), first))[1]


def fit_policies(
    key: PRNGKey, sampler: ContextSampler, features: Float[Array, "context arm rank"], planned: Planned
) -> Int[Array, "task context"]:
    """`w_hat = Sigma_N^-1 sum f r` and `pi(s) = argmax_a f(s, a)^T w_hat`: the only use of rewards after the first stage."""
    sums = sampler.sums(key, planned.counts)
    heads = jnp.linalg.solve(planned.information, jnp.einsum("msa,sai->mi", sums, features)[..., None])[..., 0]
    return first_best(jnp.einsum("sai,mi->msa", features, heads))


def second_stage(
    key: PRNGKey,
    sampler: ContextSampler,
    basis: Float[Array, "dim rank"],
    law: Float[Array, " context"],
    *,
    accuracy: Scalar,
    delta: Scalar,
    sizes: str,
    ridge: Scalar,
    norm: Scalar,
    growth: Scalar,
    rounds: Scalar | None,
    feature_pulls: Array,
    gap: Array,
) -> Policies:
    """Plan, pull, fit; theoretical rounds, a certified stop before them, or a given number."""
    keys = split_named(key, "contexts", "rewards")
    features = sampler.features @ basis
    rank, dtype = features.shape[-1], features.dtype
    most = planner_rounds(
        accuracy, delta, tasks=sampler.tasks, rank=rank, noise=sampler.noise, norm=norm, ridge=ridge,
        features=jnp.max(jnp.linalg.norm(features, axis=-1)),
    ) if rounds is None else rounds  # fmt: skip
    planned = plan_rounds(
        keys["contexts"], sampler, features, law, accuracy=accuracy, delta=delta, most=jnp.asarray(most, dtype), ridge=ridge,
        norm=norm, growth=growth, certify=sizes == "practical" and rounds is None,
    )  # fmt: skip
    policy = fit_policies(keys["rewards"], sampler, features, planned)
    pulls = planned.rounds.astype(int)
    return Policies(
        policy, planned.width <= accuracy, planned.width, feature_pulls + jnp.sum(pulls), feature_pulls, pulls, basis, gap,
        planned.potential,
    )  # fmt: skip


def _check(
    sampler: ContextSampler, accuracy: Scalar, delta: Scalar, sizes: str, ridge: Scalar, norm: Scalar, growth: Scalar
):
    check_positive(accuracy=accuracy, noise=sampler.noise, ridge=ridge, norm=norm)
    check_nonnegative(growth=growth)
    check_share(delta=delta)
    check_choice("sizes", sizes, ("practical", "theory"))
    check_spanning("features", sampler.features)


def c_dou_exp_des(
    key: PRNGKey,
    sampler: ContextSampler,
    *,
    rank: int,
    omega: Scalar,
    accuracy: Scalar,
    delta: Scalar = 0.005,
    zeta: Scalar = 0.1,
    sizes: str = "practical",
    known_context: bool = False,
    observed: int | None = None,
    half_batch: int | None = None,
    constant: Scalar = 16.0,
    bounds: Bounds = UNIT,
    ridge: Scalar = 1.0,
    growth: Scalar = 0.1,
    rounds: Scalar | None = None,
    products: bool = True,
) -> Policies:
    """Policies within eps of the best in every task, with probability 1 - delta.

    Args:
      key: PRNG key.
      sampler: contexts, features and rewards (`context_sampler`).
      rank, omega: k, task diversity.
      accuracy, delta, zeta: eps, chance of failure, loss of the rounding.
      sizes: "theory", or "practical", where the planner stops by its own width and the batches are as in `dou_exp_des` with eps for 2^-t.
      known_context: take the true D instead of observing contexts.
      observed: T_0, rounds in which only contexts are seen; None for 50 S.
      half_batch: p, rounds of each of a batch's two halves; None for 20 d. A size, so static; the paper's is of another order in theory.
      constant: c_F, or C in theory.
      bounds: L_x, L_w, L_theta.
      ridge, growth: gamma = 1 of the paper, blocks of the planner.
      rounds: N, a given number of planner rounds instead.
      products: the product of two independent halves, which is unbiased without correction; False squares one batch (for the ablation).

    Returns:
      `Policies`.

    Raises:
      BadInput: a number outside its range, an unknown choice, features that do not span.
    """
    contexts, _, dim = sampler.features.shape
    check_rank(rank, min(dim, sampler.present.shape[0]), what="the smaller of the dimension and the number of tasks")
    check_positive(omega=omega, hint="it is the task diversity, k times the smallest eigenvalue of Gamma")
    check_positive(constant=constant)
    observed = 50 * contexts if observed is None else observed
    half = 20 * dim if half_batch is None else half_batch
    check_whole(observed=observed, half_batch=half)
    _check(sampler, accuracy, delta, sizes, ridge, bounds.heads, growth)
    keys = split_named(key, "observe", "features", "plan")
    dtype = sampler.features.dtype
    law = sampler.law if known_context else observe_contexts(keys["observe"], sampler, observed)
    design = contextual_e_optimal(sampler.features, law)
    flat = sampler.features.reshape(-1, dim)
    inverse = jnp.linalg.inv((flat.T * (law[:, None] * design.weights).reshape(-1)) @ flat)
    needed = feature_batches(
        accuracy, delta, tasks=sampler.tasks, dim=dim, rank=rank, omega=omega, rounds=half, rho=design.value,
        spread=sampler.noise**2 * design.value / half, zeta=zeta, bounds=bounds, sizes=sizes, constant=constant,
    )  # fmt: skip
    most = countable(2 * half * sampler.present.shape[0])
    batches = jnp.where(needed <= most, needed, 0).astype(dtype)
    moment = sampler.products(keys["features"], design.weights, inverse, half, batches, squares=not products)
    basis = leading(moment, rank)
    pulls = (2 * half * sampler.tasks * batches).astype(int)
    return second_stage(
        keys["plan"], sampler, basis, law, accuracy=accuracy, delta=delta, sizes=sizes, ridge=ridge, norm=bounds.heads,
        growth=growth, rounds=rounds, feature_pulls=pulls, gap=design.gap,
    )  # fmt: skip


def given_context_features(
    key: PRNGKey,
    sampler: ContextSampler,
    basis: Float[Array, "dim rank"],
    *,
    accuracy: Scalar,
    delta: Scalar = 0.005,
    sizes: str = "practical",
    known_context: bool = False,
    observed: int | None = None,
    norm: Scalar = 1.0,
    ridge: Scalar = 1.0,
    growth: Scalar = 0.1,
    rounds: Scalar | None = None,
) -> Policies:
    """The second stage alone, in features `basis^T phi` that need not be learnt: Oracle-B with the true B; arguments as above."""
    observed = 50 * sampler.features.shape[0] if observed is None else observed
    check_whole(observed=observed)
    _check(sampler, accuracy, delta, sizes, ridge, norm, growth)
    keys = split_named(key, "observe", "plan")
    law = sampler.law if known_context else observe_contexts(keys["observe"], sampler, observed)
    none = jnp.zeros((), int), jnp.zeros((), sampler.features.dtype)
    return second_stage(
        keys["plan"], sampler, jnp.asarray(basis, sampler.features.dtype), law, accuracy=accuracy, delta=delta, sizes=sizes,
        ridge=ridge, norm=norm, growth=growth, rounds=rounds, feature_pulls=none[0], gap=none[1],
    )  # fmt: skip


def ind_rf_linucb(key: PRNGKey, sampler: ContextSampler, **hyper) -> Policies:
    """IndRFLinUCB: the reward-free planner of Zanette et al. 2021 on every task in R^d; arguments as in `given_context_features`."""
    return given_context_features(
        key, sampler, jnp.eye(sampler.features.shape[-1], dtype=sampler.features.dtype), **hyper
    )
