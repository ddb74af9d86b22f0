"""Repeated train/held-out splits of recorded tasks, a source and a target, and the classifiers trained on them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.psd import nearest_psd
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.random_matrix.classification.estimator import fit, score
from mtrl.random_matrix.classification.plans import coupling_of_active, labelling, plan_target
from mtrl.random_matrix.classification.problem import Samples, membership
from mtrl.random_matrix.classification.statistics import gram_corrected, shrunk_root, whitening

SPLIT_RULES = ("signed", "optimal", "optimal, training statistics", "single task")
Pools = Int[Array, " sample"]


def random_ranks(key: PRNGKey, pool: Pools) -> Pools:
    """Rank of every sample within its pool under a random order, 0, 1, .. (so that pools of any size share one program)."""
    order = jax.random.permutation(key, pool.size)
    grouped = order[jnp.argsort(pool[order], stable=True)]  # pools one after the other, each in random order
    first = jnp.searchsorted(pool[grouped], pool[grouped])  # where each pool starts
    return jnp.zeros_like(first).at[grouped].set(jnp.arange(pool.size, dtype=first.dtype) - first)


def draw_split(
    key: PRNGKey,
    X: Float[Array, "sample dim"],
    pool: Pools,
    source: Int[Array, " 2"],
    target: Int[Array, " 2"],
    *,
    n_source: int,
    n_target: int,
) -> tuple[Samples, Float[Array, "sample 2"]]:
    """n_target training samples per target class, n_source per source class, the rest of the target held out.

    A class that serves both tasks gives disjoint samples to the two, and none of them is held out.

    Args:
      key: of the repeat.
      X: features.
      pool: class identity of every sample (a digit, or task and label).
      source, target: the pools that are classes 1 and 2 of the source and of the target.
      n_source, n_target: training samples per class.

    Returns:
      Training samples (task 0 = source, 1 = target), and weights of the held-out samples of the target's classes.
    """
    rank = random_ranks(split_named(key, "split")["split"], pool)

    def take(which, start, count):
        wanted = (pool == which) & (rank >= start) & (rank < start + count)
        return jnp.nonzero(wanted, size=count)[0], wanted

    chosen = [take(source[j], n_target, n_source) for j in range(2)] + [take(target[j], 0, n_target) for j in range(2)]
    rows, used = jnp.concatenate([rows for rows, _ in chosen]), jnp.stack([mask for _, mask in chosen]).any(0)
    task, label = membership(((n_source,) * 2, (n_target,) * 2))
    held = (pool[:, None] == target) & ~used[:, None]
    return Samples(X[rows], jnp.asarray(task), jnp.asarray(label)), held.astype(X.dtype)


def pool_moments(
    X: Float[Array, "sample dim"], pool: Pools, source: Int[Array, " 2"], target: Int[Array, " 2"]
) -> tuple[Float[Array, "4 dim"], Float[Array, "dim dim"]]:
    """Means and pooled within-class covariance of ALL samples of the four classes, held-out ones included."""
    weights = (pool[:, None] == jnp.concatenate([source, target])).astype(X.dtype)  # (sample, 4)
    size = weights.sum(0)
    means = (weights.T @ X) / size[:, None]
    second = jnp.einsum("ng,np,nq->pq", weights, X, X) - jnp.einsum("g,gp,gq->pq", size, means, means)
    return means, second / size.sum()


def split_errors(
    key: PRNGKey,
    X: Float[Array, "sample dim"],
    pool: Pools,
    source: Int[Array, " 2"],
    target: Int[Array, " 2"],
    gamma: Scalar,
    lam: Scalar,
    single_gamma: Scalar,
    *,
    n_source: int,
    n_target: int,
    shrinkage: float,
    whiten: str,
) -> tuple[Float[Array, " rule"], Float[Array, " rule"]]:
    """Held-out errors, averages over the target's two classes, and predicted errors of one repeat, by SPLIT_RULES.

    Args:
      key, X, pool, source, target, n_source, n_target: as in `draw_split`.
      gamma, lam, single_gamma: strengths of the multitask machine and of the single task's.
      shrinkage: of the whitening covariance.
      whiten: where it comes from, "pool" (all samples, as if the covariance were known) or "training".
    """
    data, held = draw_split(key, X, pool, source, target, n_source=n_source, n_target=n_target)
    means, S = pool_moments(X, pool, source, target)
    T = shrunk_root(S, shrinkage) if whiten == "pool" else whitening(data, 2, shrinkage=shrinkage)
    dmu = jnp.stack([means[0] - means[1], means[2] - means[3]]) @ T
    data, white = data._replace(X=data.X @ T), X @ T
    gram, estimated = dmu @ dmu.T, nearest_psd(gram_corrected(data, 2))
    n = jnp.array([[n_source] * 2, [n_target] * 2])
    B = coupling_of_active(gamma, lam, jnp.ones(2))
    alone = coupling_of_active(single_gamma, 0.0, jnp.array([0.0, 1.0]))
    each = jax.vmap(lambda gram, B, kind: plan_target(gram, n, B, kind, dim=X.shape[1]))
    grams, couplings = jnp.stack([gram, gram, estimated, gram]), jnp.stack([B, B, B, alone])
    plans = each(grams, couplings, labelling(("classical", "optimal", "optimal", "single")))

    def held_out_error(plan):
        scores = score(fit(data, plan.ytil, plan.B), white, jnp.ones(X.shape[0], int))
        wrong = jnp.stack([scores <= plan.threshold, scores > plan.threshold], axis=1)
        return jnp.mean(jnp.sum(held * wrong.astype(X.dtype), axis=0) / jnp.sum(held, axis=0))

    return jax.vmap(held_out_error)(plans), plans.error
