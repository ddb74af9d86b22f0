"""Data, quoted numbers and refusals of the study; the figures themselves run in test_smoke.py."""

import struct

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.active_representation import costs, images, improvement, known, protocol, sample_map, vision
from experiments.active_representation.estimated_relevance import EstimatedConfig
from mtrl.harness import BadInput, dataset
from mtrl.harness.config import replace
from mtrl.harness.judge.measures import Absent, value
from mtrl.representation import active
from tests.helpers import assert_close

NAMES = ("identity", "stripe")


def test_digits_are_split_before_corrupting():
    data = images.load(images.ImageConfig(corruptions=NAMES))
    assert data.images.shape == (2, 1797, 28, 28)
    assert len(data.train) == 1200 and len(data.test) == 597 and not np.intersect1d(data.train, data.test).size
    assert data.pool.shape == (2, 10, 1200)
    inner = slice(7, 21)  # image i is the same original under every corruption
    np.testing.assert_array_equal(data.images[0, :, :, inner], data.images[1, :, :, inner])


def write_mnist(folder, part, count, seed):
    rng = np.random.default_rng(seed)
    pictures, labels = rng.integers(0, 256, (count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8) % 10
    for name, magic, array in (("images-idx3", 2051, pictures), ("labels-idx1", 2049, labels)):
        header = struct.pack(f">{1 + array.ndim}I", magic, *array.shape)
        (folder / f"{part}-{name}-ubyte").write_bytes(header + array.tobytes())
    return {picture.tobytes() for picture in (pictures / np.float32(255)).astype(np.float32)}


def test_one_mnist_file_is_split(tmp_path):
    originals = write_mnist(tmp_path, "t10k", 100, 0)
    data = images.load(images.ImageConfig(dataset="mnist", data_dir=str(tmp_path), corruptions=NAMES))
    assert data.images.shape == (2, 100, 28, 28) and len(data.train) == 80
    assert data.pool.shape == (2, 10, 8)  # disjoint parts for the tasks of a corruption
    assert len(np.unique(data.pool[0])) == 80 and np.all(np.isin(data.pool, data.train))
    assert all(picture.tobytes() in originals for picture in data.images[0])


def test_both_mnist_files_keep_their_roles(tmp_path):
    originals = {part: write_mnist(tmp_path, part, count, count) for part, count in (("train", 60), ("t10k", 30))}
    config = images.ImageConfig(dataset="mnist", data_dir=str(tmp_path), corruptions=NAMES)
    data = images.load(config)
    assert len(data.train) == 60 and len(data.test) == 30 and data.pool.shape == (2, 10, 6)
    assert {picture.tobytes() for picture in data.images[0, data.train]} == originals["train"]
    assert {picture.tobytes() for picture in data.images[0, data.test]} == originals["t10k"]
    small = images.load(replace(config, images=50))
    assert len(small.train) == 50 and len(small.test) == 10 and small.images.shape[1] == 60
    with pytest.raises(BadInput, match="n_0=6 is above the 5 training images of one task"):
        images.check_target_samples(small, 6)


def test_mnist_c_files(tmp_path):
    rng = np.random.default_rng(0)
    labels = {"train": np.arange(40) % 10, "test": np.arange(20) % 10}
    for name in NAMES:
        folder = tmp_path / "mnist_c" / name
        folder.mkdir(parents=True)
        for part, values in labels.items():
            np.save(folder / f"{part}_images.npy", rng.integers(0, 256, (len(values), 28, 28, 1), np.uint8))
            np.save(folder / f"{part}_labels.npy", values)
    config = images.ImageConfig(dataset="mnist_c", data_dir=str(tmp_path), corruptions=NAMES)
    data = images.load(config)
    assert data.images.shape == (2, 60, 28, 28) and len(data.train) == 40 and len(data.test) == 20
    assert data.pool.shape == (2, 10, 4)
    np.save(tmp_path / "mnist_c" / NAMES[1] / "test_labels.npy", 9 - labels["test"])
    with pytest.raises(BadInput, match="stripe has other labels than identity"):
        images.load(replace(config, split_seed=1))


def test_missing_files_are_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="give --data_dir=DIR, or use --dataset=digits_c"):
        images.load(images.ImageConfig(dataset="mnist"))
    with pytest.raises(BadInput, match=r"no MNIST files; expected .*train,t10k.*--dataset=digits_c"):
        images.load(images.ImageConfig(dataset="mnist", data_dir=str(tmp_path)))
    with pytest.raises(BadInput, match=r"mnist_c/identity/\{train_images.*--dataset=digits_c"):
        images.load(images.ImageConfig(dataset="mnist_c", data_dir=str(tmp_path), corruptions=NAMES))


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(corruptions=("fogg",)), "unknown corruption 'fogg'; did you mean fog"),
        (dict(totals=(1000, 6400)), r"budget N=1000 below M\*N_min=159\*20"),
        (dict(totals=(6400, 3200)), "do not increase"),
        (dict(rank=51, target_samples=60), r"rank K=51 is above min\(d=50, M=159\)"),
        (dict(target_samples=5), "above the n_0=5 target samples"),
        (dict(lasso_ratio=0.0), "LASSO penalty ratio is 0.0"),
        (dict(reuse=True), "reuse pools moments"),
    ],
)
def test_refused_image_flags(changes, message):
    with pytest.raises(BadInput, match=message):
        replace(vision.VisionConfig(), **changes)


