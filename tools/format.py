#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Formats the C++ files of the project with clang-format 19, or with --check only judges them.

What was found well formatted is remembered (remembered.py).
"""

import argparse
import pathlib
import shutil
import subprocess
import sys

from headers import ROOT
from remembered import Remembered, version_of

FOLDERS = ("include", "tests", "examples", "benchmarks")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if something would change")
    arguments = parser.parse_args()

    program = shutil.which("clang-format-19")
    if program is None:
        sys.exit("clang-format-19 was not found (other versions format differently)")
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.[ch]pp"))]
    if not arguments.check:
        return subprocess.run([program, "-i", *files]).returncode

    memory = Remembered("format", __file__, version_of(program), (ROOT / ".clang-format").read_bytes())
    unknown = [path for path in files if memory.recall(path.read_bytes()) is None]
    wrong = set()
    if unknown:
        run = subprocess.run([program, "--dry-run", "--Werror", *unknown], stderr=subprocess.PIPE, text=True)
        wrong = {pathlib.Path(line.split(":")[0])
                 for line in run.stderr.splitlines() if line.endswith("[-Wclang-format-violations]")}
        if run.returncode != 0 and not wrong:
            sys.exit(run.stderr)
    for path in unknown:
        if path in wrong:
            print(f"./dev format would change {path.relative_to(ROOT)}")
        else:
            memory.keep("", path.read_bytes())
    print(f"{len(files)} files, {len(wrong)} to change; {memory.summary()}")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
