"""Judging: claims and their intervals, side-by-side timings, the table of verdicts."""
