"""Rating tables: what is read, and the one sentence for every way a file can be wrong."""

import numpy as np
import pytest

from mtrl.data import read_movielens
from mtrl.numerics.errors import BadInput

HEADER = "userId,movieId,rating,timestamp"


def write(tmp_path, text, name="ratings.dat"):
    (tmp_path / name).write_text(text)
    return tmp_path


def test_ids_are_numbered_anew(tmp_path):
    got = read_movielens(write(tmp_path, "1::1193::5::978300760\n2::661::3::978302109\n1::661::4::978301968\n"))
    np.testing.assert_array_equal(got.user, [0, 1, 0])
    np.testing.assert_array_equal(got.item, [1, 0, 0])
    np.testing.assert_array_equal(got.rating, [5, 3, 4])
    assert got.item_ids.tolist() == [661, 1193] and got.name == tmp_path.name


def test_csv_with_half_stars(tmp_path):
    got = read_movielens(write(tmp_path, f"{HEADER}\r\n1,1,4.0,964982703\r\n7,31,2.5,964981247\r\n", "ratings.csv"))
    np.testing.assert_array_equal(got.rating, [4.0, 2.5])
    assert read_movielens(tmp_path / "ratings.csv").user_ids.tolist() == [1, 7]


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "1,1193,5,978300760\n",
            r"line 1: got '1,1193,5,978300760'; expected four cells as in UserID::MovieID::Rating::Timestamp",
        ),
        ("1::2::5::9\n1::3::5\n", r"line 2: got '1::3::5'; expected four cells"),
        ("1::2::5::9\n\n1::3::5::9\n", r"line 2: got ''"),
        ("1::2::good::9\n", r"line 1: got 'good'; expected a number"),
        ("1::2::5::9\n0::2::5::9\n", r"line 2: got the UserID 0, but ids are whole numbers of at least 1"),
        ("1::2.5::5::9\n", r"line 1: got the MovieID 2.5"),
        ("1::2::6::9\n", r"line 1: got the rating 6, but stars go from 0 to 5"),
        ("1::2::nan::9\n", r"line 1: got the rating nan"),
        ("1::1::5::9\n1::2::5::9\n1::2::4::9\n", r"line 2: user 1 rates movie 2 more than once"),
        ("", r"holds no ratings; expected lines UserID::MovieID"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, text, message):
    with pytest.raises(BadInput, match=message):
        read_movielens(write(tmp_path, text))


def test_wrong_places_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"holds neither ratings.dat \(UserID::MovieID.*nor ratings.csv"):
        read_movielens(tmp_path)
    with pytest.raises(BadInput, match="no such file"):
        read_movielens(tmp_path / "ratings.dat")
    with pytest.raises(BadInput, match=f"line 1: got '1,2,3,4'; expected the header {HEADER}"):
        read_movielens(write(tmp_path, "1,2,3,4\n", "ratings.csv"))
