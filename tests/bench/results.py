# SPDX-License-Identifier: GPL-2.0-only
"""
Raw results: what the guests left, one directory for each system and group,
as one structure that is kept as JSON:

    {"versions": {name: text},
     "figures": {system: {workload: {key: number}}}}

"iops" counts reads and writes, "mbs" their megabytes (10^6) a second, "ns" is
the time of one request in CPU workloads, "p99_read_us" and so on latencies,
"hdd_written_mb" what the slow disk was given meanwhile.
"""

import json
import pathlib
import re

PERCENTILES = {"50.000000": "p50", "99.000000": "p99", "99.900000": "p999"}


def read_fio(path):
    """The figures of one fio output."""
    job = json.loads(path.read_text(encoding="utf-8"))["jobs"][0]
    legs = {"read": job["read"], "write": job["write"]}
    iops = sum(leg["iops"] for leg in legs.values())
    found = {
        "iops": iops,
        "mbs": sum(leg["bw_bytes"] for leg in legs.values()) / 1e6,
        "ns": 1e9 / iops if iops else 0,
    }
    for name, leg in legs.items():
        if not leg["total_ios"]:
            continue
        for key, short in PERCENTILES.items():
            value = leg["clat_ns"].get("percentile", {}).get(key)
            if value is not None:
                found[f"{short}_{name}_us"] = value / 1000
    return found


def read_written(json_path):
    """What the status of the disks says was written, if it was kept."""
    sums = []
    for when in (".before", ".after"):
        path = json_path.with_suffix(when)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        found = re.search(r"^hdd .* write_bytes=(\d+)", text, re.MULTILINE)
        if not found:
            return {}
        sums.append(int(found[1]))
    return {"hdd_written_mb": (sums[1] - sums[0]) / 1e6}


def read_figures(path, into):
    """Lines "WORKLOAD KEY VALUE" of other figures."""
    for line in path.read_text(encoding="utf-8").splitlines():
        workload, key, value = line.split()
        into.setdefault(workload, {})[key] = float(value)


def read_raw(directory):
    """All of a run."""
    root = pathlib.Path(directory)
    run = {"versions": {}, "figures": {}}
    for line in (root / "versions").read_text(encoding="utf-8").splitlines():
        name, _, text = line.partition(" ")
        run["versions"][name] = text
    for part in sorted(p for p in root.iterdir() if p.is_dir()):
        system = part.name.split(".")[0]
        figures = run["figures"].setdefault(system, {})
        for path in sorted(part.glob("*.json")):
            figures.setdefault(path.stem, {}).update(
                read_fio(path) | read_written(path))
        if (part / "figures").exists():
            read_figures(part / "figures", figures)
    return run


def load(path):
    """The last results, or none."""
    path = pathlib.Path(path)
    if not path.exists():
        return {"versions": {}, "figures": {}}
    return json.loads(path.read_text(encoding="utf-8"))


def merge(last, run):
    """What was measured now, and of the last run the rest."""
    figures = {s: dict(w) for s, w in last["figures"].items()}
    for system, workloads in run["figures"].items():
        figures.setdefault(system, {}).update(workloads)
    return {"versions": {**last["versions"], **run["versions"]},
            "figures": figures}


def _rounded(value):
    return float(f"{value:.6g}")


def save(path, results):
    """Few digits, sorted: a later run's difference can be read."""
    figures = {
        system: {
            workload: {key: _rounded(v) for key, v in sorted(keys.items())}
            for workload, keys in sorted(workloads.items())
        }
        for system, workloads in sorted(results["figures"].items())
    }
    text = json.dumps({"versions": results["versions"], "figures": figures},
                      indent=1)
    pathlib.Path(path).write_text(text + "\n", encoding="utf-8")
