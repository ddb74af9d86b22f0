"""Instances of pure exploration: M linear bandits with parameters `theta_m = B w_m`, common arms, or arms that depend on a random context.

Du, Huang and Sun, "Multi-task Representation Learning for Pure Exploration in Linear Bandits", ICML 2023, arXiv 2302.04441, Section 3:
n arms x of R^d (`arms`), or features phi(s, a) with contexts s of law D (`features`, `probabilities`); B (d, k) with orthonormal columns,
W (M, k), rewards with Gaussian noise of variance sigma^2.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from numpy.typing import ArrayLike

from mtrl.bandits.problem import LinearParams, first_best, sample_linear, sphere
from mtrl.numerics.checks import check_finite, check_positive, check_rank, check_whole, known
from mtrl.numerics.designs.certificate import check_spanning
from mtrl.numerics.designs.e_optimal import check_distribution
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class ArmTasks(NamedTuple):
    """RepBAI-LB: the same arms in every task; which is best?"""

    arms: Float[Array, "arm dim"]  # X
    linear: LinearParams
    present: Bool[Array, " task"] | None = (
        None  # None: all tasks are there; instances of unequal M are stacked with a mask
    )

    @property
    def means(self) -> Float[Array, "task arm"]:
        """`x^T theta_m`."""
        return self.linear.parameters @ self.arms.T


class ContextTasks(NamedTuple):
    """RepBPI-CLB: a context s of law D comes, then an action is chosen; which policy is best?"""

    features: Float[Array, "context arm dim"]  # phi(s, a)
    probabilities: Float[Array, " context"]  # D
    linear: LinearParams
    present: Bool[Array, " task"] | None = None  # as in `ArmTasks`

    @property
    def means(self) -> Float[Array, "task context arm"]:
        """`phi(s, a)^T theta_m`."""
        return jnp.einsum("sad,md->msa", self.features, self.linear.parameters)


def diversity(heads: Float[Array, "task rank"]) -> Float[Array, ""]:
    """The omega of the task diversity condition `sigma_k(Gamma) >= omega / k`, with `Gamma = (1/M) sum_m w_m w_m^T`."""
    tasks, rank = heads.shape
    return rank * jnp.linalg.eigvalsh(heads.T @ heads / tasks)[0]


def check_linear(linear: LinearParams) -> None:
    """Check the hidden parameters of a problem, where they are known.

    Raises:
      BadInput: a rank that does not fit, no noise, or tasks that do not span the representation.
    """
    (tasks, rank), dim = linear.heads.shape, linear.basis.shape[0]
    check_rank(rank, min(dim, tasks), what="the smaller of the dimension and the number of tasks")
    check_positive(noise=linear.noise, hint="the moment estimator needs the variance")
    heads = known(linear.heads)
    if heads is None:
        return
    check_finite(hint="clean the data first", heads=heads)
    found = int(np.linalg.matrix_rank(heads))
    if found < rank:
        raise BadInput(
            f"heads have rank {found}, but must have rank {rank}: the task diversity condition sigma_k(Gamma) >= omega / k fails; "
            f"lower the rank to {found} or add tasks"
        )


def check_arm_tasks(problem: ArmTasks) -> ArmTasks:
    """The problem, after checks of what is known of it.

    Raises:
      BadInput: arms that do not span, or parameters that do not fit.
    """
    check_spanning("arms", problem.arms)
    check_linear(problem.linear)
    return problem


def check_context_tasks(problem: ContextTasks) -> ContextTasks:
    """The problem, after checks of what is known of it.

    Raises:
      BadInput: features that do not span, probabilities that are none, or parameters that do not fit.
    """
    check_spanning("features", problem.features)
    check_distribution("probabilities", problem.probabilities)
    check_linear(problem.linear)
    return problem


def canonical_tasks(gap: Scalar, noise: Scalar = 1.0, *, tasks: int, dim: int, rank: int) -> ArmTasks:
    """The canonical basis as arms, `B = [I_k; 0]`, tasks in k groups, `theta_m = gap e_{m mod k}`: every gap is `gap`.

    Args:
      gap: Delta_min, a float; its dtype is the problem's.
      noise: sigma.
      tasks, dim, rank: M, d, k.

    Raises:
      BadInput: a rank that does not fit, or no noise.
    """
    check_whole(tasks=tasks)
    check_positive(noise=noise)
    check_rank(rank, min(dim, tasks), what="the smaller of the dimension and the number of tasks")
    gap = jnp.asarray(gap)
    eye = jnp.eye(dim, dtype=gap.dtype)
    heads = gap * jnp.eye(rank, dtype=gap.dtype)[np.arange(tasks) % rank]
    return ArmTasks(eye, LinearParams(eye[:, :rank], heads, jnp.asarray(noise, gap.dtype)))


def canonical_diversity(tasks: ArrayLike, gap: ArrayLike, rank: int) -> Float[np.ndarray, "..."]:
    """`omega = k sigma_k(Gamma)` of the first M tasks of `canonical_tasks`, `k gap^2 floor(M / k) / M`: `gap^2` where the groups are equal.

    Args:
      tasks, gap: M and Delta_min, broadcast against each other (on the host, before a sweep).
      rank: k.
    """
    tasks = np.asarray(tasks)
    return np.asarray(rank * np.asarray(gap) ** 2 * np.floor(tasks / rank) / tasks)


def sample_arm_tasks(key: PRNGKey, noise: Scalar, *, tasks: int, dim: int, rank: int, arms: int) -> ArmTasks:
    """Arms uniform on the sphere, the subspace and the heads uniform; gaps may be as small as luck has it."""
    check_rank(rank, min(dim, tasks), what="the smaller of the dimension and the number of tasks")
    check_whole(arms=arms, lower=dim, hint="fewer cannot span")
    keys = split_named(key, "linear", "arms")
    linear = sample_linear(keys["linear"], noise, tasks=tasks, dim=dim, rank=rank)
    return ArmTasks(sphere(keys["arms"], (arms, dim), linear.basis.dtype), linear)


def sample_context_tasks(
    key: PRNGKey, noise: Scalar, *, tasks: int, dim: int, rank: int, contexts: int, arms: int
) -> ContextTasks:
    """Features uniform on the sphere, D uniform, the subspace uniform; task m has the head `e_{m mod k}`, so that `omega = 1`."""
    check_rank(rank, min(dim, tasks), what="the smaller of the dimension and the number of tasks")
    check_whole(contexts=contexts, arms=arms)
    keys = split_named(key, "linear", "features")
    linear = sample_linear(keys["linear"], noise, tasks=tasks, dim=dim, rank=rank)
    dtype = linear.basis.dtype
    heads = jnp.eye(rank, dtype=dtype)[np.arange(tasks) % rank]
    features = sphere(keys["features"], (contexts, arms, dim), dtype)
    return ContextTasks(features, jnp.full(contexts, 1 / contexts, dtype), linear._replace(heads=heads))


def best_arms(problem: ArmTasks) -> Int[Array, " task"]:
    """The best arm of every task, the first of equals."""
    return first_best(problem.means)


def gaps(problem: ArmTasks) -> Float[Array, "task arm"]:
    """How much worse each arm is than the best of its task."""
    return jnp.max(problem.means, axis=1, keepdims=True) - problem.means


def smallest_gap(problem: ArmTasks) -> Float[Array, ""]:
    """Delta_min over tasks and sub-optimal arms; 0 where two arms are best."""
    return jnp.min(jnp.sort(gaps(problem), axis=1)[:, 1])


def wrong(problem: ArmTasks, arms: Int[Array, " task"]) -> Bool[Array, " task"]:
    """Which tasks got an arm that is not the best."""
    chosen = jnp.take_along_axis(gaps(problem), arms[:, None], axis=1)[:, 0]
    return chosen > 64 * jnp.finfo(chosen.dtype).eps


def policy_gaps(problem: ContextTasks, policies: Int[Array, "task context"]) -> Float[Array, " task"]:
    """`E_{s ~ D} max_a (phi(s, a) - phi(s, pi_m(s)))^T theta_m`."""
    means = problem.means
    chosen = jnp.take_along_axis(means, policies[..., None], axis=-1)[..., 0]
    return (jnp.max(means, axis=-1) - chosen) @ problem.probabilities


def first_tasks(problem: ArmTasks | ContextTasks, count: Scalar) -> ArmTasks | ContextTasks:
    """The problem of the first `count` tasks, in arrays of the same shape: M may be traced, and swept by vmap."""
    count = jnp.asarray(count)
    return problem._replace(present=jnp.arange(problem.linear.heads.shape[0], dtype=count.dtype) < count)


def presence(problem: ArmTasks | ContextTasks) -> Bool[Array, " task"]:
    """Which tasks are there."""
    tasks = problem.linear.heads.shape[0]
    return jnp.ones(tasks, bool) if problem.present is None else problem.present


def subspace_error(basis: Float[Array, "dim columns"], truth: Float[Array, "dim rank"]) -> Float[Array, ""]:
    """`||B_hat_perp^T B||_F^2`, which no rotation of either basis changes; a basis with more columns may hold all of B."""
    return jnp.sum((truth - basis @ (basis.T @ truth)) ** 2)
