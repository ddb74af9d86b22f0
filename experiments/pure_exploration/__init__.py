"""Best arms of many linear bandits with shared features: figures and claims.

python -m experiments.pure_exploration [--figure=tasks|gaps|subspace|ablation]
"""

from experiments.pure_exploration import ablation, gaps, subspace, tasks
from mtrl.harness import Study

STUDY = Study(
    name="pure_exploration",
    paper="Du, Huang, Sun 2023, ICML, arXiv 2302.04441; Fiez, Jain, Jamieson, Ratliff 2019, NeurIPS, arXiv 1906.08399",
    summary="multitask best-arm identification by two nested optimal designs: samples, features, ablation",
    figures=(tasks.FIGURE, gaps.FIGURE, subspace.FIGURE, ablation.FIGURE),
)
