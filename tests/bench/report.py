#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Turn a run's raw results into docs/benchmarks.md:

    report.py RAW-DIRECTORY RESULTS.json

Results of systems and workloads that were not run now stay as they were.
Prints what has become worse or better by more than two percent; the exit
status says nothing of that, but is 1 if the run has no figures.
"""

import pathlib
import sys

import page
import results

CHANGE = 0.02  # virtual time repeats to about one percent


def primary(workload, figures):
    """The figure by which runs are compared: (number, is more better)."""
    unit = page.unit_of(workload)
    return figures.get(unit.key), unit.more_is_better


def compare(last, run):
    """Lines about what changed since the last run."""
    for system, workloads in sorted(run["figures"].items()):
        for workload, figures in sorted(workloads.items()):
            was = last["figures"].get(system, {}).get(workload)
            if was is None:
                continue
            now, more = primary(workload, figures)
            then, _ = primary(workload, was)
            if not now or not then or abs(now / then - 1) < CHANGE:
                continue
            worse = (now < then) == more
            yield (f"{'regression' if worse else 'better'}: "
                   f"{system} {workload} {100 * (now / then - 1):+.0f} %")


def main(raw, results_path):
    run = results.read_raw(raw)
    if not any(run["figures"].values()):
        print("report.py: nothing was measured")
        return 1
    last = results.load(results_path)
    for line in compare(last, run):
        print(line)
    merged = results.merge(last, run)
    directory = pathlib.Path(results_path).parent
    directory.mkdir(parents=True, exist_ok=True)
    results.save(results_path, merged)
    page.write(directory.parent / "benchmarks.md", directory, merged)
    print(f"written: {directory.parent / 'benchmarks.md'}")
    return 0


sys.exit(main(*sys.argv[1:]))
