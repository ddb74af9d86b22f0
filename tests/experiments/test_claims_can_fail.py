"""Every claim of the gallery can fail: a standard perturbation of the published data turns its verdict, and NaN never reads as reproduced."""

import json
import pathlib

import pytest

from mtrl.harness.config import declaring, from_dict
from mtrl.harness.gallery import registry
from mtrl.harness.judge.claims import REPRODUCED, evaluate_claim
from mtrl.harness.judge.perturb import perturbations, turns
from mtrl.harness.run import store

GALLERY = pathlib.Path(__file__).resolve().parents[2] / "figures"
STUDIES = registry.Registry("experiments").studies()
FIGURES = [
    (folder, figure)
    for study in STUDIES
    for figure in study.figures
    for folder in sorted((GALLERY / study.name).glob(f"{figure.name}*"))  # and its variants on files
    if folder.name.partition("-")[0] == figure.name
]


def published(folder, figure):
    """Data and configuration of a published figure; None where its data are too large to be kept, or its configuration is of another version."""
    if not (folder / "data.nc").is_file():
        return None
    config = json.loads((folder / "config.json").read_text())["config"]
    try:
        with declaring():  # a variant's files need not be here
            return store.read_dataset(folder / "data.nc"), from_dict(figure.config, config)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("folder", "figure"), FIGURES, ids=[f"{folder.parent.name}-{folder.name}" for folder, _ in FIGURES]
)
def test_claims_can_fail(folder, figure):
    found = published(folder, figure)
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
