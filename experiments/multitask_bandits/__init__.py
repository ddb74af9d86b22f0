"""Regret of multitask bandits with a shared representation: GFUCB and its linear relatives.

`python -m experiments.multitask_bandits --figure=finite_class`
"""

from experiments.multitask_bandits import (
    finite_class,
    identification,
    linear_arms,
    linear_ball,
    neural_figures,
    rates,
    sequential,
)
from mtrl.harness import Study

STUDY = Study(
    name="multitask_bandits",
    paper="Lu, Zhao, Du, Huang 2022, NeurIPS, arXiv 2205.15701; Yang et al. 2021, arXiv 2010.06531; "
    "Hu et al. 2021, arXiv 2102.04132; Duong et al. 2024, arXiv 2501.13390",
    summary="shared-representation bandits: exact and neural GFUCB, linear relatives, rates",
    figures=(
        neural_figures.NEURAL,
        neural_figures.CONTROL,
        neural_figures.PAIRS,
        neural_figures.BONUS,
        finite_class.FIGURE,
        linear_ball.FIGURE,
        linear_arms.FIGURE,
        identification.FIGURE,
        rates.FIGURE,
        sequential.FIGURE,
    ),
)
