#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Counts the preprocessed lines of each header and holds them to the tier of tools/header_tiers.txt.

The lines of `g++ -E -P` do not depend on the machine, so that they can be a limit. A header without a
tier, or a tier without its header, is a failure. Counts are remembered (remembered.py).
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys

import headers
from remembered import RememberedUnits


def unit(header):
    return f"#include <coterie/{header}>\n"


def count_lines(command, header, memory):
    counted = memory.recall(unit(header))
    if counted is not None:
        return int(counted)
    run = subprocess.run(command, input=unit(header), capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{header} cannot be preprocessed:\n{run.stderr}")
    lines = run.stdout.count("\n")
    memory.keep(str(lines), unit(header))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("flags", nargs="*", help="flags for the compiler, after --")
    arguments = parser.parse_args()
    flags = arguments.flags or ["-std=c++23", f"-I{headers.INCLUDE}"]

    command = [arguments.compiler, *flags, "-E", "-P", "-x", "c++", "-"]

    budgets, tiers, _ = headers.read_tiers()
    names = headers.all_headers()
    memory = RememberedUnits("lines", __file__, arguments.compiler, command, map(unit, names))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(lambda header: count_lines(command, header, memory), names))

    failures = [f"{header} is in header_tiers.txt but not in include/coterie"
                for header in sorted(set(tiers) - set(names))]
    width = max(map(len, names))
    print(f"{'header':<{width}}  {'lines':>6}  {'limit':>6}  tier")
    for header, lines in zip(names, counts):
        tier = tiers.get(header)
        limit = budgets.get(tier)
        verdict = ""
        if tier is None:
            verdict = "  <- no tier"
            failures.append(f"{header} ({lines} lines) has no tier in header_tiers.txt")
        elif lines > limit:
            verdict = "  <- over"
            failures.append(f"{header} has {lines} lines; tier {tier} allows {limit}")
        print(f"{header:<{width}}  {lines:>6}  {limit or '':>6}  {tier or ''}{verdict}")

    print(f"{len(names)} headers, {len(failures)} failures; {memory.summary()}")
    print("".join(f"\nerror: {failure}" for failure in failures).lstrip("\n"), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
