#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Counts the preprocessed lines of each header and holds them to the tier of tools/header_tiers.txt.

The lines of `g++ -E -P` do not depend on the machine, so that they can be a limit. A header without a
tier, or a tier without its header, is a failure.
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys

import headers


def count_lines(compiler, flags, header):
    command = [compiler, *flags, "-E", "-P", "-x", "c++", "-"]
    source = f"#include <coterie/{header}>\n"
    run = subprocess.run(command, input=source, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{header} cannot be preprocessed:\n{run.stderr}")
    return run.stdout.count("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("flags", nargs="*", help="flags for the compiler, after --")
    arguments = parser.parse_args()
    flags = arguments.flags or ["-std=c++23", f"-I{headers.INCLUDE}"]

    budgets, tiers, _ = headers.read_tiers()
    names = headers.all_headers()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(lambda h: count_lines(arguments.compiler, flags, h), names))

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

    print("".join(f"\nerror: {failure}" for failure in failures).lstrip("\n"), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
