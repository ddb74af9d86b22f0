"""The csv reader: what it reads, and the one sentence for every way a file can be wrong."""

import numpy as np
import pytest

from mtrl.data.csv_series import ETT_HEADER, read_csv_series
from mtrl.numerics.errors import BadInput

HEADER = ",".join(ETT_HEADER)
GOOD = "2016-07-01 00:00:00,1,2,3,4,5,6,7"


def write(tmp_path, text):
    path = tmp_path / "ETTh1.csv"
    path.write_text(text)
    return path


def test_reads_values_channels_and_dates(tmp_path):
    got = read_csv_series(
        write(tmp_path, f"{HEADER}\n{GOOD}\n2016-07-01 01:00:00,1e-3,-2,3,4,5,6,7.5\n\n"), header=ETT_HEADER, rows=2
    )
    np.testing.assert_array_equal(got.values, [[1, 2, 3, 4, 5, 6, 7], [1e-3, -2, 3, 4, 5, 6, 7.5]])
    assert got.channels == ETT_HEADER[1:] and got.dates[1] == "2016-07-01 01:00:00"


@pytest.mark.parametrize(
    "text, message",
    [
        ("", r"ETTh1.csv, line 1: the header has no first column `date`, got nothing; expected date,HUFL"),
        (
            f"{HEADER[5:]}\n{GOOD}",
            r"ETTh1.csv, line 1: the header has no first column `date`, got HUFL.*expected date,HUFL",
        ),
        (f"date,A,B\n{GOOD}", r"ETTh1.csv, line 1: got the header date,A,B; expected date,HUFL"),
        (f"{HEADER}\n{GOOD}\n{GOOD[:-1]}x", r"ETTh1.csv, line 3, column OT: got 'x'; expected a number"),
        (f"{HEADER}\n{GOOD}\n{GOOD[:-1]}", r"line 3, column OT: got ''; expected a number"),
        (f"{HEADER}\n{GOOD[:-1]}nan", r"line 2, column OT: got nan; expected a finite number"),
        (f"{HEADER}\n{GOOD},8", r"line 2: got 9 cells; expected 8 as in the header date,HUFL"),
        (f"{HEADER}\n{GOOD}\n\n{GOOD}", r"line 3: got 0 cells"),
        (f"{HEADER}\n{GOOD}", r"line 2: the file ends after 1 data rows, but 2 are needed"),
    ],
)
def test_wrong_files_are_refused_by_file_line_and_expectation(tmp_path, text, message):
    with pytest.raises(BadInput, match=message):
        read_csv_series(write(tmp_path, text), header=ETT_HEADER, rows=2)


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"ETTh9.csv: no such file; expected a csv with the header date,HUFL"):
        read_csv_series(tmp_path / "ETTh9.csv", header=ETT_HEADER)
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(BadInput, match="not a readable csv"):
        read_csv_series(tmp_path / "b.csv")


def test_any_channels_without_a_fixed_header(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("date,p,OT\n2020-01-01,1,2\n")
    assert read_csv_series(path).channels == ("p", "OT")
