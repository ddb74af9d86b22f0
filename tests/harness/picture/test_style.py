import numpy as np

from mtrl.harness import style


def test_log_ticks_label_the_values_that_were_run():
    _, axes = style.subplots(1, 2)
    for ax, values in zip(axes[0], ([100, 1600, 400], [2400, 14400]), strict=True):
        style.log_ticks(ax, values)
        assert ax.get_xscale() == "log"
    assert [label.get_text() for label in axes[0, 0].get_xticklabels()] == ["100", "400", "1600"]
    assert [label.get_text() for label in axes[0, 1].get_xticklabels()] == ["2.4k", "14.4k"]


def test_half_width_is_the_t_interval():
    samples = np.array([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]])
    np.testing.assert_allclose(style.half_width(samples), [4.302652729911275 * 2 / np.sqrt(3), 0.0])
    np.testing.assert_allclose(style.half_width(samples[:1]), [0.0, 0.0])
