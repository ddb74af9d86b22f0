"""The gallery made anew: every figure at `quick`, published as it is done."""

import pathlib

from mtrl.harness.gallery.index import write_index
from mtrl.harness.gallery.publish import is_fresh, publish
from mtrl.harness.judge import report
from mtrl.harness.run import devices, produce
from mtrl.harness.run.produce import Job
from mtrl.harness.study import Study
from mtrl.numerics.errors import BadInput


def remake(
    studies: list[Study],
    all_studies: list[Study],
    gallery: pathlib.Path,
    work: pathlib.Path,
    *,
    headlines: bool = False,
    force: bool = False,
) -> None:
    """Run the studies at `quick` into `work`, publish each figure as it is done, print the claims.

    Args:
      studies: whose figures are made.
      all_studies: named in the index.
      gallery: where results are published.
      work: where they are made; finished cells there are not computed again.
      headlines: only the headline figure of each study, whether stale or not.
      force: also figures that are made and drawn by today's sources, configuration and pins.

    Raises:
      BadInput: the gallery cannot be written, or, after all others were made, naming the figures that failed.
    """
    from mtrl.harness.driver import forget_programs

    devices.start(True)
    produce.check_writable(gallery)
    jobs, skipped = [], 0
    for study in studies:
        for figure in study.figures:
            job = Job(study, figure, figure.configure("quick", {}), work / study.name / figure.name)
            if headlines and not figure.headline:
                continue
            if not (headlines or force) and is_fresh(gallery / study.name / figure.name, job.stamps()):
                skipped += 1
                continue
            jobs.append(job)
    if skipped:
        print(f"{skipped} figures are up to date and skipped; FORCE=1 makes them again")
    if not jobs:
        write_index(gallery, all_studies)
        return

    def keep(job: Job) -> None:
        publish(job.folder, gallery / job.study.name / job.figure.name)
        write_index(gallery, all_studies)
        forget_programs()

    failures: list[tuple[Job, Exception]] = []
    results = produce.produce(jobs, overwrite=True, what="gallery", after_each=keep, failures=failures)
    print(report.claims_table(results, with_study=True))
    print(f"pictures and index: {gallery}/README.md")
    if failures:
        raise BadInput(
            "; ".join(f"{job.study.name}/{job.figure.name} was not made: {error}" for job, error in failures)
            + "; the other figures stand, and the same command tries these again"
        )
