"""Good policies of many contextual linear bandits with shared features: figures and claims.

python -m experiments.policy_identification [--figure=tasks|accuracy|planner|halves|features|ablation]
"""

from experiments.policy_identification import ablation, accuracy, features, halves, planner, tasks
from mtrl.harness import Study

STUDY = Study(
    name="policy_identification",
    paper="Du, Huang, Sun 2023, ICML, arXiv 2302.04441; Zanette, Dong, Lee, Brunskill 2021, arXiv 2107.09912",
    summary="multitask best-policy identification with random contexts: samples, accuracy, planner, two-batch product",
    figures=(tasks.FIGURE, accuracy.FIGURE, planner.FIGURE, halves.FIGURE, features.FIGURE, ablation.FIGURE),
)
