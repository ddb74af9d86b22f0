"""Repeated train/held-out splits of real tasks, and the classifiers trained on them (pure functions for `over_seeds`)."""

from typing import NamedTuple

from experiments.rmt_classification.predictions import Plan, active_coupling, plan, stack
from mtrl import random_matrix
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics.linalg import psd

RULES = ("signed", "optimal", "optimal, training statistics", "single task")


class Split(NamedTuple):
    """One draw: source and target training samples, and which samples are held out."""

    data: "random_matrix.classification.Samples"  # task 0 = source, 1 = target
    held: "jax.Array"  # (sample, 2) weight of every sample of the pool as held-out sample of target class 1, 2


def random_ranks(key, pool):
    """Rank of every sample within its pool under a random order, 0, 1, .. (so that pools of any size share one program)."""
    order = jax.random.permutation(key, pool.size)
    grouped = order[jnp.argsort(pool[order], stable=True)]  # pools one after the other, each in random order
    first = jnp.searchsorted(pool[grouped], pool[grouped])  # where each pool starts
    return jnp.zeros_like(first).at[grouped].set(jnp.arange(pool.size, dtype=first.dtype) - first)


def draw_split(key, X, pool, source, target, *, n_source: int, n_target: int) -> Split:
    """n_target training samples per target class, n_source per source class, the rest of the target held out.

    A class that serves both tasks gives disjoint samples to the two, and none of them is held out.

    Args:
      key: of the repeat.
      X: (sample, dim).
      pool: (sample,) class identity of every sample (a digit, or task and label).
      source, target: (2,) the pools that are classes 1 and 2 of the source and of the target.
    """
    keys = split_named(key, "split")
    rank = random_ranks(keys["split"], pool)

    def take(which, start, count):
        wanted = (pool == which) & (rank >= start) & (rank < start + count)
        return jnp.nonzero(wanted, size=count)[0], wanted

    chosen = [take(source[0], n_target, n_source), take(source[1], n_target, n_source)]
    chosen += [take(target[0], 0, n_target), take(target[1], 0, n_target)]
    used = jnp.any(jnp.stack([mask for _, mask in chosen]), axis=0)
    index = jnp.concatenate([rows for rows, _ in chosen])
    task, label = random_matrix.classification.membership(((n_source,) * 2, (n_target,) * 2))
    held = (pool[:, None] == target) & ~used[:, None]
    return Split(
        random_matrix.classification.Samples(X[index], jnp.asarray(task), jnp.asarray(label)), held.astype(X.dtype)
    )


def pool_moments(X, pool, source, target):
    """Means (4, dim) and pooled within-class covariance of ALL samples of the four classes, held-out ones included."""
    weights = (pool[:, None] == jnp.concatenate([source, target])).astype(X.dtype)  # (sample, 4)
    size = weights.sum(0)
    means = (weights.T @ X) / size[:, None]
    second = jnp.einsum("ng,np,nq->pq", weights, X, X) - jnp.einsum("g,gp,gq->pq", size, means, means)
    return means, second / size.sum()


def held_out_error(split: Split, plan: Plan, X):
    """Average over the two target classes of the held-out error rate."""
    fitted = random_matrix.classification.fit(split.data, plan.ytil, plan.B)
    scores = random_matrix.classification.score(fitted, X, jnp.ones(X.shape[0], int))
    wrong = jnp.stack([scores <= plan.threshold, scores > plan.threshold], axis=1)
    return jnp.mean(jnp.sum(split.held * wrong.astype(X.dtype), axis=0) / jnp.sum(split.held, axis=0))


def split_errors(
    key,
    X,
    pool,
    source,
    target,
    gamma,
    lam,
    single_gamma,
    *,
    n_source: int,
    n_target: int,
    shrinkage: float,
    whiten: str,
):
    """Held-out errors (rule,) and predicted errors (rule,) of one repeat.

    `whiten` says where the whitening matrix comes from: pool (all samples, as if the covariance were known) or training.
    """
    split = draw_split(key, X, pool, source, target, n_source=n_source, n_target=n_target)
    means, S = pool_moments(X, pool, source, target)
    T = (
        random_matrix.classification.shrunk_root(S, shrinkage)
        if whiten == "pool"
        else random_matrix.classification.whitening(split.data, 2, shrinkage=shrinkage)
    )
    dmu = jnp.stack([means[0] - means[1], means[2] - means[3]]) @ T
    gram = dmu @ dmu.T
    split = split._replace(data=split.data._replace(X=split.data.X @ T))
    dim, n = X.shape[1], jnp.array([[n_source] * 2, [n_target] * 2])
    estimated = psd.nearest_psd(random_matrix.classification.gram_corrected(split.data, 2))
    B = active_coupling(gamma, lam, jnp.ones(2))
    alone = active_coupling(single_gamma, 0.0, jnp.array([0.0, 1.0]))
    plans = stack(
        [
            plan(gram, n, B, dim=dim, rule="classical"),
            plan(gram, n, B, dim=dim, rule="optimal"),
            plan(estimated, n, B, dim=dim, rule="optimal"),
            plan(gram, n, alone, dim=dim, rule="midpoint"),
        ]
    )
    white = X @ T
    return jax.vmap(lambda one: held_out_error(split, one, white))(plans), plans.error
