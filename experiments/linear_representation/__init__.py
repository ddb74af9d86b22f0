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
from mtrl.harness import Paper, Study

STUDY = Study(
    name="linear_representation",
    paper="Tripuraneni et al. 2021 (arXiv 2002.11684), Du et al. 2021 (2002.09434), Collins et al. 2021 (2102.07078), "
    "Thekumparampil et al. 2021 (2105.08306), Zhang and Yang 2021 (1707.08114)",
    summary="shared linear subspaces: moments, factored and alternating least squares, FedRep, classical methods",
    papers=(
        Paper("Provable Meta-Learning of Linear Representations", ("Tripuraneni", "Jin", "Jordan"), 2021, "ICML", "2002.11684"),
        Paper("Few-Shot Learning via Learning the Representation, Provably", ("Du", "Hu", "Kakade", "Lee", "Lei"), 2021, "ICLR",
              "2002.09434"),
        Paper("Exploiting Shared Representations for Personalized Federated Learning", ("Collins", "Hassani", "Mokhtari", "Shakkottai"),
              2021, "ICML", "2102.07078"),
        Paper("Statistically and Computationally Efficient Linear Meta-representation Learning",
              ("Thekumparampil", "Jain", "Netrapalli", "Oh"), 2021, "NeurIPS", "2105.08306"),
        Paper("A Survey on Multi-Task Learning", ("Zhang", "Yang"), 2021, "TKDE", "1707.08114"),
    ),
    confirmed=(
        "setting, objective scaling, optimiser and table values of Tripuraneni et al. from their release; step "
        "sizes, baselines and starts of FedRep from its notebook; the stated rates from the abstracts."
    ),
    reconstructed=(
        "exact theorem conditions, the survey's objectives in their standard forms, and the settings of the "
        "figures on targets, structures and relations; the error laws are derived and checked by simulation."
    ),
    figures=(*learning_figures.FIGURES, replay.FIGURE, federated.FIGURE, rounds.FIGURE, ablation.FIGURE, new_client.FIGURE, few_shot.FIGURE,
             allocation_curves.FIGURE, survey.FIGURE, relations.FIGURE, real_data.FIGURE),
)  # fmt: skip
