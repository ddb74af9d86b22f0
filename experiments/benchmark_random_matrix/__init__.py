"""Speed and memory of the random-matrix wing, as ratios measured side by side in one run.

    python -m experiments.benchmark_random_matrix        # about 3 minutes on 2 quiet cores

Goals: fit >= 20x faster than a dense NumPy solve in under 10 % of its matrices' memory; a predicted risk curve with gradients
>= 1000x cheaper than Monte Carlo of 1 % error.
"""

from experiments.benchmark_random_matrix.curve import FIGURE as CURVE
from experiments.benchmark_random_matrix.fit import FIGURE as FIT
from experiments.benchmark_random_matrix.scaling import FIGURE as SCALING
from experiments.benchmark_random_matrix.seeds import FIGURE as SEEDS
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_random_matrix",
    paper="this project's own goals for the methods of Ilbert et al. 2024, NeurIPS, arXiv 2406.10327",
    summary="Fit and prediction against dense solves, Monte Carlo, SciPy and loops.",
    figures=(FIT, CURVE, SCALING, SEEDS),
)
