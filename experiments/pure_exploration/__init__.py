"""Best arms of many linear bandits with shared features: figures and claims.

python -m experiments.pure_exploration [--figure=tasks|gaps|subspace|ablation|budget|real_arms]
"""

from experiments.pure_exploration import ablation, budget, gaps, real_arms, subspace, tasks
from mtrl.harness import Paper, Study

STUDY = Study(
    name="pure_exploration",
    paper="Du, Huang, Sun 2023, ICML, arXiv 2302.04441; Fiez, Jain, Jamieson, Ratliff 2019, NeurIPS, arXiv 1906.08399",
    summary="multitask best-arm identification by two nested optimal designs: samples, features, ablation",
    papers=(
        Paper("Multi-task Representation Learning for Pure Exploration in Linear Bandits", ("Du", "Huang", "Sun"), 2023, "ICML",
              "2302.04441"),
        Paper("Sequential Experimental Design for Transductive Linear Bandits", ("Fiez", "Jain", "Jamieson", "Ratliff"), 2019, "NeurIPS",
              "1906.08399"),
    ),
    confirmed=(
        "problem, algorithm names, the two nested designs and the complexities; constants and rounding of the "
        "single-task baseline from its repository."
    ),
    reconstructed=(
        "numbered steps and constants of both phases, and the instance: the paper's plotted values were not "
        "available, so orderings are checked and numbers are ours."
    ),
    figures=(tasks.FIGURE, gaps.FIGURE, subspace.FIGURE, ablation.FIGURE, budget.FIGURE, real_arms.FIGURE),
)  # fmt: skip
