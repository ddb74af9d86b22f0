"""Speed of optimal designs and of pure exploration, as ratios measured side by side in one run.

    python -m experiments.benchmark_pure_exploration [--figure=designs]

Goals: designs over 500 arms in 20 dimensions at a relative gap of 1e-6, >= 5x faster than NumPy and >= 50x faster than cvxpy;
a sweep of DouExpDes over the number of tasks at 30 seeds >= 20x faster than NumPy.
"""

from experiments.benchmark_pure_exploration import designs, identification, scaling
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_pure_exploration",
    paper="this project's own goals for the methods of Du, Huang, Sun 2023, ICML, arXiv 2302.04441",
    summary="Optimal designs and DouExpDes against NumPy and cvxpy, and their cost against sizes.",
    figures=(designs.FIGURE, identification.FIGURE, scaling.FIGURE),
)
