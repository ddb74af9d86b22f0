"""Multitask forecasting: Ilbert, Tiomoko, Louart, Odonnat, Feofanov, Palpanas, Redko, NeurIPS 2024, arXiv 2406.10327.

Section 5.3 and table 1.

Channels of a series are tasks, look-back windows are samples.

    python -m experiments.rmt_forecasting                                    # embedded stand-ins, no files needed
    python -m experiments.rmt_forecasting --data_dir=DIR --preset=quick      # ETTh1, ETTh2, Weather csv in DIR; small networks, few epochs
    python -m experiments.rmt_forecasting --data_dir=DIR --preset=paper      # the full protocol, meant for an accelerator
"""

from experiments.rmt_forecasting.coupling import FIGURE as COUPLING
from experiments.rmt_forecasting.linear import FIGURE as LINEAR
from experiments.rmt_forecasting.predicted import FIGURE as PREDICTED
from experiments.rmt_forecasting.regimes import FIGURE as REGIMES
from experiments.rmt_forecasting.table import FIGURE as TABLE
from mtrl.harness import Paper, Study

STUDY = Study(
    name="rmt_forecasting",
    paper="Ilbert, Tiomoko, Louart, Odonnat, Feofanov, Palpanas, Redko 2024, NeurIPS, arXiv 2406.10327",
    summary="Forecasting with a multitask penalty: ridge in closed form, networks, and couplings chosen from data alone.",
    papers=(
        Paper("Analysing Multi-Task Regression via Random Matrix Theory with Application to Time Series Forecasting",
              ("Ilbert", "Tiomoko", "Louart", "Odonnat", "Feofanov", "Palpanas", "Redko"), 2024, "NeurIPS", "2406.10327"),
    ),
    confirmed=(
        "best errors of the paper's table, splits and training protocol from the authors' code for a baseline, "
        "roles of both penalties."
    ),
    reconstructed="where exactly the penalty enters the networks, their look-back and the grids of penalties.",
    figures=(TABLE, COUPLING, LINEAR, PREDICTED, REGIMES),
)  # fmt: skip
