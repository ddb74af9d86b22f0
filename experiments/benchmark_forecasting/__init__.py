"""Forecasters against what one would use instead, as ratios measured side by side in one run.

    python -m experiments.benchmark_forecasting        # one to three minutes on 2 quiet cores

Goals: a training never slower than PyTorch's (`pip install -e .[peers]`), alone or a seed of many; the closed form over a grid of couplings
>= 10x faster than scikit-learn's ridge at every coupling.
"""

from experiments.benchmark_forecasting.lookbacks import FIGURE as LOOKBACKS
from experiments.benchmark_forecasting.ridge import FIGURE as RIDGE
from experiments.benchmark_forecasting.training import FIGURE as TRAINING
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_forecasting",
    paper="this project's own goals for the forecasters of Ilbert et al. 2024, arXiv 2406.10327, section 5.3",
    summary="Training of the forecasters against PyTorch and a literal loop; the closed form against scikit-learn.",
    figures=(TRAINING, LOOKBACKS, RIDGE),
)
