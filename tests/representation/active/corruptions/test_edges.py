import jax
import numpy as np

from mtrl.representation.active.corruptions.edges import canny_edges

KEY = jax.random.key(0)  # nothing is random here


def test_square_gives_its_outline():
    image = np.zeros((1, 28, 28))
    image[0, 8:20, 8:20] = 1.0
    edges = canny_edges(KEY, image)[0]
    assert set(np.unique(edges)) == {0.0, 1.0}
    rows, columns = np.nonzero(edges)
    assert rows.min() in (7, 8) and rows.max() in (19, 20) and columns.min() in (7, 8) and columns.max() in (19, 20)
    assert np.all(edges[10:18, 10:18] == 0)
    assert np.all(edges[13, [7, 8]].sum() >= 1) and np.all(edges[[19, 20], 13].sum() >= 1)


def test_hysteresis_drops_weak_edges_alone():
    image = np.zeros((1, 28, 28))
    image[0, :, 14:] = 0.04  # gradient between the thresholds: no strong pixel
    smooth_step = canny_edges(KEY, image)
    assert not np.any(smooth_step)
    image[0, :6, 14:] = 1.0  # a strong part connects the weak part next to it
    assert canny_edges(KEY, image)[0, 2, 12:16].any()


def test_flat_image_and_border():
    assert not np.any(canny_edges(KEY, np.full((2, 28, 28), 0.4)))
    noise = np.random.default_rng(0).random((3, 28, 28))
    edges = canny_edges(KEY, noise)
    assert edges.any() and not edges[:, 0].any() and not edges[:, :, -1].any()
    alone = np.stack([canny_edges(KEY, noise[i : i + 1])[0] for i in range(3)])
    np.testing.assert_array_equal(edges, alone)  # images do not touch each other


def test_thresholds_are_those_of_the_sobel_gradient():
    """A ramp of slope s has gradient 8 s everywhere: edges (where rounding makes maxima) above the high threshold 0.2, none below."""
    ramp = np.broadcast_to(np.arange(28.0), (28, 28))
    for image in (ramp, ramp.T):
        middle = [canny_edges(KEY, (s * image)[None])[0][8:20, 8:20] for s in (0.0246, 0.0254)]
        assert not np.any(middle[0]) and np.any(middle[1])
