"""Statistical mechanics of continual learning with binary weights: figures and claims.

python -m experiments.continual_statmech [--figure=curve|dynamics|switch|convergence|variance|two_tasks|appendix]
python -m experiments.continual_statmech [--figure=permuted|sequential|synapses] [--data_dir=DIR]   # idx files of MNIST in DIR
"""

from experiments.continual_statmech import (
    appendix,
    convergence,
    curve,
    dynamics,
    permuted,
    sequential,
    switch,
    synapses,
    two_tasks,
    variance,
)
from mtrl.harness import Study

STUDY = Study(
    name="continual_statmech",
    paper="Li et al. 2023, Physical Review E 108, 014309, arXiv 2212.02846",
    summary="binary weights that learn task after task: variational rule, and mean-field theory of what is kept and forgotten",
    figures=(
        curve.FIGURE,
        dynamics.FIGURE,
        switch.FIGURE,
        convergence.FIGURE,
        variance.FIGURE,
        two_tasks.FIGURE,
        appendix.FIGURE,
        permuted.FIGURE,
        sequential.FIGURE,
        synapses.FIGURE,
    ),
)
