from mtrl.mdp.known_representation import KNOWN_REPRESENTATION
from tests.helpers import assert_close
from tests.mdp.worlds import SINGLE, lsvi, run


def test_it_is_multitask_lsvi_with_a_class_of_one():
    ours, _ = run(KNOWN_REPRESENTATION, problem=SINGLE, beta=0.1, ridge=0.1)
    one, _ = lsvi(problem=SINGLE)
    assert_close("regret", ours.regret, one.regret, 1e-12)
    assert_close("optimism", ours.optimism, one.optimism, 1e-12)
