"""Contract rows of pure exploration and the optimal designs under it."""

import jax
import jax.numpy as jnp

from mtrl.bandits import exploration as ex
from mtrl.bandits.problem import LinearParams
from mtrl.numerics.designs import interior_point
from mtrl.numerics.designs.e_optimal import contextual_e_optimal, e_optimal
from mtrl.numerics.designs.g_optimal import g_optimal
from mtrl.numerics.designs.rounding import efficient_apportionment, regret_rounding
from mtrl.numerics.designs.xy_optimal import xy_optimal
from tests.contract.table import Case

TASKS, ARMS, DIM, RANK = 4, 6, 3, 2


def points(key, dtype):
    return (jax.random.normal(key, (ARMS, DIM), dtype),)


def arm_tasks(key, dtype):
    """Arms, heads, subspace and noise."""
    keys = jax.random.split(key, 3)
    basis = jnp.linalg.qr(jax.random.normal(keys[1], (DIM, RANK), dtype))[0]
    heads = jax.random.normal(keys[2], (TASKS, RANK), dtype)
    return points(keys[0], dtype)[0], heads, basis, jnp.asarray(0.3, dtype)


def context_tasks(key, dtype):
    arms, *rest = arm_tasks(key, dtype)
    return jnp.stack([arms, arms[::-1] * 0.7]), *rest


def scale_arms(arrays, s):
    """Another unit of the arms, as signal and noise are: the thresholds 2^-t are in units of the reward."""
    arms, heads, basis, noise = arrays
    return arms * s, heads / s, basis, noise


def scale_features(arrays, s):
    """Rewards in another unit: features, and all that is measured against the accuracy, at one scale."""
    features, heads, basis, noise = arrays
    return features, heads * s, basis, noise * s


def identify(algorithm, **fixed):
    def call(key, arms, heads, basis, noise, **hyper):
        problem = ex.ArmTasks(arms, LinearParams(basis, heads, noise))
        given = {"basis": basis} if algorithm is ex.oracle_features else {}
        return algorithm(key, ex.arm_sampler(problem), phases=3, **given, **fixed, **hyper)

    return call


def budgeted(key, arms, heads, basis, noise, *, budget, share):
    problem = ex.ArmTasks(arms, LinearParams(basis, heads, noise))
    return ex.fb_doe(key, ex.arm_sampler(problem), budget, rank=RANK, share=share)


def policies(algorithm, **fixed):
    def call(key, features, heads, basis, noise, **hyper):
        law = jnp.asarray([0.3, 0.7], features.dtype)
        problem = ex.ContextTasks(features, law, LinearParams(basis, heads, noise))
        return algorithm(key, ex.context_sampler(problem), rounds=20.0, observed=30, accuracy=0.5, **fixed, **hyper)

    return call


def arms_found(result):
    return result.estimates, result.pulls, result.active


def policies_found(result):
    return result.basis @ result.basis.T, result.policy, result.planner_pulls, result.potential


def design(name, make, **options):
    """A row of a design: its value and its bound."""
    return Case(f"numerics.{name}", lambda key, x: make(x), points, compare=lambda d: (d.value, d.bound), **options)


def whole(counts, like):
    return counts.astype(like.dtype)


COUNTS = "counts are whole numbers, which cannot be NaN; the design that is rounded says so"
OMEGA = {"rank": RANK, "omega": 0.5}

CASES = [
    design("g_optimal", lambda x: g_optimal(x, iterations=100)),
    design("g_optimal multiplicative", lambda x: g_optimal(x, method="multiplicative", iterations=30),
           differs_from=("numerics.g_optimal",)),
    design("e_optimal", lambda x: e_optimal(x, iterations=20)),
    design("contextual_e_optimal", lambda x: contextual_e_optimal(
        x.reshape(2, 3, DIM), jnp.asarray([0.3, 0.7], x.dtype), iterations=20), differs_from=("numerics.e_optimal",)),
    design("xy_optimal", lambda x: xy_optimal(x, x[1:] - x[:-1], iterations=20)),
    design("xy_optimal frank_wolfe", lambda x: xy_optimal(x, x[1:] - x[:-1], method="frank_wolfe", iterations=20),
           differs_from=("numerics.xy_optimal",)),
    design("interior_point.e_optimal", lambda x: interior_point.e_optimal(x, iterations=12)),
    design("interior_point.xy_optimal", lambda x: interior_point.xy_optimal(x, x[1:] - x[:-1], iterations=12),
           differs_from=("numerics.xy_optimal",)),
    Case("numerics.efficient_apportionment", lambda key, x: whole(efficient_apportionment(
        jax.nn.softmax(x[:, 0] / jnp.max(jnp.abs(x))), 101), x), points, poison=None, why=COUNTS),
    Case("numerics.regret_rounding", lambda key, x: whole(regret_rounding(x, jnp.full(ARMS, 1 / ARMS, x.dtype), 60), x), points,
         poison=None, why=COUNTS, differs_from=("numerics.efficient_apportionment",)),
    Case("exploration.dou_exp_des", identify(ex.dou_exp_des, **{"rank": RANK}), arm_tasks, scale=scale_arms, compare=arms_found,
         hyper={"omega": 0.5, "delta": 0.05, "zeta": 0.1, "constant": 2.0}, key_dependent=True,
         changed={"omega": 0.1, "delta": 0.2, "zeta": 0.4, "constant": 9.0}),
    Case("exploration.ind_rage", identify(ex.ind_rage), arm_tasks, scale=scale_arms, compare=arms_found, hyper={"delta": 0.05},
         key_dependent=True, changed={"delta": 0.2}, differs_from=("exploration.dou_exp_des",)),
    Case("exploration.oracle_features", identify(ex.oracle_features), arm_tasks, scale=scale_arms, compare=arms_found,
         hyper={"delta": 0.05}, key_dependent=True, differs_from=("exploration.dou_exp_des", "exploration.ind_rage")),
    Case("exploration.fb_doe", budgeted, arm_tasks, scale=scale_arms, compare=lambda found: (found.estimates, found.pulls),
         hyper={"budget": 4000.0, "share": 0.5}, key_dependent=True, changed={"budget": 9000.0, "share": 0.2}),
    Case("exploration.c_dou_exp_des", policies(ex.c_dou_exp_des, **{"rank": RANK}), context_tasks, scale=scale_features,
         compare=policies_found, hyper={"omega": 0.5, "constant": 2.0}, key_dependent=True, changed={"omega": 0.01}),
    Case("exploration.ind_rf_linucb", policies(ex.ind_rf_linucb), context_tasks, scale=scale_features, compare=policies_found,
         key_dependent=True, hyper={"ridge": 1.0}, changed={"ridge": 5.0}, differs_from=("exploration.c_dou_exp_des",)),
]  # fmt: skip
