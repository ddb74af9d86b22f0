"""DouExpDes (Du, Huang and Sun 2023, arXiv 2302.04441, Algorithm 1): best arms of M tasks by two nested experimental designs.

An E-optimal design in R^d recovers the shared features, an XY design in R^k eliminates arms; both anew in every phase t, for accuracy 2^-t.
The baselines are the same loop without the first stage (`ind_rage`, `oracle_features`) or without its designs (`uniform_designs`).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.bandits.exploration.eliminate import countable, make_rules
from mtrl.bandits.exploration.phases import Identification, run_phases
from mtrl.bandits.exploration.recover import feature_design, feature_moment, leading, make_batch
from mtrl.bandits.exploration.sampler import ArmSampler
from mtrl.bandits.exploration.sizes import UNIT, Bounds, batch_rounds, delta_of, feature_batches
from mtrl.numerics.checks import check_nonnegative, check_positive, check_rank, check_whole
from mtrl.numerics.designs.certificate import check_spanning
from mtrl.numerics.designs.rounding import efficient_apportionment, regret_rounding
from mtrl.numerics.types import PRNGKey, Scalar


def dou_exp_des(
    key: PRNGKey,
    sampler: ArmSampler,
    *,
    rank: int,
    omega: Scalar,
    delta: Scalar = 0.005,
    zeta: Scalar = 0.1,
    sizes: str = "practical",
    design: str = "E",
    allocation: str = "XY",
    rounding: str = "apportionment",
    rounds: int | None = None,
    constant: Scalar = 16.0,
    least: Scalar = 1.0,
    bounds: Bounds = UNIT,
    correction: Scalar = 1.0,
    reuse: bool = False,
    phases: int = 14,
) -> Identification:
    """Name the best arm of every task with probability 1 - delta.

    Args:
      key: PRNG key.
      sampler: arms and rewards (`arm_sampler`).
      rank: k, dimension of the shared features.
      omega: task diversity, `sigma_k(Gamma) >= omega / k`.
      delta, zeta: chance of failure, loss of the rounding.
      sizes: "theory" for the constants of the proof, "practical" for those that a computer can afford; see `sizes`.
      design: of the first stage, "E" in the paper; "G" or "uniform" for an ablation.
      allocation: of the second stage, "XY" in the paper; "G" or "uniform" for an ablation.
      rounding: "apportionment", or "regret" as in the proof.
      rounds: p, pulls of a batch; None for 20 d, or `180 d / zeta^2` in theory.
      constant: c_F of the practical number of batches, C of the theoretical one.
      least: fewest batches of a phase; 0 only with rank = d, where there is nothing to find.
      bounds: L_x, L_w, L_theta; the practical number of batches reads L_w alone.
      correction: how much of the noise's covariance is taken off the second moment; 0 shows the bias.
      reuse: keep the data of all phases; the paper does not.
      phases: most phases.

    Returns:
      `Identification`; tasks that have had their answer still take part in the first stage, as the features need all tasks.

    Raises:
      BadInput: a number outside its range, an unknown choice, arms that do not span.
    """
    dim, tasks = sampler.arms.shape[1], sampler.tasks
    most = dim if rank == dim else min(dim, sampler.present.shape[0])  # with k = d there is nothing to share
    check_rank(rank, most, what="the smaller of the dimension and the number of tasks")
    check_positive(omega=omega, hint="it is the task diversity, k times the smallest eigenvalue of Gamma")
    check_positive(noise=sampler.noise, constant=constant)
    check_nonnegative(least=least)
    check_whole(phases=phases)
    check_spanning("arms", sampler.arms)
    rules = make_rules(
        delta=delta, zeta=zeta, sizes=sizes, allocation=allocation, rounding=rounding, reuse=reuse
    )  # fmt: skip
    first = feature_design(sampler.arms, design)
    size = batch_rounds(dim, zeta, sizes) if rounds is None else rounds
    if rounding == "regret":
        counts = regret_rounding(sampler.arms, first.weights, size)
    else:
        counts = efficient_apportionment(first.weights, size)
    batch = make_batch(sampler.arms, counts, sampler.noise)
    dtype = sampler.arms.dtype

    def recover(key, t, store):
        scatter, made = store
        t = t.astype(dtype)
        needed = feature_batches(
            2.0**-t, delta_of(t, delta), tasks=tasks, dim=dim, rank=rank, omega=omega, rounds=jnp.asarray(size).astype(dtype),
            rho=first.value, spread=batch.spread, zeta=zeta, bounds=bounds, sizes=sizes, constant=constant, least=least,
        )  # fmt: skip
        needed = jnp.where(needed <= countable(phases) / (tasks * size), needed, 0)
        fresh = (jnp.maximum(needed - made, 0) if reuse else needed).astype(dtype)
        drawn = sampler.scatter(key, batch.covariance, batch.counts, fresh)
        scatter, made = (scatter + drawn, made + fresh) if reuse else (drawn, fresh)
        moment = feature_moment(scatter, tasks * made, batch.covariance, correction=correction)
        # k eigenvectors of nothing at all are as good as any: only with k = d may there be no batch.
        basis = jnp.where(made > 0, leading(moment, rank), jnp.eye(dim, rank, dtype=dtype))
        pulls = tasks * fresh * jnp.sum(batch.counts).astype(dtype)
        return basis, pulls.astype(int), (scatter, made)

    store = (jnp.zeros((dim, dim), dtype), jnp.zeros((), dtype))
    return run_phases(key, sampler, recover, jnp.eye(dim, rank, dtype=dtype), store, phases=phases, rules=rules)


def given_features(
    key: PRNGKey,
    sampler: ArmSampler,
    basis: Float[Array, "dim rank"],
    *,
    delta: Scalar = 0.005,
    zeta: Scalar = 0.1,
    sizes: str = "practical",
    allocation: str = "XY",
    rounding: str = "apportionment",
    rule: str = "gap",
    constants: str = "paper",
    reuse: bool = False,
    phases: int = 14,
) -> Identification:
    """The second stage alone, in features `basis^T x` that need not be learnt; arguments as in `dou_exp_des` and `eliminate.make_rules`.

    Raises:
      BadInput: a number outside its range, or an unknown choice.
    """
    rules = make_rules(
        delta=delta, zeta=zeta, sizes=sizes, allocation=allocation, rounding=rounding, rule=rule, constants=constants, reuse=reuse,
    )  # fmt: skip
    check_positive(noise=sampler.noise)
    basis = jnp.asarray(basis, sampler.arms.dtype)

    def recover(key, t, store):
        return basis, jnp.zeros((), int), store

    return run_phases(key, sampler, recover, basis, (), phases=phases, rules=rules)


def ind_rage(key: PRNGKey, sampler: ArmSampler, **hyper) -> Identification:
    """IndRAGE: RAGE (Fiez, Jain, Jamieson and Ratliff 2019) on every task with the chance delta / M; arguments as in `given_features`.

    `constants="released"` and `rule="confidence"` are those of the published code.
    """
    check_spanning("arms", sampler.arms)
    return given_features(key, sampler, jnp.eye(sampler.arms.shape[1], dtype=sampler.arms.dtype), **hyper)


def oracle_features(key: PRNGKey, sampler: ArmSampler, basis: Float[Array, "dim rank"], **hyper) -> Identification:
    """Oracle-B: the second stage with the true B, a lower envelope; arguments as in `given_features`."""
    return given_features(key, sampler, basis, **hyper)


def uniform_designs(key: PRNGKey, sampler: ArmSampler, *, rank: int, omega: Scalar, **hyper) -> Identification:
    """DouExpDes with equal shares for all arms in place of both designs; arguments as in `dou_exp_des`."""
    return dou_exp_des(key, sampler, rank=rank, omega=omega, design="uniform", allocation="uniform", **hyper)
