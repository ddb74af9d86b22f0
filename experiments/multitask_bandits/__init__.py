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
from mtrl.harness import Paper, Study

STUDY = Study(
    name="multitask_bandits",
    paper="Lu, Zhao, Du, Huang 2022, NeurIPS, arXiv 2205.15701; Yang et al. 2021, arXiv 2010.06531; "
    "Hu et al. 2021, arXiv 2102.04132; Duong et al. 2024, arXiv 2501.13390",
    summary="shared-representation bandits: exact and neural GFUCB, linear relatives, rates",
    papers=(
        Paper("Provable General Function Class Representation Learning in Multitask Bandits and MDPs", ("Lu", "Zhao", "Du", "Huang"), 2022,
              "NeurIPS", "2205.15701"),
        Paper("Impact of Representation Learning in Linear Bandits", ("Yang", "Hu", "Lee", "Du"), 2021, "ICLR", "2010.06531"),
        Paper("Near-optimal Representation Learning for Linear Bandits and Linear RL", ("Hu", "Chen", "Jin", "Li", "Wang"), 2021, "ICML",
              "2102.04132"),
        Paper("Beyond Task Diversity: Provable Representation Transfer for Sequential Multi-Task Linear Bandits",
              ("Duong", "Hoang", "Zhang"), 2024, "NeurIPS", "2501.13390"),
    ),
    confirmed=(
        "problem, confidence set in function space, rates of all four papers, and BOSS with its settings from its"
        " repository."
    ),
    reconstructed=(
        "constants of the widths, the practical variants of GFUCB and every setting of its neural figures: the "
        "paper's values were not available."
    ),
    figures=(neural_figures.NEURAL, neural_figures.CONTROL, neural_figures.PAIRS, neural_figures.BONUS, finite_class.FIGURE,
             linear_ball.FIGURE, linear_arms.FIGURE, identification.FIGURE, rates.FIGURE, sequential.FIGURE),
)  # fmt: skip
