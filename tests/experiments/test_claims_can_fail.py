"""Every claim of the gallery can fail: a standard perturbation of the published data turns its verdict, and NaN never reads as reproduced."""

import json
import pathlib

import pytest

from mtrl.harness.config import from_dict
from mtrl.harness.gallery import registry
from mtrl.harness.judge.claims import REPRODUCED, evaluate_claim
from mtrl.harness.judge.perturb import perturbations, turns
from mtrl.harness.run import store

GALLERY = pathlib.Path(__file__).resolve().parents[2] / "figures"
STUDIES = registry.Registry("experiments").studies()
FIGURES = [(study, figure) for study in STUDIES for figure in study.figures]


def published(study, figure):
    """Data and configuration of a published figure; None where its data are too large to be kept, or its configuration is of another version."""
    folder = GALLERY / study.name / figure.name
    if not (folder / "data.nc").is_file():
        return None
    config = json.loads((folder / "config.json").read_text())["config"]
    try:
        return store.read_dataset(folder / "data.nc"), from_dict(figure.config, config)
    except ValueError:
        return None


@pytest.mark.parametrize(("study", "figure"), FIGURES, ids=[f"{study.name}-{figure.name}" for study, figure in FIGURES])
def test_claims_can_fail(study, figure):
    found = published(study, figure)
    if found is None:
        pytest.skip("not in the gallery with data")
    data, config = found
    nothing = dict(perturbations(data))["NaN"]
    for claim in figure.claims:
        if not claim.applies(data):
            continue
        turned = next(turns(claim, data, config), None)
        assert turned not in (None, "NaN"), f"nothing but NaN turns: {claim.text}"
        record = evaluate_claim(claim, nothing, config)
        assert record is None or record["verdict"] != REPRODUCED or turned == "does not apply", (
            f"NaN reproduces: {claim.text}"
        )
