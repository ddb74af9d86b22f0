"""The csv reader: what it reads, and the one sentence for every way a file can be wrong."""

import warnings

import numpy as np
import pytest

from mtrl.data import ETT_HEADER, HOUR, read_csv_series
from mtrl.numerics.errors import BadInput

HEADER = ",".join(ETT_HEADER)
GOOD = "2016-07-01 00:00:00,1,2,3,4,5,6,7"
TIMES = [f"2016-07-{1 + i // 24:02d} {i % 24:02d}:00:00" for i in range(60)]


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
    with pytest.raises(BadInput, match="b.csv.*expected"):
        read_csv_series(tmp_path / "b.csv")


def test_any_channels_without_a_fixed_header(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("date,p,OT\n2020-01-01,1,2\n")
    assert read_csv_series(path).channels == ("p", "OT")


def table(dates, column=None):
    column = np.sin(np.arange(len(dates))) if column is None else column
    return "\n".join(
        ["date,p,OT", *(f"{date},{i / 7},{value}" for i, (date, value) in enumerate(zip(dates, column, strict=True)))]
    )


@pytest.mark.parametrize(
    "shape", ["{0:%Y-%m-%d %H:%M:%S}", "{0:%Y/%m/%d %H:%M}", "{0:%d.%m.%Y %H:%M:%S}", "{0:%Y-%m-%dT%H:%M}"]
)
def test_dates_as_people_write_them(tmp_path, shape):
    import datetime

    dates = [shape.format(datetime.datetime.fromisoformat(time)) for time in TIMES]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_csv_series(write(tmp_path, table(dates)), step=HOUR).values.shape == (60, 2)


@pytest.mark.parametrize(
    "dates, message",
    [
        (TIMES[::-1], r"line 3: 2016-07-03 10:00:00 comes after 2016-07-03 11:00:00; sort the rows by time"),
        ([*TIMES[:30], TIMES[5], *TIMES[31:]], r"line 32: .* comes after .*; sort the rows"),
        (
            [f"2016-07-01 {i // 4:02d}:{i % 4 * 15:02d}:00" for i in range(60)],
            r"rows are 0:15:00 apart, .* one every 1:00:00",
        ),
        (["x"] * 60, r"line 2, column date: got 'x'; expected a date such as"),
        ([*TIMES[:59], ""], r"line 61, column date: got ''"),
    ],
)
def test_dates_that_cannot_be_meant_are_refused(tmp_path, dates, message):
    with pytest.raises(BadInput, match=message):
        read_csv_series(write(tmp_path, table(dates)), step=HOUR)


@pytest.mark.parametrize(
    "dates, message",
    [
        ([*TIMES[:30], TIMES[29], *TIMES[30:59]], r"1 rows have the date of the row before \(first on line 32\)"),
        ([*TIMES[:30], *TIMES[40:]], r"1 steps are not the usual 1:00:00 \(first on line 32\)"),
    ],
)
def test_dates_that_may_be_meant_are_warned_of(tmp_path, dates, message):
    with pytest.warns(UserWarning, match=message):
        assert len(read_csv_series(write(tmp_path, table(dates)), step=HOUR).dates) == len(dates)


@pytest.mark.parametrize(
    "mark, rows, warned", [(-9999.0, 5, True), (-9999.0, 1, True), (1e6, 3, True), (1e6, 1, False), (2.0, 5, False)]
)
def test_marks_of_missing_values_are_warned_of(tmp_path, mark, rows, warned):
    column = np.sin(np.arange(60))
    column[20 : 20 + rows] = mark
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_csv_series(write(tmp_path, table(TIMES, column)))
    assert [f"column OT holds {mark:g} in {rows} rows" in str(warning.message) for warning in caught] == [True] * warned


@pytest.mark.parametrize(
    "text",
    [
        table(TIMES).replace(",", ";"),
        table(TIMES).replace("date", "Date"),
        "\ufeff" + table(TIMES).replace("\n", "\r\n"),
    ],
)
def test_other_separators_names_and_ends_of_lines(tmp_path, text):
    np.testing.assert_array_equal(
        read_csv_series(write(tmp_path, text)).values, read_csv_series(write(tmp_path, table(TIMES))).values
    )


def test_encodings(tmp_path):
    text = table(TIMES).replace("p,", "W/m\u00b2,", 1)
    for encoding in ("utf-8", "latin-1", "utf-16"):
        path = tmp_path / "w.csv"
        path.write_bytes(text.encode(encoding))
        assert read_csv_series(path).channels == ("W/m\u00b2", "OT")


@pytest.mark.parametrize(
    "text, message",
    [
        (table(TIMES).replace(",", "\t").replace(".", ","), "write decimals with a point"),
        (table(TIMES, [1e308] * 60), "values above 1e100 overflow"),
        (table(TIMES).replace("p,OT", "p,p"), "two columns are called 'p'"),
        ("," + table(TIMES), "drop the column of row numbers"),
    ],
)
def test_numbers_and_headers_that_cannot_be_meant(tmp_path, text, message):
    with pytest.raises(BadInput, match=message):
        read_csv_series(write(tmp_path, text))
