"""Several processes that share each cell's seeds, as a scheduler starts them, refused and finished together."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reliability.conftest import python
from tests.reliability.forks import decided

pytestmark = pytest.mark.reliability
SMOKE = ("--figure=bandit", "--preset=smoke", "--rounds=5")


def tasks(folder, *arguments):
    """Two tasks of a SLURM step on this machine, with one device each; (status, stdout, stderr) of either."""
    job = str(random.SystemRandom().randrange(10**6))

    def one(number):
        said = {"SLURM_JOB_ID": job, "SLURM_STEP_NODELIST": "localhost", "SLURM_NTASKS": "2"}
        said |= {"SLURM_PROCID": str(number), "SLURM_LOCALID": str(number)}
        place = (f"--out={folder}", "--distributed", *SMOKE, *arguments)
        done = python("-m", "tests.harness.tiny", *place, JAX_NUM_CPU_DEVICES="1", **said)
        return done.returncode, done.stdout, done.stderr

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(2)))


def test_tasks_of_a_scheduler(tmp_path, say):
    """Two tasks that find one another by SLURM's variables: the bytes of one process with two devices; another configuration is refused by both alike."""
    first, second = tasks(tmp_path / "two", "--seeds=6")
    assert first[0] == second[0] == 0, first[2] + second[2]
    done = python("-m", "tests.harness.tiny", f"--out={tmp_path}/one", *SMOKE, "--seeds=6")
    assert done.returncode == 0, done.stderr
    ours = decided(tmp_path / "two")
    assert ours == decided(tmp_path / "one") and len(ours) >= 5
    refused = tasks(tmp_path / "two", "--seeds=8")
    errors = [[line for line in err.splitlines() if line.startswith("error: ")] for _, _, err in refused]
    assert [code for code, _, _ in refused] == [2, 2] and errors[0] == errors[1] and len(errors[0]) == 1, refused
    assert "another configuration" in errors[0][0] and decided(tmp_path / "two") == ours
    say(
        f"2 tasks, {len(ours)} files byte-equal to those of one process with 2 devices; one sentence from both where refused"
    )


def test_no_scheduler(say):
    """Without one, --distributed alone is refused in one sentence."""
    done = python("-m", "tests.harness.tiny", "--distributed", *SMOKE)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "found no scheduler that says where this process stands" in done.stderr
    say("one sentence")
