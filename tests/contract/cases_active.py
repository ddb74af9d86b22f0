"""Contract rows of active multi-task sampling and the numerics under it."""

import functools

import jax
import jax.numpy as jnp

from mtrl import nn
from mtrl.numerics.designs.optimal_design import c_optimal
from mtrl.numerics.designs.rounding import apportion
from mtrl.numerics.moments import Moments, moments
from mtrl.numerics.optim.lasso import lambda_max, lasso
from mtrl.representation import active
from tests.contract.table import Case

RANK, TASKS, DIM = 2, 5, 6
NET = nn.Body(2, channels=(2, 2))


def pair(key, dtype):
    heads, head = jax.random.split(key)
    return jax.random.normal(heads, (RANK, TASKS), dtype), jax.random.normal(head, (RANK,), dtype)


def vector(key, dtype):
    return (jax.random.normal(key, (TASKS,), dtype),)


def priced(key, dtype):
    return *vector(key, dtype), jnp.exp(jax.random.normal(jax.random.fold_in(key, 1), (TASKS,), dtype))


def regression(key, dtype):
    keys = jax.random.split(key, 4)
    x = jax.random.normal(keys[0], (TASKS, 12, DIM), dtype)
    heads, basis = jax.random.normal(keys[1], (TASKS, RANK), dtype), jax.random.normal(keys[2], (DIM, RANK), dtype)
    noise = 0.3 * jax.random.normal(keys[3], (TASKS, 12), dtype)
    return x, jnp.einsum("tni,ir,tr->tn", x, basis, heads) + noise


def online(key, dtype):
    keys = jax.random.split(key, 3)
    basis = jnp.linalg.qr(jax.random.normal(keys[0], (DIM, RANK), dtype))[0]
    heads = jax.random.normal(keys[1], (RANK, TASKS), dtype)
    x = jax.random.normal(keys[2], (20, DIM), dtype)
    return basis, heads, x, x @ (basis @ (heads[:, 0] + 0.5 * heads[:, 1]))


LEARNER = dict(
    learn="the test's own", tasks="of the example", dtype="float32 is what another column asks for"
)  # hyper-parameters that are no number


def run_loop(key, basis, heads, x, y, *, make, **hyper):
    """Two epochs of a sampler; the certificate is that something was bought in each."""
    draw = functools.partial(active.gaussian_moments, regressors=(basis @ heads).T, noise=0.1)
    learn = functools.partial(active.learn_linear, target=moments(x[None], y[None]), rank=RANK, iterations=3)
    sampler = make(learn=learn, tasks=TASKS, dtype=x.dtype, **hyper)
    epochs = active.run_epochs(key, sampler, draw, tasks=TASKS, epochs=2)
    return epochs, jnp.all(epochs.counts.sum(1) > 0)


def what_it_does(output):
    """Counts, relevance and the size of the target head, which no rotation of the representation changes."""
    epochs = output[0]
    return epochs.counts, epochs.relevance, (epochs.learned.target_head**2).sum(-1)


def sampler_case(name, sampler, hyper, **options):
    """A row for a sampler on the online example."""
    return Case(
        f"active.{name}", functools.partial(run_loop, make=sampler), online, hyper=hyper, scale=scale_responses,
        key_dependent=True, compare=what_it_does, **options,
    )  # fmt: skip


def practical(name, **options):
    """A row of `a_mtrl` under a rule."""
    rule = active.RULES[name]
    hyper = dict(floor=6.0, norm=rule.norm, exponent=rule.exponent, lasso_ratio=0.05)
    return sampler_case(f"a_mtrl {name}", active.a_mtrl, hyper, static=dict(totals=(40, 80)), **options)


def scale_responses(arrays, s):
    basis, heads, x, y = arrays
    return basis, heads * s, x, y * s


def scale_second(arrays, s):
    return arrays[0], arrays[1] * s


def batch_example(key, dtype):
    keys = jax.random.split(key, 2)
    return jax.random.uniform(keys[0], (12, 8, 8), dtype), jax.random.bernoulli(keys[1], 0.5, (12,)).astype(dtype)


