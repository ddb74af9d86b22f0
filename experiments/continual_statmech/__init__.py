"""Statistical mechanics of continual learning with binary weights: figures and claims.

python -m experiments.continual_statmech [--figure=curve|dynamics|two_tasks]
"""

from experiments.continual_statmech import curve, dynamics, two_tasks
from mtrl.harness import Study

STUDY = Study(
    name="continual_statmech",
    paper="Li et al. 2023, Physical Review E 108, 014309, arXiv 2212.02846",
    summary="binary weights that learn task after task: variational rule, and mean-field theory of what is kept and forgotten",
    figures=(curve.FIGURE, dynamics.FIGURE, two_tasks.FIGURE),
)
