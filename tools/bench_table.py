#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Prints one table from the JSON of Google Benchmark: name, median, floor, ratio.

A benchmark names its floor, the physical limit that it is measured against in the same run, with
state.SetLabel("floor=<name of a benchmark>"). The ratio is how many times the floor it costs.
"""

import argparse
import json
import pathlib
import sys

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()

    rows = []
    for path in arguments.results:
        found = [row for row in json.loads(path.read_text())["benchmarks"]
                 if row.get("aggregate_name") == "median"]
        # Interleaved runs end in any order; the table has the order of the source.
        rows += sorted(found, key=lambda row: (row["family_index"], row["per_family_instance_index"]))
    medians = {row["run_name"]: row["cpu_time"] * NANOSECONDS[row["time_unit"]] for row in rows}
    if not medians:
        print("no benchmarks")
        return 0

    missing = []
    width = max(map(len, medians))
    print(f"{'benchmark':<{width}}  {'median ns':>12}  {'ratio':>8}  floor")
    for row in rows:
        name, label = row["run_name"], row.get("label", "")
        floor = label.removeprefix("floor=") if label.startswith("floor=") else ""
        ratio = ""
        if floor in medians:
            ratio = f"{medians[name] / medians[floor]:.2f}"
        elif floor:
            missing.append(f"{name} names the floor {floor}, which is not in this run")
        print(f"{name:<{width}}  {medians[name]:>12.2f}  {ratio:>8}  {floor}".rstrip())
    for problem in missing:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