def convnet(key, x, y, *, logistic):
    batch = active.ImageBatch(x, y, jnp.arange(12) % 3, jnp.arange(12) < 10)
    return active.learn_convnet(
        key, batch, target_x=x[:5], target_y=y[:5], model=NET, tasks=3, steps=2, size=4, logistic=logistic
    )


def images(key, dtype):
    return (jax.random.normal(key, (2, 7, 3), dtype),)


def image_moments(key, features):
    labels = (jnp.arange(7) == jnp.arange(2)[:, None]).astype(features.dtype)
    pools = active.ImagePools(features, labels, jnp.broadcast_to(jnp.arange(7), (2, 2, 7)))
    batch = active.draw_batch(key, jnp.array([3, 4]), pools, jnp.array([[0, 1], [1, 0]]), size=8)
    return active.batch_moments(batch, 2)


def permute_columns(arrays, perm):
    return arrays[0][:, perm], arrays[1]


def permute_all(arrays, perm):
    return tuple(x[perm] for x in arrays)


def back(output, perm):
    """Undo the permutation of a vector over tasks."""
    return jnp.zeros_like(output).at[perm].set(output)


def columns(name, call, **options):
    """A row for a function of (heads, target head) that gives one number per task."""
    return Case(name, call, pair, permute=permute_columns, unpermute=back, tasks=TASKS, **options)


def certified(counts, nu):
    """Counts, and whether they keep to the floor of 3."""
    return counts.astype(nu.dtype), jnp.all(counts >= 3)


def rule_case(name):
    rule = active.RULES[name]

    def call(key, nu):
        counts = active.allocate(nu, budget=997, floor=7, exponent=rule.exponent)
        return counts.astype(nu.dtype), counts.sum() == 997

    return Case(
        f"active.allocate {name}",
        call,
        vector,
        compare=lambda output: output[0],
        permute=permute_all if rule.exponent else None,  # passive: what is left over goes to the first tasks
        unpermute=back if rule.exponent else None,
        tasks=TASKS,
        differs_from=tuple(
            f"active.allocate {other}"
            for other, r in active.RULES.items()
            if r.exponent != rule.exponent and other in ("passive", "L2", "L1")
        ),
        **({} if rule.exponent else dict(poison=None, why="uniform whatever the relevance")),
    )


def linear_learner(key, x, y):
    source = moments(x[1:], y[1:])
    return active.learn_linear(key, source, target=moments(x[:1], y[:1]), rank=RANK, iterations=5)


def projector(learned):
    return learned.representation @ learned.representation.T, learned.representation @ learned.heads


