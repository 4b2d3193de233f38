# SPDX-License-Identifier: GPL-2.0-only
"""
docs/benchmarks.md and its charts, from results as results.py keeps them.
"""

import collections

import chart

Unit = collections.namedtuple("Unit", "key name more_is_better digits")
IOPS = Unit("iops", "IOPS", True, 0)
MBS = Unit("mbs", "MB/s", True, 1)
NS = Unit("ns", "instructions", False, 0)
P99_READ = Unit("p99_read_us", "us", False, 0)
SECONDS = Unit("seconds", "s", False, 1)
BYTES = Unit("bytes", "bytes", False, 1)
PERCENT = Unit("percent", "%", True, 1)

SYSTEMS = ("hdd", "ssd", "ssdcache", "dm_cache", "bcache", "dm_writecache")
PEERS = ("dm_cache", "bcache", "dm_writecache")

# Workload, unit, what it is. The first of each are those that goals are for.
WORKLOADS = {
    "rd-hit": (IOPS, "random read hit, depth 16, 128 MiB set"),
    "wr-hit": (IOPS, "random write hit, depth 16"),
    "sync": (IOPS, "random write and fdatasync, 4 jobs"),
    "zipf-cold": (IOPS, "70/30 zipf 1.1 over 1 GiB, depth 16, cold, 60 s"),
    "zipf-again": (IOPS, "the same accesses again, at most 20 s"),
    "zipf-fresh": (IOPS, "the same with another seed, 20 s"),
    "seq-read": (MBS, "sequential read, 1 MiB"),
    "seq-write": (MBS, "sequential write, 1 MiB"),
    "mix-1m": (MBS, "1 MiB reads and writes, half of them sequential"),
    "full-write": (IOPS, "random write over the device, 60 s, cache full"),
    "rd64-hit": (IOPS, "64 KiB random read hit"),
    "scan-before": (PERCENT, "reads that hit, before a scan of 512 MiB"),
    "scan-after": (PERCENT, "the same after it"),
    "xfs-fsync": (IOPS, "files on XFS, 4 KiB writes, an fsync each, 4 jobs"),
    "lat-quiet": (P99_READ, "p99 of uncached reads, depth 4"),
    "lat-drain": (P99_READ, "the same while dirty blocks drain"),
    "lat-pauses": (IOPS, "one reader that pauses for 20 ms, while they drain"),
    "burst": (IOPS, "burst of random writes of 1.5 times the cache"),
    "drain": (SECONDS, "40,000 random dirty blocks written back"),
    "cpu-rd-hit": (NS, "4 KiB read hit on RAM disks"),
    "cpu-rd64-hit": (NS, "64 KiB read hit on RAM disks"),
    "cpu-wr-hit": (NS, "4 KiB write hit on RAM disks"),
    "cpu-sync": (IOPS, "write and fdatasync, 4 jobs, RAM disks"),
    "start-clean": (SECONDS, "activation of 16.7 million slots, clean"),
    "start-crash": (SECONDS, "the same after a power cut"),
    "start-ram": (BYTES, "memory that takes, for each slot"),
}

# Of these all percentiles are shown.
LATENCIES = {
    "rd-hit": "hits, depth 16",
    "lat-quiet": "not cached, depth 4",
    "lat-drain": "the same while dirty blocks drain",
}

CHARTS = ("rd-hit", "wr-hit", "sync", "zipf-cold", "zipf-again", "full-write",
          "seq-read")


def _value(results, system, workload):
    unit = unit_of(workload)
    return results["figures"].get(system, {}).get(workload, {}).get(unit.key)


def unit_of(workload):
    """How a workload is told; what nobody knows of is in IOPS."""
    return WORKLOADS.get(workload, (IOPS, ""))[0]


def _beyond(results, system, workload):
    """Instructions beyond the device below."""
    value = _value(results, system, workload)
    below = _value(results, "ssd", workload)
    return value - below if value and below else None


# What is promised: (text, figure, goal, is more better)
GOALS = (
    ("4K read hit, instructions beyond the device below",
     lambda r: _beyond(r, "ssdcache", "cpu-rd-hit"), 2000, False),
    ("64K read hit, the same",
     lambda r: _beyond(r, "ssdcache", "cpu-rd64-hit"), 3300, False),
    ("4K write hit, the same",
     lambda r: _beyond(r, "ssdcache", "cpu-wr-hit"), 2100, False),
    ("write and fdatasync, 4 jobs, RAM disks, IOPS",
     lambda r: _value(r, "ssdcache", "cpu-sync"), 45000, True),
    ("random read hit, IOPS",
     lambda r: _value(r, "ssdcache", "rd-hit"), 49500, True),
    ("random write hit, IOPS",
     lambda r: _value(r, "ssdcache", "wr-hit"), 46500, True),
    ("write and fdatasync, 4 jobs, IOPS",
     lambda r: _value(r, "ssdcache", "sync"), 11000, True),
    ("zipf 70/30 cold, IOPS",
     lambda r: _value(r, "ssdcache", "zipf-cold"), 1550, True),
    ("the same accesses again, IOPS",
     lambda r: _value(r, "ssdcache", "zipf-again"), 25000, True),
    ("sequential read, MB/s",
     lambda r: _value(r, "ssdcache", "seq-read"), 177, True),
    ("random write, cache full, IOPS",
     lambda r: _value(r, "ssdcache", "full-write"), 3000, True),
    ("read p99 while draining, against none, times",
     lambda r: _ratio(_value(r, "ssdcache", "lat-drain"),
                      _value(r, "ssdcache", "lat-quiet")), 1.5, False),
    ("memory for each 4 KiB slot, all included, bytes",
     lambda r: _value(r, "ssdcache", "start-ram"), 24, False),
    ("activation of 16.7 million slots, clean, s",
     lambda r: _value(r, "ssdcache", "start-clean"), 2, False),
    ("the same after a power cut, s",
     lambda r: _value(r, "ssdcache", "start-crash"), 4, False),
    ("the worst of all workloads against the bare disk, times",
     lambda r: min(_against_disk(r).values(), default=None), 0.95, True),
)


