"""C-FeatRecover alone: its error at growing numbers of samples, and what to expect to first order in the fluctuation of Z.

`Z = (1 / MT) sum th^(1) th^(2)^T` with `th = theta + xi`, `E xi xi^T = S_m`: to first order the part of B_hat outside of B is
`P sym(Z - E Z) B Gamma^-1`, `P = I - B B^T`.
"""

from mtrl import bandits
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics import designs


def noise_of(problem, policy, inverse):
    """p times the covariance of a half batch's estimate, (task, d, d): `U^-1 E[r^2 phi phi^T] U^-1 - theta theta^T`."""
    flat = problem.features.reshape(-1, inverse.shape[0]) @ inverse
    weights = (problem.probabilities[:, None] * policy).reshape(-1)
    squares = problem.means.reshape(-1, weights.size) ** 2 + problem.linear.noise**2
    theta = problem.linear.parameters
    return jnp.einsum("mn,ni,nj->mij", squares * weights, flat, flat) - jnp.einsum("mi,mj->mij", theta, theta)


def first_order(noise, linear):
    """Squared error of the product times the number of pairs: `(tr P S (w^T G^-2 w + tr G^-1 B^T S B G^-1) + |P S B G^-1|^2) / 2`."""
    basis, heads = linear.basis, linear.heads
    inverse = jnp.linalg.inv(heads.T @ heads / heads.shape[0])
    outside = noise - basis @ (basis.T @ noise)  # P S
    right = basis @ inverse
    inside = jnp.einsum("ia,mij,ja->m", right, noise, right) + jnp.sum((heads @ inverse) ** 2, axis=1)
    return jnp.mean(jnp.trace(outside, axis1=1, axis2=2) * inside + jnp.sum((outside @ right) ** 2, axis=(1, 2))) / 2


def floor_of(problem, policy, inverse, observed):
    """What an estimated D leaves of the error at any number of samples: `sum_s D(s) |P U^-1 A_s B|^2 / T_0`."""
    basis = problem.linear.basis
    moments = jnp.einsum("sa,sai,saj->sij", policy, problem.features, problem.features)
    moved = inverse @ moments @ basis
    return problem.probabilities @ jnp.sum((moved - basis @ (basis.T @ moved)) ** 2, axis=(1, 2)) / observed


def recover(key, batches, noise, *, tasks, halves, observed, **sizes):
    """One seed, (half, kind, budget) each: error of B_hat, its prediction, largest error of an entry of Z.

    Args:
      key: of the seed.
      batches: (half, budget) numbers of batches per task, ascending; a larger budget goes on from the smaller one.
      noise: sigma.
      tasks, halves, observed, sizes: sizes of the problem, p, T_0.
    """
    explore = bandits.exploration
    keys = split_named(key, "problem", "contexts", "product", "square")
    problem = explore.sample_context_tasks(keys["problem"], noise, tasks=tasks, **sizes)
    sampler, linear, rank = explore.context_sampler(problem), problem.linear, sizes["rank"]
    laws = jnp.stack([problem.probabilities, sampler.contexts(keys["contexts"], float(observed)) / observed])
    policies = jax.vmap(lambda law: designs.e_optimal.contextual_e_optimal(problem.features, law).weights)(laws)
    inverses = jnp.linalg.inv(jnp.einsum("ls,lsa,sai,saj->lij", laws, policies, *[problem.features] * 2))
    spread, truth = noise_of(problem, policies[0], inverses[0]), linear.parameters.T @ linear.parameters / tasks
    floor = floor_of(problem, policies[0], inverses[0], observed)

    def sums(key, half, counts, law, squares):
        """Moments at every budget, from independent parts."""
        new = jnp.diff(counts, prepend=0)
        part = lambda x: sampler.products(  # noqa: E731
            jax.random.fold_in(key, x[0]), policies[law], inverses[law], half, x[1], squares=squares
        )
        total = jnp.cumsum(jax.lax.map(part, (jnp.arange(new.size), new)), axis=0)
        return total / (tasks * counts)[:, None, None]

    errors, lines, misses = [], [], []
    for i, half in enumerate(halves):
        counts = batches[i]
        both = jax.lax.map(
            lambda x, half=half, counts=counts: sums(jax.random.fold_in(keys["product"], x), half, counts, x, False),
            jnp.arange(2),
        )
        moments = jnp.stack([*both, sums(keys["square"], half, counts, 0, True)])
        bases = jax.vmap(jax.vmap(lambda z: explore.leading(z, rank)))(moments)
        errors.append(jax.vmap(jax.vmap(lambda basis: explore.subspace_error(basis, linear.basis)))(bases))
        line = first_order(spread / half, linear) / (tasks * counts)
        biased = explore.leading(truth + spread.mean(0) / (2 * half), rank)
        limit = jnp.broadcast_to(explore.subspace_error(biased, linear.basis), line.shape)
        lines.append(jnp.stack([line, line + floor, limit]))
        misses.append(jnp.max(jnp.abs((moments + jnp.swapaxes(moments, -1, -2)) / 2 - truth), axis=(-1, -2)))
    return {name: jnp.stack(x) for name, x in dict(error=errors, line=lines, miss=misses).items()}
