"""The figure of scenes on files: frames of both parts, classes counted over both, no normals where there are none."""

import numpy as np

from experiments.multitask_optimization import STUDY, scenes


def test_frames_of_a_folder(tmp_path):
    rng = np.random.default_rng(0)
    for part, top in (("train", 3), ("val", 6)):
        for kind, array in dict(
            image=rng.random((4, 8, 3)), label=np.full((4, 8), top - 1), depth=rng.random((4, 8))
        ).items():
            (tmp_path / part / kind).mkdir(parents=True)
            for i in range(2):
                np.save(tmp_path / part / kind / f"{i}.npy", array)
    config = STUDY.figure("scenes").configure("smoke", {"data_dir": str(tmp_path)})
    parts, classes = scenes.frames_of(config)
    assert parts is not None
    train, held = parts
    assert classes == 6 and train.image.shape == held.image.shape == (2, 4, 8, 3) and train.normal is None
    assert scenes.frames_of(STUDY.figure("scenes").configure("smoke", {}))[0] is None