CASES = [
    columns("numerics.c_optimal", lambda key, a, b: c_optimal(a, b, iterations=30).weights),
    columns("numerics.lasso", lambda key, a, b: lasso(a, b, penalty=0.1 * lambda_max(a, b)).coefficients),
    Case("numerics.apportion", lambda key, s: apportion(jnp.abs(s), 101, 3).astype(s.dtype), vector, poison=None,
         why="counts are whole numbers, which cannot be NaN; `allocate` refuses NaN shares, or buys nothing where they are traced"),
    columns("active.l2_relevance", lambda key, a, b: active.l2_relevance(a, b).vector),
    columns("active.l1_relevance", lambda key, a, b: active.l1_relevance(a, b, iterations=100).vector,
            differs_from=("active.l2_relevance",)),
    columns("active.lp_relevance", lambda key, a, b: active.lp_relevance(a, b, norm=1.5, iterations=20).vector,
            differs_from=("active.l2_relevance", "active.l1_relevance")),
    columns("active.lasso_relevance", lambda key, a, b: active.lasso_relevance(a, b, ratio=0.1).vector,
            differs_from=("active.l2_relevance", "active.lasso_relevance debiased")),
    columns("active.lasso_relevance debiased",
            lambda key, a, b: active.lasso_relevance(a, b, ratio=0.1, debias=True).vector),
    Case("active.keep_largest", lambda key, nu: active.keep_largest(nu, 2), vector, permute=permute_all, unpermute=back,
         tasks=TASKS),
    Case("active.single_best", lambda key, nu: active.single_best(nu), vector, permute=permute_all, unpermute=back,
         tasks=TASKS, differs_from=("active.keep_largest",)),
    Case("active.random_support", lambda key, nu: jnp.where(active.random_support(key, TASKS, 2), nu, 0), vector,
         key_dependent=True),
    *map(rule_case, active.RULES),
    Case("active.theoretical_l2_counts",
         lambda key, nu: certified(active.theoretical_l2_counts(nu, accuracy=0.25, beta=9.0, floor=3), nu),
         vector, permute=permute_all, unpermute=back, tasks=TASKS, scales=(1e-10, 1e3),
         compare=lambda output: output[0], why="whole numbers: beyond about 1e4 the counts pass 2^31",
         differs_from=("active.theoretical_l1_counts",)),
    Case("active.theoretical_l1_counts",
         lambda key, nu: certified(active.theoretical_l1_counts(nu, accuracy=0.25, beta=9.0, floor=3), nu),
         vector, permute=permute_all, unpermute=back, tasks=TASKS, scales=(1e-10, 1e3),
         compare=lambda output: output[0], why="whole numbers: beyond about 1e4 the counts pass 2^31"),
    Case("active.priced_allocation", lambda key, nu, price: active.priced_allocation(nu, price, spend=3.0), priced,
         permute=permute_all, unpermute=back, tasks=TASKS),
    Case("active.power_cost_allocation",
         lambda key, nu: active.power_cost_allocation(nu, power=0.4, accuracy=0.1)[0], vector,
         permute=permute_all, unpermute=back, tasks=TASKS),
    columns("active.design_value",
            lambda key, a, b: active.design_value(a, b, jnp.full(TASKS, 3.0, a.dtype)) * jnp.ones(TASKS, a.dtype)),
    Case("active.learn_linear", linear_learner, regression, compare=projector),
    Case("active.gaussian_moments",
         lambda key, theta: active.gaussian_moments(key, jnp.arange(TASKS) * 3, theta, noise=0.5),
         lambda key, dtype: (jax.random.normal(key, (TASKS, DIM), dtype),), key_dependent=True,
         compare=lambda m: Moments(*m)),
    Case("active.draw_batch", image_moments, images, key_dependent=True),
    practical("passive"),
    practical("L2"),
    practical("L1", differs_from=("active.a_mtrl passive", "active.a_mtrl L2"), factory=active.a_mtrl, inert=LEARNER,
              changed=dict(floor=4.0, norm=2.0, exponent=2.0, lasso_ratio=0.5, totals=(40, 90), debias=True, reuse=True,
                           sparse=1)),
    sampler_case("a_mtrl_by_accuracy L2", active.a_mtrl_by_accuracy, dict(beta=2.0, floor=6.0, norm=2.0, lasso_ratio=0.2)),
    sampler_case("a_mtrl_by_accuracy L1", active.a_mtrl_by_accuracy, dict(beta=2.0, floor=6.0, norm=1.0, lasso_ratio=0.2),
                 factory=active.a_mtrl_by_accuracy, inert=LEARNER, differs_from=("active.a_mtrl_by_accuracy L2",),
                 changed=dict(beta=9.0, floor=4.0, norm=2.0, lasso_ratio=0.5, reuse=True)),
    Case("active.learn_convnet squared", functools.partial(convnet, logistic=False), batch_example, scale=scale_second,
         key_dependent=True, compare=lambda e: e.target_head,
         why="labels are scaled, pictures are in [0, 1]: Adam's steps do not follow the unit of the input"),
    Case("active.learn_convnet logistic", functools.partial(convnet, logistic=True), batch_example, scales=(1.0,),
         key_dependent=True, compare=lambda e: e.target_head, differs_from=("active.learn_convnet squared",),
         why="pictures in [0, 1] and labels in {0, 1}: neither has a unit"),
    Case("active.target_only_ridge",
         lambda key, x, y: active.target_only_ridge(
             x[0], y[0], jnp.array([0.1, 1.0], x.dtype) * jnp.sum(x[0] ** 2)), regression),
    Case("active.oracle_subspace",
         lambda key, x, y: active.oracle_subspace(x[0], y[0], jnp.eye(DIM, RANK, dtype=x.dtype)), regression),
]  # fmt: skip
