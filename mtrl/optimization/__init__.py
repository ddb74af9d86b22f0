"""Multi-task optimisation: problems on which aggregators and loss weightings are told apart, and the systems built around them.

The aggregators and weightings themselves are `mtrl.descent`, optax-shaped; here are

| what | where |
| --- | --- |
| the two-task landscape with its Pareto segment | `toy` |
| T quadratics with a known Pareto set | `quadratics` |
| regression with noise of very different sizes | `noise_scales` |
| overlaid digits, four tasks of one digit, their network | `digits` |
| segmentation, depth and normals of scenes, their network | `scenes` |
| paths of a descent on a small problem | `path` |
| training of a shared part and heads by a `Rule`: `plain`, `upper_bound`, `saliency_rule`, `fs_mtl`; `train`, `fit` | `shared`, `fs_mtl` |
| one of several aggregators by a traced index; one task alone, as a baseline | `choose`, `alone` |
| flat regions around any aggregator, how much losses rise around a point | `fs_mtl`, `mean_rise` |
| saliency terms of Rep-MTL | `rep_mtl` |
| the agent of IGB v2, and as a loss weighting | `igb_agent`, `igb_v2` |
| a loss weighting as an aggregator, alone or before one | `weighted` |
| Delta_m and Delta_p, the convention in the name | `metric` |

Papers: Senushkin et al., CVPR 2023, arXiv 2305.19000 (Aligned-MTL); Dai, Fei and Lu, UAI 2023, arXiv 2307.15429 (IGB); Phan et al.,
arXiv 2211.13723 (FS-MTL); Wang, Li and Xu, ICCV 2025, arXiv 2507.21049 (Rep-MTL); Kendall, Gal and Cipolla, CVPR 2018,
arXiv 1705.07115 (UW).

The optimum of the landscape and what the sum of both losses is worth there; a model one tenth better in both of its metrics:

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl import optimization as mo
>>> best = mo.toy.optimum()
>>> best.round(4).tolist(), round(float(mo.toy.losses(best).mean()), 4)
([0.0, -8.3551], -15.0916)
>>> round(float(mo.delta_m_lower_is_better([0.9, 1.1], [1.0, 1.0], higher_is_better=[False, True])), 6)
-10.0
"""

from mtrl.optimization import digits, noise_scales, path, quadratics, rep_mtl, scenes, toy
from mtrl.optimization.choose import choose
from mtrl.optimization.fs_mtl import fs_mtl, mean_rise, worst_losses
from mtrl.optimization.igb_agent import Agent, Choice, IGBAgent, igb_agent, igb_v2
from mtrl.optimization.metric import delta_m_lower_is_better, delta_p_higher_is_better
from mtrl.optimization.shared import (
    Learner,
    Report,
    Rule,
    Split,
    Weights,
    alone,
    fit,
    plain,
    saliency_rule,
    train,
    upper_bound,
)
from mtrl.optimization.weighted import weighted

__all__ = [
    "Agent", "Choice", "IGBAgent", "Learner", "Report", "Rule", "Split", "Weights", "alone", "choose", "delta_m_lower_is_better",
    "delta_p_higher_is_better", "digits", "fit", "fs_mtl", "igb_agent", "igb_v2", "mean_rise", "noise_scales", "path", "plain",
    "quadratics", "rep_mtl", "saliency_rule", "scenes", "toy", "train", "upper_bound", "weighted", "worst_losses",
]  # fmt: skip
