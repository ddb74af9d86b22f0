"""Active multi-task representation learning: which source tasks to buy labels from.

Chen, Du, Jamieson, ICML 2022, arXiv 2202.00911 (A-MTRL, "L2"); Wang, Chen, Jamieson, Du, ICML 2023, arXiv 2306.02556
(L1-A-MTRL, "L1").

    python -m experiments.active_representation                                        # embedded digits, no files needed
    python -m experiments.active_representation --figure=error_table --dataset=mnist --data_dir=DIR   # idx files in DIR
    python -m experiments.active_representation --figure=error_table --preset=paper --data_dir=DIR    # sizes of the papers

Image figures run on a stand-in (scikit-learn digits under the MNIST-C corruptions) unless told otherwise; `quick` uses a
few targets, a small K and few network steps. `--dataset=mnist_c` reads the released MNIST-C folders.
"""

from experiments.active_representation.costs import FIGURE as COSTS
from experiments.active_representation.estimated_relevance import FIGURE as ESTIMATED
from experiments.active_representation.known import FIGURE as KNOWN
from experiments.active_representation.planted import FIGURE as PLANTED
from experiments.active_representation.separation import FIGURE as SEPARATION
from experiments.active_representation.vision import IMPROVEMENT, SAMPLES, TABLE
from mtrl.harness import Study

STUDY = Study(
    name="active_representation",
    paper="Chen, Du, Jamieson 2022, ICML, arXiv 2202.00911; Wang, Chen, Jamieson, Du 2023, ICML, arXiv 2306.02556",
    summary="Buying source labels where they help the target: passive, squared (L2) and absolute (L1) relevance rules.",
    figures=(KNOWN, ESTIMATED, SEPARATION, COSTS, PLANTED, IMPROVEMENT, SAMPLES, TABLE),
)