def _ratio(a, b):
    return a / b if a and b else None


def _against_disk(results):
    """For each workload how many times better than the bare disk we are."""
    ratios = {}
    for workload, (unit, _) in WORKLOADS.items():
        ratio = _ratio(_value(results, "ssdcache", workload),
                       _value(results, "hdd", workload))
        if ratio:
            ratios[workload] = ratio if unit.more_is_better else 1 / ratio
    return ratios


def _text(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def _best_peer(results, workload):
    values = [v for v in (_value(results, p, workload) for p in PEERS) if v]
    if not values:
        return None
    return max(values) if unit_of(workload).more_is_better else min(values)


def _row(results, workload):
    unit, what = WORKLOADS[workload]
    cells = [_text(_value(results, s, workload), unit.digits) for s in SYSTEMS]
    ours = _value(results, "ssdcache", workload)
    for other in (_best_peer(results, workload),
                  _value(results, "hdd", workload)):
        cells.append(_text(_ratio(ours, other), 2))
    return f"| {what} | {unit.name} | " + " | ".join(cells) + " |"


def _table(results):
    names = " | ".join(s.replace("_", "-") for s in SYSTEMS)
    yield f"| workload | unit | {names} | to best peer | to hdd |"
    yield "|---|---|" + "---:|" * (len(SYSTEMS) + 2)
    for workload in WORKLOADS:
        if any(_value(results, s, workload) for s in SYSTEMS):
            yield _row(results, workload)


def _goals(results):
    yield "| | goal | measured | |"
    yield "|---|---:|---:|---|"
    for text, figure, goal, more in GOALS:
        value = figure(results)
        if value is None:
            continue
        digits = 2 if goal < 10 else 0
        sign = "&ge;" if more else "&le;"
        met = "met" if (value >= goal) == more or value == goal else "missed"
        yield (f"| {text} | {sign} {goal:,} | {_text(value, digits)} | "
               f"{met} |")


def _slower(results):
    """A sentence about what misses the last of the goals."""
    below = [f"{WORKLOADS[workload][1]} ({ratio:.2f})"
             for workload, ratio in _against_disk(results).items()
             if ratio < GOALS[-1][2]]
    return "Slower than the bare disk: " + ("; ".join(below) or "none") + "."


def _latencies(results):
    yield "| reads | system | p50 | p99 | p99.9 | IOPS | MB |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for workload, what in LATENCIES.items():
        for system in SYSTEMS:
            figures = results["figures"].get(system, {}).get(workload, {})
            if "p50_read_us" not in figures:
                continue
            cells = [_text(figures.get(f"{p}_read_us"), 0)
                     for p in ("p50", "p99", "p999")]
            cells += [_text(figures.get(key), 0)
                      for key in ("iops", "hdd_written_mb")]
            yield (f"| {what} | {system.replace('_', '-')} | "
                   + " | ".join(cells) + " |")


def _charts(directory, results):
    for workload in CHARTS:
        unit, what = WORKLOADS[workload]
        rows = [(s.replace("_", "-"), _value(results, s, workload))
                for s in SYSTEMS]
        rows = [(s, v, f"{_text(v, unit.digits)} {unit.name}")
                for s, v in rows if v]
        if len(rows) < 2:
            continue
        path = directory / f"{workload}.svg"
        path.write_text(chart.bars(what, rows), encoding="utf-8")
        yield f"![{what}]({directory.name}/{path.name})"


HEAD = """# Benchmarks

Written by `make bench`, which reproduces it; what it does is told in
[testing.md](testing.md) and in `tests/bench/README.md`. All figures
are of virtual time: one instruction of the processor is one nanosecond, disks
are models (a 7200 rpm disk of 1.5 GiB, an SSD of 256 MiB and 16 MiB for
metadata), and a run repeats to about one percent on any machine. The others are
Linux's own modules with their defaults, all are in writeback mode. bcache and
dm-writecache keep their metadata beside the data, on an SSD of 272 MiB.
"""


def _versions(results):
    for name, text in sorted(results["versions"].items()):
        yield f"* {name}: {text}"


def write(path, directory, results):
    """The page at `path`, its charts in `directory`."""
    parts = [
        HEAD,
        "## Goals\n",
        "\n".join(_goals(results)) + "\n",
        _slower(results) + "\n",
        "## All figures\n",
        "CPU rows are instructions for each request, the device below "
        "included, which is the column ssd. The last columns are our figure "
        "divided by theirs.\n",
        "\n".join(_table(results)) + "\n",
        "## Latencies\n",
        "In microseconds. MB is what was written to the slow disk meanwhile: "
        "who writes nothing back disturbs nobody.\n",
        "\n".join(_latencies(results)) + "\n",
        "## Charts\n",
        "\n\n".join(_charts(directory, results)) + "\n",
        "## How it was measured\n",
        "\n".join(_versions(results)) + "\n",
        "    make bench BENCH=full\n\n"
        "One system or workload: `make bench SYSTEM=bcache WORKLOAD=zipf`; "
        "the exact words of each run are in `tests/bench/guest.sh`, "
        "`more.sh` and `systems.sh`, the raw results in "
        f"[{directory.name}/results.json]({directory.name}/results.json).\n",
    ]
    path.write_text("\n".join(parts), encoding="utf-8")