def test_other_refused_flags():
    with pytest.raises(BadInput, match="add passive to --rules"):
        replace(improvement.ImprovementConfig(), rules=("L1", "L2"))
    with pytest.raises(BadInput, match="unknown target 'glass/2'"):
        replace(sample_map.SamplesConfig(), named=("glass/2",))
    with pytest.raises(BadInput, match="do not increase"):
        replace(EstimatedConfig(), totals=(2400, 2400))
    with pytest.warns(UserWarning, match="unidentifiable"):
        replace(EstimatedConfig(), floor=3)


def test_images_shared_by_training_and_test():
    with pytest.raises(BadInput, match=r"2 test images \(first: 4\)"):
        images.check_disjoint_images(np.arange(6), np.arange(4, 9))


def test_targets_are_spread():
    config = vision.VisionConfig()
    chosen = config.chosen()
    assert len(set(chosen)) == len({c for c, _ in chosen}) == 16 and len({j for _, j in chosen}) == 10
    assert len(replace(config, targets=0).chosen()) == 160
    assert sample_map.SamplesConfig().chosen() == [(3, 2), (8, 0)]


def test_closed_forms_of_the_quoted_instances():
    """The numbers of an independent program, to the digits that are quoted."""
    config = known.KnownConfig()
    params = known.numpy_instance(config)
    heads, head = np.asarray(params.heads), np.asarray(params.target_head)
    relevance = {1.0: active.l1_relevance_exact(heads, head), 2.0: np.linalg.pinv(heads) @ head}
    for rule, quoted in known.QUOTED_LAW.items():
        counts = jnp.asarray(known.counts_of(rule, 20000, relevance, config))
        value = active.design_value(params.heads, params.target_head, counts)
        law = active.subspace_risk(value, dim=30, rank=3, noise=0.5)
        assert_close(f"subspace risk of {rule} at N = 20000", law, quoted, rtol=0.01)
    assert_close("cost ratios of nu2 over nu1", costs.quoted_draw() / costs.QUOTED_RATIOS, np.ones(4), rtol=0.005)


def test_baselines_of_known_relevance():
    config = known.KnownConfig()
    relevance = {1.0: np.eye(20)[3] * 2.0 + np.eye(20)[5], 2.0: np.ones(20)}
    single = known.counts_of("single_best", 5000, relevance, config)
    assert single[3] == 5000 - 19 * 60 and np.sum(single == 60) == 19
    random = known.counts_of("random_k", 5000, relevance, config)
    assert random.sum() == 5000 and np.sum(random == 60) == 10 and np.ptp(random[random > 60]) <= 1


def test_z_scores_count_both_errors():
    """And the labels that only the quoted numbers have are left out."""
    data = dataset([0, 1], {"rank": [2, 5]}, ratio=(("seed", "rank"), [[1.0, 1.0], [3.0, 3.0]], "1"))
    scores = protocol.z_scores(value("ratio"), protocol.quoted([1.0, 9.0], rank=[5, 7]), 2)
    found = scores(data, None)
    assert found["rank"].values.tolist() == [5]
    assert_close("z", found.mean("seed").item(), 1 / np.sqrt(2 * (1 / 2 + 1 / 2)), rtol=1e-12)
    with pytest.raises(Absent):
        protocol.z_scores(value("ratio"), protocol.quoted([9.0], rank=[7]), 2)(data, None)
