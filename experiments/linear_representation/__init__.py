"""Linear multitask representation learning: subspaces, transfer, federated variants, classical convex methods."""

from experiments.linear_representation import (
    ablation,
    allocation_curves,
    federated,
    few_shot,
    learning_figures,
    new_client,
    real_data,
    relations,
    replay,
    rounds,
    survey,
)
from mtrl.harness import Study

STUDY = Study(
    name="linear_representation",
    paper="Tripuraneni et al. 2021 (arXiv 2002.11684), Du et al. 2021 (2002.09434), Collins et al. 2021 (2102.07078), "
    "Thekumparampil et al. 2021 (2105.08306), Zhang and Yang 2021 (1707.08114)",
    summary="shared linear subspaces: moments, factored and alternating least squares, FedRep, classical methods",
    figures=(
        *learning_figures.FIGURES,
        *replay.FIGURES,
        *federated.FIGURES,
        *rounds.FIGURES,
        *ablation.FIGURES,
        *new_client.FIGURES,
        *few_shot.FIGURES,
        *allocation_curves.FIGURES,
        *survey.FIGURES,
        *relations.FIGURES,
        *real_data.FIGURES,
    ),
)
