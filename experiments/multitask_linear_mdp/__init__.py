"""Representation learning in multitask linear MDPs: figures and claims.

python -m experiments.multitask_linear_mdp [--figure=regret|tasks|tuning|linear_phi|neural|joint|linearity|rates]
"""

from experiments.multitask_linear_mdp import joint, linear_phi, linearity, neural, rates, regret, tasks, tuning
from mtrl.harness import Paper, Study

STUDY = Study(
    name="multitask_linear_mdp",
    paper="Lu et al. 2022, NeurIPS, arXiv 2205.15701; Hu et al. 2021, ICML, arXiv 2102.04132; Jin et al. 2020, COLT, arXiv 1907.05388",
    summary="regret of multitask least-squares value iteration with a shared, unknown representation",
    papers=(
        Paper("Provable General Function Class Representation Learning in Multitask Bandits and MDPs", ("Lu", "Zhao", "Du", "Huang"), 2022,
              "NeurIPS", "2205.15701"),
        Paper("Near-optimal Representation Learning for Linear Bandits and Linear RL", ("Hu", "Chen", "Jin", "Li", "Wang"), 2021, "ICML",
              "2102.04132"),
        Paper("Provably Efficient Reinforcement Learning with Linear Function Approximation", ("Jin", "Yang", "Wang", "Jordan"), 2020,
              "COLT", "1907.05388"),
    ),
    confirmed="problem statements, algorithm names and rates from the abstracts and proceedings.",
    reconstructed="constants, the practical least-squares value iteration and all experimental settings.",
    figures=(regret.FIGURE, tasks.FIGURE, tuning.FIGURE, linear_phi.FIGURE, neural.FIGURE, joint.FIGURE, linearity.FIGURE, rates.FIGURE),
)  # fmt: skip
