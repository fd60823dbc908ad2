#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Formats the C++ files of the project with clang-format 19, or with --check only judges them."""

import argparse
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("include", "tests", "examples", "benchmarks")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if something would change")
    arguments = parser.parse_args()

    program = shutil.which("clang-format-19")
    if program is None:
        sys.exit("clang-format-19 was not found (other versions format differently)")
    files = [str(path) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.[ch]pp"))]
    if not arguments.check:
        return subprocess.run([program, "-i", *files]).returncode

    run = subprocess.run([program, "--dry-run", "--Werror", *files], stderr=subprocess.PIPE, text=True)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if line.endswith("[-Wclang-format-violations]")})
    for path in wrong:
        print(f"./dev format would change {pathlib.Path(path).relative_to(ROOT)}")
    print(f"{len(files)} files, {len(wrong)} to change")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
