"""Good policies of many contextual linear bandits with shared features: figures and claims.

python -m experiments.policy_identification [--figure=tasks|accuracy|planner|halves|features|ablation]
"""

from experiments.policy_identification import ablation, accuracy, features, halves, planner, tasks
from mtrl.harness import Paper, Study

STUDY = Study(
    name="policy_identification",
    paper="Du, Huang, Sun 2023, ICML, arXiv 2302.04441; Zanette, Dong, Lee, Brunskill 2021, arXiv 2107.09912",
    summary="multitask best-policy identification with random contexts: samples, accuracy, planner, two-batch product",
    papers=(
        Paper("Multi-task Representation Learning for Pure Exploration in Linear Bandits", ("Du", "Huang", "Sun"), 2023, "ICML",
              "2302.04441"),
        Paper("Design of Experiments for Stochastic Contextual Linear Bandits", ("Zanette", "Dong", "Lee", "Brunskill"), 2021, "NeurIPS",
              "2107.09912"),
    ),
    confirmed="problem, estimation of the context law before the design, planner and sampler, complexities.",
    reconstructed=(
        "constants, the two-batch product's sizes and the instance; a factor that the printed sample size lacks "
        "is named in the notes."
    ),
    figures=(tasks.FIGURE, accuracy.FIGURE, planner.FIGURE, halves.FIGURE, features.FIGURE, ablation.FIGURE),
)  # fmt: skip
