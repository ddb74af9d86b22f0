"""Multi-task least-squares support vector machine: errors predicted by random matrix theory, and labels that repair negative transfer.

Tiomoko, Tiomoko Ali, Couillet, "Deciphering and Optimizing Multi-Task Learning: a Random Matrix Approach", ICLR 2021; long version
arXiv 2009.01591.

- one's own samples: `pack`; their statistics: `gram_corrected`, `gram_split`, `class_mean_gram`, `whitening`
- classifier: `fit`, `score`, `predict`; labels: `signed_labels`, `optimal_labels`; rules compared: `apply_rule`
- theory: `mean_gram` -> `score_equivalent` (any covariance: `score_equivalent_general`) -> `score_law` -> `error_midpoint`;
  in one call: `predicted_error`; smallest over (gamma, lam): `tune`
- three and more classes: `one_vs_all`, `fit_one_vs_all`, `classify`, `predicted_accuracy`
- the model: `Mixture`, `related_means`, `sample_mixture`, `bayes_error`

A source of 60 samples helps a target of 12 although its labels are exchanged. Functions are pure: jit what is called often, and switch
double precision on first.

>>> import jax, jax.numpy as jnp, numpy as np
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.numerics.linalg.psd import nearest_psd
>>> from mtrl.random_matrix import classification as lssvm, coupling
>>> rng = np.random.default_rng(0)
>>> task, label = np.repeat([0, 1], [60, 12]), np.tile([0, 1], 36)
>>> X = rng.normal(size=(72, 20)) + 1.5 * np.where(label == task, 1, -1)[:, None] * (np.arange(20) < 2)
>>> counts, sizes = [[30, 30], [6, 6]], dict(dim=20, target=1)
>>> @jax.jit
... def learn(data):  # everything from the samples: statistics, (gamma, lam), labels, threshold
...     gram = nearest_psd(lssvm.gram_corrected(data, 2))
...     best = lssvm.tune(gram, counts, gammas=[0.1, 1], lams=[0, 1, 10], **sizes)
...     signed = lssvm.predicted_error(gram, counts, best.gamma, best.lam, rule="midpoint", **sizes)
...     B = coupling(best.gamma * jnp.ones(2), best.lam)
...     eq = lssvm.score_equivalent(lssvm.mean_gram(gram, counts), counts, B, dim=20)
...     rule = lssvm.apply_rule(eq, counts, "optimal", target=1)
...     return lssvm.fit(data, rule.ytil, B), rule, signed
>>> machine, rule, signed = learn(lssvm.pack(X, task, label))
>>> bool(rule.error[1] < 0.05), bool(signed > 0.5)  # predicted errors of the target: optimal labels, +-1 labels
(True, True)
>>> new = np.array([[1.5] * 2 + [0.0] * 18, [-1.5] * 2 + [0.0] * 18])  # means of the target's classes 1 and 0
>>> lssvm.predict(machine, new, 1, threshold=rule.threshold).tolist()
[1, 0]
"""

from mtrl.random_matrix.classification.baselines import (
    RULES,
    Rule,
    apply_rule,
    pooled_coupling,
    single_task_coupling,
    with_labels,
)
from mtrl.random_matrix.classification.estimator import Machine, fit, predict, score, score_moments
from mtrl.random_matrix.classification.general import mean_gram_of_classes, score_equivalent_general
from mtrl.random_matrix.classification.labels import (
    OptimalLabels,
    center_labels,
    optimal_labels,
    optimal_labels_every_target,
    signed_labels,
)
from mtrl.random_matrix.classification.multiclass import (
    OneVsAll,
    classify,
    fit_one_vs_all,
    one_vs_all,
    predicted_accuracy,
    standardised_scores,
)
from mtrl.random_matrix.classification.plans import (
    LABELLINGS,
    TargetPlan,
    coupling_of_active,
    labelling,
    plan_errors,
    plan_scores,
    plan_target,
    plans_along,
    similarity_gram,
    target_moments,
    tuned_active_coupling,
)
from mtrl.random_matrix.classification.problem import (
    Mixture,
    Samples,
    bayes_error,
    check_directions,
    mean_differences,
    membership,
    pack,
    related_means,
    sample_mixture,
)
from mtrl.random_matrix.classification.splits import SPLIT_RULES, draw_split, pool_moments, random_ranks, split_errors
from mtrl.random_matrix.classification.statistics import (
    class_counts,
    class_mean_gram,
    class_means,
    gram_corrected,
    gram_split,
    shrunk_root,
    whitening,
)
from mtrl.random_matrix.classification.theory import (
    ScoreEquivalent,
    ScoreLaw,
    check_centred,
    error_at,
    error_midpoint,
    mean_gram,
    midpoint,
    residual_labels,
    score_equivalent,
    score_law,
    warn_uninformative,
    with_centring_noise,
)
from mtrl.random_matrix.classification.tuning import (
    GridChoice,
    SimplexChoice,
    predicted_error,
    tune,
    tune_grid,
    tune_simplex,
)

__all__ = [
    "LABELLINGS", "RULES", "SPLIT_RULES", "GridChoice", "Machine", "Mixture", "OneVsAll", "OptimalLabels", "Rule",
    "Samples", "ScoreEquivalent", "ScoreLaw", "SimplexChoice", "TargetPlan", "apply_rule", "bayes_error",
    "center_labels", "check_centred", "check_directions", "class_counts", "class_mean_gram", "class_means",
    "classify", "coupling_of_active", "draw_split", "error_at", "error_midpoint", "fit", "fit_one_vs_all",
    "gram_corrected", "gram_split", "labelling", "mean_differences", "mean_gram", "mean_gram_of_classes",
    "membership", "midpoint", "one_vs_all", "optimal_labels", "optimal_labels_every_target", "pack", "plan_errors",
    "plan_scores", "plan_target", "plans_along", "pool_moments", "pooled_coupling", "predict", "predicted_accuracy",
    "predicted_error", "random_ranks", "related_means", "residual_labels", "sample_mixture", "score",
    "score_equivalent", "score_equivalent_general", "score_law", "score_moments", "shrunk_root", "signed_labels",
    "similarity_gram", "single_task_coupling", "split_errors", "standardised_scores", "target_moments", "tune",
    "tune_grid", "tune_simplex", "tuned_active_coupling", "warn_uninformative", "whitening", "with_centring_noise",
    "with_labels",
]  # fmt: skip
