"""Contract rows of the multi-task least-squares SVM, its predictions, labels, statistics and tuning."""

import jax
import jax.numpy as jnp

from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import baselines as rules
from mtrl.random_matrix.classification import multiclass, statistics, theory
from mtrl.random_matrix.classification.estimator import fit, score_moments
from mtrl.random_matrix.classification.general import mean_gram_of_classes, score_equivalent_general
from mtrl.random_matrix.classification.labels import optimal_labels_every_target, signed_labels
from mtrl.random_matrix.classification.problem import Mixture, Samples, related_means, sample_mixture
from mtrl.random_matrix.classification.tuning import tune_grid
from tests.contract.table import Case

TASKS, DIM = 3, 9
COUNTS = jnp.array([[4, 3], [3, 3], [2, 4]])
COUNTS_STATIC = ((4, 3), (3, 3), (2, 4))


def means_of(key, dtype):
    """Class means of three related tasks, with a little noise so that no symmetry hides a mistake."""
    means = related_means(jnp.array([0.6, -0.4], dtype), norm=2.0, dim=DIM)
    return means + 0.1 * jax.random.normal(key, means.shape, dtype)


def data_example(key, dtype):
    """X, task, label, labels per class, gamma, lam."""
    draw, means = jax.random.split(key)
    data = sample_mixture(draw, Mixture(means_of(means, dtype)), counts=COUNTS_STATIC)
    ytil = jnp.array([[1, -1], [0.5, -0.7], [1, -0.5]], dtype)
    return (*data, ytil, jnp.array([1.0, 0.5, 2.0], dtype), jnp.asarray(3.0, dtype))


def theory_example(key, dtype):
    """Gram matrix, counts, gamma, lam."""
    means = means_of(key, dtype)
    dmu = means[:, 0] - means[:, 1]
    return dmu @ dmu.T, COUNTS, jnp.array([1.0, 0.5, 2.0], dtype), jnp.asarray(3.0, dtype)


def general_example(key, dtype):
    """Class means, covariances, counts, gamma, lam."""
    spread = jnp.linspace(0.5, 2.0, DIM, dtype=dtype)
    covariance = jnp.stack([jnp.diag(spread), jnp.diag(spread[::-1]), jnp.eye(DIM, dtype=dtype)])
    return means_of(key, dtype), covariance, COUNTS, jnp.array([1.0, 0.5, 2.0], dtype), jnp.asarray(3.0, dtype)


def fitted_with(coupling_of):
    def call(key, X, task, label, ytil, gamma, lam):
        data = Samples(X, task, label)
        found = fit(data, ytil, coupling_of(gamma, lam))
        return (found.W, found.bias, *score_moments(found, statistics.class_means(data, TASKS)))

    return call


def equivalent_of(gram, counts, gamma, lam):
    return theory.score_equivalent(theory.mean_gram(gram, counts), counts, coupling(gamma, lam), dim=DIM)


def rule(name):
    def call(key, gram, counts, gamma, lam):
        found = rules.apply_rule(equivalent_of(gram, counts, gamma, lam), counts, name, target=1)
        return found.ytil, found.threshold, found.error

    return call


def optimal_every_target(key, gram, counts, gamma, lam):
    return optimal_labels_every_target(equivalent_of(gram, counts, gamma, lam), counts).ytil


def general_law(key, means, covariance, counts, gamma, lam):
    eq = score_equivalent_general(means, covariance, counts, coupling(gamma, lam))
    return theory.score_law(eq, signed_labels(counts, means.dtype))


def scale_means_only(arrays, s):
    means, covariance, counts, gamma, lam = arrays
    return means * s, covariance, counts, gamma, lam


def gram_of(estimate):
    return lambda key, X, task, label, *_: estimate(Samples(X, task, label), TASKS)


