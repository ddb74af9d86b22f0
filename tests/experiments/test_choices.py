"""The names that the studies' flags list without loading the library are the library's own; every preset passes its own checks."""

import pytest

from experiments.active_representation import images, protocol
from experiments.linear_representation import survey
from experiments.multitask_bandits import neural as bandits_neural
from experiments.multitask_linear_mdp import neural as mdp_neural
from experiments.rmt_classification import real
from experiments.rmt_forecasting import networks
from experiments.rmt_regression import tuning, universality
from mtrl import bandits, forecasting, mdp, random_matrix, representation
from mtrl.bandits.images import VALUES
from mtrl.harness.gallery import Registry
from mtrl.harness.study import PRESETS
from mtrl.representation.active.corruptions import CORRUPTIONS

FIGURES = [(study.name, figure) for study in Registry("experiments").studies() for figure in study.figures]


def test_names_are_the_librarys():
    assert set(protocol.RULE_CHOICES) == set(representation.active.RULES)
    assert images.CORRUPTIONS == tuple(CORRUPTIONS)
    assert survey.STRUCTURES == representation.subspace.STRUCTURES
    assert bandits_neural.BONUSES == tuple(bandits.BONUSES) and bandits_neural.VALUES == VALUES
    assert real.RULES == random_matrix.classification.SPLIT_RULES
    assert tuning.METHODS == random_matrix.regression.CHOICES
    assert mdp_neural.BONUSES == mdp.BONUSES
    assert (networks.UNIVARIATE, networks.MODELS, networks.SIZES) == (
        forecasting.UNIVARIATE,
        forecasting.MODELS,
        forecasting.SIZES,
    )
    assert (universality.LAWS[:-1], universality.LAWS) == (
        random_matrix.problem.CONCENTRATED,
        random_matrix.problem.LAWS,
    )


@pytest.mark.parametrize(("study", "figure"), FIGURES, ids=[f"{study}-{figure.name}" for study, figure in FIGURES])
def test_every_preset_passes_its_checks(study, figure):
    for preset in PRESETS:
        figure.configure(preset, {})
