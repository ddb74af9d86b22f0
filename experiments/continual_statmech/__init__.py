"""Statistical mechanics of continual learning with binary weights: figures and claims.

python -m experiments.continual_statmech [--figure=curve|states|dynamics|switch|convergence|variance|two_tasks|appendix|penalties]
python -m experiments.continual_statmech [--figure=permuted|sequential|synapses] [--data_dir=DIR]   # idx files of MNIST in DIR
"""

from experiments.continual_statmech import (
    appendix,
    convergence,
    curve,
    dynamics,
    penalties,
    permuted,
    sequential,
    states,
    switch,
    synapses,
    two_tasks,
    variance,
)
from mtrl.harness import Paper, Study

STUDY = Study(
    name="continual_statmech",
    paper="Li et al. 2023, Physical Review E 108, 014309, arXiv 2212.02846",
    summary="binary weights that learn task after task: variational rule, and mean-field theory of what is kept and forgotten",
    papers=(
        Paper("Statistical mechanics of continual learning: variational principle and mean-field potential",
              ("Li", "Huang", "Zou", "Huang"), 2023, "Physical Review E", "2212.02846"),
    ),
    confirmed="formulas, constants and settings of the figures from the authors' repository; claims and the ordering against "
    "metaplasticity from the abstract.",
    reconstructed="constants of the metaplasticity and EWC baselines, panels of the deep networks, the digits in place of the image "
    "sets; the tables are this project's own solutions.",
    figures=(curve.FIGURE, states.FIGURE, dynamics.FIGURE, switch.FIGURE, convergence.FIGURE, variance.FIGURE, two_tasks.FIGURE,
             appendix.FIGURE, penalties.FIGURE, permuted.FIGURE, sequential.FIGURE, synapses.FIGURE),
)  # fmt: skip