def three_classes(key, means, covariance, counts, gamma, lam):
    wide = jnp.concatenate([means, means[:, :1] * jnp.asarray(-0.5, means.dtype)], axis=1)
    n = jnp.concatenate([counts, counts[:, :1]], axis=1)
    eq = theory.score_equivalent(mean_gram_of_classes(wide, n), n, coupling(gamma, lam), dim=DIM)
    model = multiclass.one_vs_all(eq, n, 1)
    return model.ytil, model.mean, multiclass.predicted_accuracy(key, model, draws=16)


def tuned(key, gram, counts, gamma, lam):
    found = tune_grid(
        lambda g, x: jnp.log(g) ** 2 + gram[0, 0] * x, gammas=gamma / jnp.sum(gamma), lams=jnp.stack([2 * lam, lam])
    )
    return found.gamma, found.lam, found.error, found.errors


def permute_data(arrays, perm):
    X, task, label, ytil, gamma, lam = arrays
    return X, jnp.argsort(perm)[task], label, ytil[perm], gamma[perm], lam


def permute_theory(arrays, perm):
    gram, counts, gamma, lam = arrays
    return gram[perm][:, perm], counts[perm], gamma[perm], lam


def permute_general(arrays, perm):
    means, covariance, counts, gamma, lam = arrays
    return means[perm], covariance[perm], counts[perm], gamma[perm], lam


def unpermute(output, perm):
    return jax.tree.map(lambda x: x[jnp.argsort(perm)], output)


def unpermute_both(output, perm):
    back = jnp.argsort(perm)
    return output[back][:, back]


by_data = dict(example=data_example, permute=permute_data, unpermute=unpermute, tasks=TASKS)
by_theory = dict(example=theory_example, permute=permute_theory, unpermute=unpermute, tasks=TASKS)

CASES = [
    Case("lssvm multi-task", fitted_with(coupling), **by_data),
    Case(
        "lssvm single task",
        fitted_with(lambda gamma, lam: rules.single_task_coupling(lam, TASKS)),
        differs_from=("lssvm multi-task", "lssvm pooled"),
        **by_data,
    ),
    Case(
        "lssvm pooled",
        fitted_with(lambda gamma, lam: rules.pooled_coupling(lam, TASKS)),
        differs_from=("lssvm multi-task",),
        **by_data,
    ),
    Case("lssvm rule classical", rule("classical"), **by_theory),
    Case("lssvm rule mid-point", rule("midpoint"), differs_from=("lssvm rule classical",), **by_theory),
    Case(
        "lssvm rule optimal",
        rule("optimal"),
        example=theory_example,
        differs_from=("lssvm rule classical", "lssvm rule mid-point"),
    ),
    Case(
        "lssvm optimal labels of every target",
        optimal_every_target,
        example=theory_example,
        permute=permute_theory,
        unpermute=unpermute_both,
        tasks=TASKS,
    ),
    Case(
        "lssvm general covariance",
        general_law,
        example=general_example,
        scale=scale_means_only,
        permute=permute_general,
        unpermute=unpermute,
        tasks=TASKS,
        why="means are scaled against the noise; covariance and coupling have scales of their own",
    ),
    Case(
        "lssvm gram corrected",
        gram_of(statistics.gram_corrected),
        example=data_example,
        permute=permute_data,
        unpermute=unpermute_both,
        tasks=TASKS,
    ),
    Case(
        "lssvm gram split",
        gram_of(statistics.gram_split),
        example=data_example,
        permute=permute_data,
        unpermute=unpermute_both,
        tasks=TASKS,
        differs_from=("lssvm gram corrected",),
    ),
    Case(
        "lssvm class-mean gram",
        lambda key, X, t, y, *_: statistics.class_mean_gram(Samples(X, t, y), TASKS, 2),
        data_example,
    ),
    Case("lssvm whitening", lambda key, X, t, y, *_: statistics.whitening(Samples(X, t, y), TASKS), data_example),
    Case("lssvm tuning grid", tuned, example=theory_example),
    Case(
        "lssvm one versus all",
        three_classes,
        example=general_example,
        scale=scale_means_only,
        key_dependent=True,
        why="as for the general covariance",
    ),
]
