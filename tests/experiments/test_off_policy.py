"""The off-policy study: its pipeline goes the same way from a file and from the stand-in, and the bounds refuse long features."""

import numpy as np
import pytest

from experiments.off_policy import STUDY, pipeline
from mtrl.harness.config import replace
from mtrl.numerics.errors import BadInput

MOVIES = STUDY.figure("movielens")


def test_a_file_goes_the_way_of_the_stand_in(tmp_path):
    """The stand-in's ratings, written as MovieLens 1M writes them, give the stand-in's cluster, whatever its ids."""
    small = MOVIES.configure("smoke", {})
    sizes = dict(users=small.users, movies=small.movies, observed=small.observed, rank=small.rank, noise=small.noise)
    user, item, rating = pipeline.generated(**sizes)
    stars = np.clip(np.round(rating), 0, 5)
    lines = [f"{1 + u}::{10 + 2 * v}::{r:g}::978300760" for u, v, r in zip(user, item, stars, strict=True)]
    (tmp_path / "ratings.dat").write_text("\n".join(lines))
    name, cluster, items, quality = pipeline.prepare(replace(small, data_dir=str(tmp_path)))
    assert name == tmp_path.name and items.shape == (len(set(item)), small.rank)
    assert len(cluster.users) == quality.members >= small.tasks
    assert 0 < quality.sigma < np.std(stars) and np.isfinite(quality.held_out).all()
    with pytest.raises(BadInput, match="tasks got 55, but the largest of 3 components has"):
        pipeline.prepare(replace(small, data_dir=str(tmp_path), tasks=55))


def test_stand_in_has_the_shape_that_it_is_asked_for():
    user, item, rating = pipeline.generated(users=300, movies=200, observed=0.0426, rank=10, noise=0.759)
    assert len(rating) == pytest.approx(0.0426 * 300 * 200, rel=0.1)
    assert user.max() < 300 and item.max() < 200 and len(set(zip(user, item, strict=True))) == len(user)


def test_bounds_of_long_features_are_refused():
    with pytest.raises(BadInput, match="dim got 5, but the bounds need"):
        STUDY.figure("bounds").configure("quick", {"dim": 5})
