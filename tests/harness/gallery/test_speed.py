"""The one table of speeds: its rows are the stored times, no row is without a reason where the other side is faster, no comparison is missing."""

import dataclasses
import json
import math
import pathlib

import numpy as np
import pytest

from mtrl.harness import Claim, dataset
from mtrl.harness.gallery import Registry, speed
from mtrl.harness.gallery.entries import entries
from mtrl.harness.gallery.site import write_site
from mtrl.harness.judge.limits import BOUNDS
from mtrl.harness.judge.measures import Faster, times_faster, value
from mtrl.harness.run import store
from tests.harness import tiny
from tests.harness.gallery.test_site import Numbers, made

ROOT = pathlib.Path(__file__).resolve().parents[3]
STUDIES = Registry("experiments").studies()
PUBLISHED = [entry for study in STUDIES for entry in entries(ROOT / "figures", study)]
SECONDS = np.array([[[1.0, 4.0], [2.0, 2.0]], [[3.0, 3.0], [1.0, 4.0]]])  # (size, side, repeat)


def timed_claim(side="peer", goal=1.0, note="the loop is in C"):
    seconds = value("seconds")
    measure = times_faster(seconds.at(side=side), seconds.at(side="ours"), "a thing", "a library")
    return Claim.faster("a thing is faster", goal, measure, note)


def a_gallery(tmp_path, *claims, least=None):
    """The tiny study with one figure that times something at two sizes, least times (size, side, bound) beside if given."""
    gallery = made(tmp_path)
    figure = dataclasses.replace(tiny.MEAN, claims=claims, size=lambda c, at: f"{at['size']} of {c.seeds}")
    study = dataclasses.replace(tiny.STUDY, figures=(figure,))
    axes = {"size": [10, 20], "side": ["ours", "peer"], "repeat": [0, 1]}
    data = dataset(None, axes, seconds=(("size", "side", "repeat"), SECONDS, "us"))
    if least is not None:
        coords = {"limited_by": list(BOUNDS)}
        data = data.assign(dataset(None, coords, seconds_least=(("size", "side", "limited_by"), least, "us")))
    store.write_dataset(gallery / "tiny/mean/data.nc", data)
    return gallery, study


def test_a_row_is_the_geometric_mean_of_the_stored_rounds(tmp_path):
    gallery, study = a_gallery(tmp_path, timed_claim())
    (first, second), gaps = speed.table(entries(gallery, study)[:1])
    assert gaps == [] and [row.size for row in (first, second)] == [
        f"{n} of {first.entry.config.seeds}" for n in (10, 20)
    ]
    assert (
        first.ours == pytest.approx(2e-6) and first.theirs == pytest.approx(2e-6) and second.ours == pytest.approx(3e-6)
    )
    assert first.ratio.value == pytest.approx(1) and second.ratio.value == pytest.approx(2 / 3)
    # Two rounds: t of one degree of freedom, 12.706 times the standard error of the logarithms ln 2 and -ln 2.
    assert math.log(first.ratio.high) == pytest.approx(12.706 * math.log(2), rel=1e-4)
    assert second.slower and not first.slower and second.verdict == "undecided" and second.goal == 1


def test_the_page_holds_the_rows_with_their_reasons_and_names_what_is_absent(tmp_path):
    gallery, study = a_gallery(tmp_path, timed_claim(), timed_claim(side="other"))
    write_site(gallery, [study])
    page = (gallery / "speed.html").read_text()
    (rows, gaps), numbers = speed.table(entries(gallery, study)[:1]), Numbers(page).values
    assert [str(x) for row in rows for x in (row.ours, row.theirs, row.ratio.value)] == numbers[:6]
    assert page.count('class="slower"') == 1 and "the loop is in C" in page and "2 rows: 1 where" in page
    assert len(gaps) == 1 and "Not in the table: a thing beside a library" in page
    another = dataclasses.replace(study.figures[0], name="unseen")
    write_site(gallery, [dataclasses.replace(study, figures=(*study.figures, another))])
    assert (
        "Not in the table: tiny/unseen beside a library, a figure that is not" in (gallery / "speed.html").read_text()
    )
    assert 'href="speed.html"' in (gallery / "index.html").read_text()


