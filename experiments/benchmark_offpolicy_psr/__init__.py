"""Speed and memory of off-policy posteriors and of the recursion on the tree of trajectories, as ratios measured side by side in one run.

    python -m experiments.benchmark_offpolicy_psr        # about 1 minute on 2 quiet cores

Goals: posteriors of 10,000 tasks >= 30x faster than a literal NumPy loop over tasks, in memory O(m d^2); the tree recursion >= 5x
faster than NumPy.
"""

from experiments.benchmark_offpolicy_psr.posterior import FIGURE as POSTERIOR
from experiments.benchmark_offpolicy_psr.scaling import FIGURE as SCALING
from experiments.benchmark_offpolicy_psr.tree import FIGURE as TREE
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_offpolicy_psr",
    paper="this project's own goals for the methods of Hong et al. 2023, arXiv 2212.04720, and Huang et al. 2024, arXiv 2310.13550",
    summary="Posteriors of many tasks and the recursion on the tree of trajectories against NumPy.",
    figures=(POSTERIOR, TREE, SCALING),
)
