# SPDX-License-Identifier: GPL-2.0-only
"""The demo's last page: summary.py OUT-DIR TARGET

Exits with 1 if a figure is missing or a promise of the demo was not kept.
"""

import json
import os
import sys


def read_figures(out):
    figures = {}
    with open(os.path.join(out, "figures"), encoding="utf-8") as f:
        for line in f:
            name, value = line.split()
            figures[name] = float(value)
    return figures


def read_fio(out, name):
    """IOPS and latencies, in ms, of a database run."""
    with open(os.path.join(out, name + ".json"), encoding="utf-8") as f:
        job = json.load(f)["jobs"][0]

    def latency(what, key, part):
        return job[what].get(key, {}).get(part, 0) / 1e6

    def tail(what, key):
        return job[what].get(key, {}).get("percentile", {}) \
            .get("99.000000", 0) / 1e6

    return {
        "iops": job["read"]["iops"] + job["write"]["iops"],
        "read": latency("read", "clat_ns", "mean"),
        "read99": tail("read", "clat_ns"),
        "write": latency("write", "clat_ns", "mean"),
        "fsync": latency("sync", "lat_ns", "mean"),
        "fsync99": tail("sync", "lat_ns"),
    }


def times(before, after):
    """How many times better the larger is; less than 1 is worse."""
    return f"{before / after:.1f} x" if after else "-"


def number(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 1 else f"{x:.2f}"


def row(title, values, gain):
    print(f"  {title:<34}" + "".join(f"{v:>12}" for v in values)
          + f"{gain:>11}")


def table(f, runs):
    row("", ["HDD alone", "cache cold", "cache warm"], "gain")
    row("database: reads+writes/s", [number(r["iops"]) for r in runs],
        times(runs[2]["iops"], runs[0]["iops"]))
    for key, title in (("read", "  read latency, mean ms"),
                       ("read99", "  read latency, 99th % ms"),
                       ("write", "  write latency, mean ms"),
                       ("fsync", "  fsync latency, mean ms"),
                       ("fsync99", "  fsync latency, 99th % ms")):
        row(title, [number(r[key]) for r in runs],
            times(runs[0][key], runs[2][key]))
    row("  hits, %", ["-", f"{f['cold.hits']:.1f}", f"{f['warm.hits']:.1f}"],
        "")
    for title, keys in (
            ("source tree: unpack and sync, s", ("unpack", "unpack", None)),
            ("source tree: read it all, s", ("read", "read", "again")),
            ("database file: write it, s", ("layout", "layout", None))):
        before = f["hdd." + keys[0]] / 1e3
        after = [f["cached." + key] / 1e3 for key in keys[1:] if key]
        cells = [number(x) for x in [before] + after]
        row(title, cells + [""] * (3 - len(cells)), times(before, after[-1]))


def story(f, restart):
    print(f"""
  Flusher     {f['drain.dirty']:,.0f} dirty blocks written back in {f['drain.ms'] / 1e3:.1f} s.
  Restart     removed and created again in {f['restart.ms'] / 1e3:.2f} s; {f['restart.used']:,.0f} blocks were cached
              at once ({f['warm.used']:,.0f} before): {restart['iops']:,.0f} reads+writes/s, {f['restart.hits']:.1f} % hits.""")
    for n in (1, 2):
        cut = f"cut{n}"
        print(f"  Power cut   {f[cut + '.lost'] / 2:,.0f} KiB that were not flushed are lost; recovered in "
              f"{f[cut + '.ms'] / 1e3:.2f} s,\n"
              f"              {f[cut + '.dirty']:,.0f} blocks dirty; all {f[cut + '.files']:,.0f} files fsynced so far are intact.")
    print("  XFS         xfs_repair -n finds nothing.\n")


def judge(f, runs, restart):
    """What the demo is there to show, as a list of what is not so."""
    wanted = [
        (runs[2]["iops"] > 2 * runs[0]["iops"],
         "the warm cache is not twice as fast as the disk"),
        (f["drain.dirty"] > 0, "there was nothing to write back"),
        (f["restart.used"] >= 0.95 * f["warm.used"],
         "the cache came back without its content"),
        (restart["iops"] > runs[0]["iops"],
         "after the restart it was no faster than the disk"),
        (f["cut1.files"] > 0 and f["cut2.files"] > f["cut1.files"],
         "no file was fsynced before the power went"),
        (f["cut1.lost"] + f["cut2.lost"] > 0,
         "the power cuts lost nothing that was not flushed"),
    ]
    return [text for holds, text in wanted if not holds]


def main():
    out, target = sys.argv[1:]
    try:
        f = read_figures(out)
        runs = [read_fio(out, n) for n in ("hdd.db", "cold.db", "warm.db")]
        restart = read_fio(out, "restart.db")
        title = f"What {target} did, on virtual time " \
            "(HDD 1 GiB 7200 rpm, SSD 256 MiB)"
        print(title + "\n" + "-" * len(title))
        table(f, runs)
        story(f, restart)
        broken = judge(f, runs, restart)
    except (KeyError, IndexError, OSError, ValueError) as reason:
        broken = [f"a figure is missing: {reason}"]
    for text in broken:
        print(f"  NOT SHOWN: {text}")
    return 1 if broken else 0


sys.exit(main())
