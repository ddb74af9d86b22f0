"""What one seed runs in the figures that do not identify canonical instances: variants of DouExpDes, fixed budgets, the features alone."""

from mtrl import bandits
from mtrl.harness import jax, jnp
from mtrl.numerics.designs import rounding


def vary(key, factors, corrections, gap, length, omega, common, *, tasks, dim, rank, change, choices, phases):
    """One seed of a variant: pulls, tasks that are wrong, tasks left open, error of the features; (lane,) each."""
    explore = bandits.exploration
    problem = explore.canonical_tasks(gap, common["noise"], tasks=tasks, dim=dim, rank=rank)
    problem = problem._replace(arms=jnp.diag(jnp.where(jnp.arange(dim) < rank, 1.0, length)))
    sampler = explore.arm_sampler(problem)

    def one(i, factor, correction):
        found = explore.dou_exp_des(
            jax.random.fold_in(key, i), sampler, rank=rank + change, omega=omega * factor, correction=correction,
            delta=common["delta"], constant=common["constant"], phases=phases, **dict(choices),
        )  # fmt: skip
        wrong = jnp.mean(explore.wrong(problem, found.best) & found.separated)
        error = explore.subspace_error(found.basis, problem.linear.basis)
        return found.pulls.astype(float), wrong, jnp.mean(~found.separated), error

    return jax.vmap(one)(jnp.arange(factors.shape[0]), factors, corrections)


def choose(key, budgets, gap, noise, share, *, tasks, dim, rank):
    """One seed: share of the tasks whose arm is not the best, (method, budget)."""
    explore = bandits.exploration
    problem = explore.canonical_tasks(gap, noise, tasks=tasks, dim=dim, rank=rank)
    sampler = explore.arm_sampler(problem)

    def one(i, budget):
        own = jax.random.fold_in(key, i)
        found = (
            explore.fb_doe(own, sampler, budget, rank=rank, share=share),
            explore.halve_alone(own, sampler, budget),
            explore.halve(own, sampler, problem.linear.basis, budget),
        )
        return jnp.stack([jnp.mean(explore.wrong(problem, choice.best)) for choice in found]).astype(float)

    return jax.vmap(one, out_axes=1)(jnp.arange(budgets.shape[0]), budgets * tasks)


def batches_of(norms, *, rounds, designs):
    """Counts of every arm in a batch of each length by each design: (batch, design, arm)."""
    weights = [bandits.exploration.feature_design(jnp.diag(norms), design).weights for design in designs]
    return jnp.stack([jnp.stack([rounding.efficient_apportionment(w, n) for w in weights]) for n in rounds])


def recover(key, norms, counts, budgets, noise, *, tasks, rank):
    """One seed: error of B_hat for every place of B and batch at every budget, and its prediction; (place, batch, design, budget)."""
    explore, dim = bandits.exploration, norms.shape[0]
    keys = jax.random.split(key, 3)
    heads = jax.random.normal(keys[1], (tasks, rank))
    gamma = heads.T @ heads / tasks
    # Where the features lie among the long arms, what is to be told from them are the directions of the short ones: the worst place.
    worst = jnp.eye(dim)[:, jnp.argsort(-norms)[:rank]]
    bases = jnp.stack([worst, jnp.linalg.qr(jax.random.normal(keys[0], (dim, rank)))[0]])

    def one(i, basis, counts, budget):
        problem = explore.ArmTasks(jnp.diag(norms), bandits.LinearParams(basis, heads, noise))
        batch, sampler = explore.make_batch(problem.arms, counts, noise), explore.arm_sampler(problem)
        many = jnp.ceil(budget / (tasks * jnp.sum(counts)))
        found, _ = explore.recover_features(jax.random.fold_in(keys[2], i), sampler, batch, many, rank=rank)
        line = explore.theory.subspace_error_of(batch.covariance, basis, gamma, tasks=tasks, batches=many)
        return explore.subspace_error(found, basis), line

    shape = (2, *counts.shape[:2], budgets.shape[0])
    place, batch, design, budget = (x.reshape(-1) for x in jnp.meshgrid(*map(jnp.arange, shape), indexing="ij"))
    found = jax.vmap(one)(jnp.arange(place.size), bases[place], counts[batch, design], budgets[budget])
    return jax.tree.map(lambda x: x.reshape(shape), found)
