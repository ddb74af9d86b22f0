"""Active multi-task representation learning: which source tasks to buy labels from.

Chen, Du, Jamieson 2022 (ICML, arXiv 2202.00911: A-MTRL, the squared rule "L2") and Wang, Chen, Jamieson, Du 2023 (ICML,
arXiv 2306.02556: L1-A-MTRL, the absolute rule "L1").

- `buy_labels`: one's own tasks, as arrays; says which rows to label and predicts the target.
- `a_mtrl`, `a_mtrl_by_accuracy`: the samplers; `run_epochs` plays them against simulated labels; `learn_linear`,
  `learn_convnet`: the learners inside.
- `l2_relevance`, `l1_relevance`, `lasso_relevance` and others: relevance nu of the sources, `W nu = w`; `allocate`: counts n_t
  from it; `RULES`; allocations under prices and concave costs.
- `design_value`, `subspace_risk`, `excess_risk`, rates: the theory, on the axes of the simulation.
- `gaussian_instance`, `rare_direction_instance`, `gaussian_moments`, `target_data`: synthetic problems.
- `target_only_ridge`, `oracle_subspace`: baselines.
- `draw_batch`, `pooled_features` and others: image tasks; `corruptions`: those of MNIST-C.

Six source tasks share two directions; the target lies along the second, which tasks 4 and 5 show. Labels are bought in two
epochs of 72 and 120:

>>> import jax, numpy as np
>>> from jax import jit
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.representation import active
>>> rng = np.random.default_rng(0)
>>> basis = np.linalg.qr(rng.normal(size=(8, 2)))[0]
>>> heads = np.array([[1.0, 1.0, -1.0, 2.0, 0.1, 0.0], [0.0, 0.1, 0.1, 0.0, 1.0, -1.0]])
>>> x = [rng.normal(size=(100, 8)) for _ in range(6)]
>>> y = [one @ basis @ head + 0.1 * rng.normal(size=100) for one, head in zip(x, heads.T)]
>>> target_x = rng.normal(size=(12, 8))
>>> target_y = target_x @ basis @ [0.0, 1.0] + 0.1 * rng.normal(size=12)
>>> bought = active.buy_labels(jax.random.key(0), x, y, target_x, target_y, rank=2, totals=[72, 120], floor=4, compile=jit)
>>> bought.counts.sum(1).tolist(), bool(bought.counts[1, 4:].sum() > 90)
([72, 120], True)
>>> rows = bought.rows[5]  # which rows of task 5: each at most once
>>> len(rows) == len(set(rows.tolist())) == int(bought.counts[:, 5].sum())
True
>>> new = rng.normal(size=(1000, 8))
>>> bool(np.mean((new @ bought.theta - new @ basis @ [0.0, 1.0]) ** 2) < 0.01)
True

The same with the label of a row asked for when it is bought, and counts alone, in one's own compiled program:

>>> again = active.buy_labels(
...     jax.random.key(0), x, lambda task, rows: y[task][rows], target_x, target_y, rank=2, totals=[72, 120], floor=4, compile=jit)
>>> np.array_equal(bought.theta, again.theta)
True
>>> count = jit(lambda nu: active.allocate(nu, budget=101, floor=3, exponent=1.0))
>>> count(jax.numpy.array([0.5, -0.3, 0.2, 0.0])).tolist()
[49, 29, 20, 3]
"""

from mtrl.representation.active import corruptions
from mtrl.representation.active.algorithm import (
    Epoch,
    Learned,
    a_mtrl,
    a_mtrl_by_accuracy,
    epochs_for,
    estimate_relevance,
    learn_linear,
    run_epochs,
    warn_of_estimates,
)
from mtrl.representation.active.allocation import (
    RULES,
    Rule,
    allocate,
    power_cost_allocation,
    priced_allocation,
    shares,
    step_cost,
    theoretical_l1_counts,
    theoretical_l2_counts,
)
from mtrl.representation.active.baselines import TargetOnly, oracle_subspace, target_only_ridge
from mtrl.representation.active.checks import (
    check_budget,
    check_identified,
    check_lasso_ratio,
    check_span,
    check_totals,
)
from mtrl.representation.active.convnet import (
    WhitenedNetwork,
    label_loss,
    learn_convnet,
    network_features,
    network_scores,
    refit_head,
)
from mtrl.representation.active.images import (
    ImageBatch,
    ImagePools,
    batch_moments,
    disjoint_pool,
    draw_batch,
    error_counts,
    pooled_features,
    shared_pool,
    source_tasks,
    whitened_features,
)
from mtrl.representation.active.problem import (
    ActiveParams,
    chi_square,
    gaussian_instance,
    gaussian_moments,
    rare_direction_instance,
    sample_basis,
    target_data,
    true_excess_risk,
    true_subspace_risk,
)
from mtrl.representation.active.purchase import Purchase, buy_labels
from mtrl.representation.active.relevance import (
    LassoRelevance,
    Relevance,
    keep_largest,
    l1_relevance,
    l1_relevance_exact,
    l2_relevance,
    lasso_relevance,
    lp_relevance,
    priced_l1_relevance_exact,
    random_support,
    single_best,
)
from mtrl.representation.active.theory import (
    absolute_rule_upper,
    best_value,
    design_value,
    effective_tasks,
    excess_risk,
    l1_rate,
    l2_rate,
    passive_rate,
    separation_heads,
    separation_passive_ratio,
    separation_ratio,
    squared_rule_upper,
    subspace_risk,
    uniform_value,
)

__all__ = [
    "ActiveParams", "Epoch", "ImageBatch", "ImagePools", "LassoRelevance", "Learned", "Purchase", "RULES",
    "Relevance", "Rule", "TargetOnly", "WhitenedNetwork", "a_mtrl", "a_mtrl_by_accuracy", "absolute_rule_upper",
    "allocate", "batch_moments", "best_value", "buy_labels", "check_budget", "check_identified",
    "check_lasso_ratio", "check_span", "check_totals", "chi_square", "corruptions", "design_value", "disjoint_pool",
    "draw_batch", "effective_tasks", "epochs_for", "error_counts", "estimate_relevance", "excess_risk",
    "gaussian_instance", "gaussian_moments", "keep_largest", "l1_rate", "l1_relevance", "l1_relevance_exact",
    "l2_rate", "l2_relevance", "label_loss", "lasso_relevance", "learn_convnet", "learn_linear", "lp_relevance",
    "network_features", "network_scores", "oracle_subspace", "passive_rate", "pooled_features",
    "power_cost_allocation", "priced_allocation", "priced_l1_relevance_exact", "random_support",
    "rare_direction_instance", "refit_head", "run_epochs", "sample_basis", "separation_heads",
    "separation_passive_ratio", "separation_ratio", "shared_pool", "shares", "single_best", "source_tasks",
    "squared_rule_upper", "step_cost", "subspace_risk", "target_data", "target_only_ridge", "theoretical_l1_counts",
    "theoretical_l2_counts", "true_excess_risk", "true_subspace_risk", "uniform_value", "warn_of_estimates",
    "whitened_features",
]  # fmt: skip