def test_the_page_tells_where_the_time_went_the_longest_first(tmp_path):
    gallery, study = a_gallery(tmp_path)
    run = json.loads((gallery / "tiny/mean/run.json").read_text())
    store.write_json(gallery / "tiny/mean/run.json", {**run, "wall_time_seconds": 4.0, "compile_seconds": 1.0})
    other = {key: x for key, x in run.items() if key != "compile_seconds"}
    store.write_json(gallery / "tiny/mean-other/run.json", {**other, "wall_time_seconds": 60.0})
    write_site(gallery, [study])
    page = (gallery / "speed.html").read_text()
    assert "25&nbsp;% of" in page and page.index("tiny/mean-other</a>") < page.index("tiny/mean</a>")
    assert [row.share for row in speed.spent(entries(gallery, study))] == [None, 0.25]
    assert Numbers(page).values == ["60.0", "4.0", "1.0"] and "not recorded" in page


def test_a_row_says_which_share_of_the_limit_is_reached_and_what_binds(tmp_path):
    """Ours takes 2 us, then 3: of .5 by arithmetic and .2 by memory, and of .3 and 1.5."""
    least = np.full((2, 2, 2), np.nan)
    least[:, 0] = [[0.5, 0.2], [0.3, 1.5]]
    gallery, study = a_gallery(tmp_path, timed_claim(), least=least)
    rows, _ = speed.table(entries(gallery, study)[:1])
    assert [row.limit.binds for row in rows] == ["arithmetic", "memory"]
    assert [row.limit.share for row in rows] == pytest.approx([0.25, 0.5])
    write_site(gallery, [study])
    page = (gallery / "speed.html").read_text()
    assert "&nbsp;%, arithmetic</td>" in page and ">50</data>&nbsp;%, memory</td>" in page


@pytest.mark.parametrize(
    "least, words", [(None, "kept none"), (np.full((2, 2, 2), np.nan), "not one of the harness's programs")]
)
def test_a_row_without_a_share_says_why(tmp_path, least, words):
    gallery, study = a_gallery(tmp_path, timed_claim(), least=least)
    assert all(
        row.limit.share is None and words in row.limit.binds for row in speed.table(entries(gallery, study)[:1])[0]
    )


def test_a_rate_is_read_as_the_measure_reads_it(tmp_path):
    """Rounds a second, of which the measure makes seconds: the highest rate is the least time."""
    rate = value("seconds").then(lambda x: 1 / x)
    claim = Claim.faster("a", 1.0, times_faster(rate.at(side="peer"), rate.at(side="ours"), "a thing", "a library"))
    gallery, study = a_gallery(tmp_path, claim, least=np.tile([20.0, 4.0], (2, 2, 1)))
    rows, _ = speed.table(entries(gallery, study)[:1])
    assert [row.limit.share for row in rows] == pytest.approx([1 / 4 * 2, 1 / 4 * 3])


@pytest.mark.parametrize("share, words", [(0.12345, "12"), (0.0047, "0.47"), (0.9999, "100"), (1.234, "123")])
def test_shares(share, words):
    assert speed.percent(share) == words


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda entry: f"{entry.study.name}-{entry.anchor}")
def test_where_the_other_side_is_faster_there_is_a_reason(entry):
    """Of the published times; a note of fewer than six words is none."""
    for row in speed.table([entry])[0]:
        assert not row.slower or len(row.why.split()) > 5, f"say why {row.peer} is faster: {row.what}, {row.size}"


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_every_comparison_of_times_is_in_the_table(study):
    """A claim on time with a least ratio names both sides, and its figure the sizes."""
    for figure in study.figures:
        for claim in figure.claims:
            if claim.kind == "speed" and claim.accepts.high == math.inf:
                assert isinstance(claim.measure, Faster), f"{figure.name}: use times_faster in '{claim.text}'"
                assert claim.measure.what and claim.measure.peer and figure.size, f"{figure.name}: {claim.text}"


@pytest.mark.parametrize("seconds, words", [(61.04, "61 s"), (0.0123, "12.3 ms"), (4.56e-6, "4.56 µs"), (2e-9, "2 ns")])
def test_durations(seconds, words):
    assert speed.duration(seconds) == words


def test_ratios():
    assert [speed.times(x) for x in (0.1234, 12.34, 1234.5)] == ["0.123", "12.3", "1,234"]
