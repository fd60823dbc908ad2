#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs a fuzzer for --seconds; or for a quarter of that if the same program passed before with the same seeds.

That a program passed is remembered (remembered.py). Each run draws anew, so that a program that has not changed
is searched further, but not as long as one that has.
"""

import argparse
import pathlib
import subprocess
import sys

from remembered import Remembered


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, required=True, help="how long a new program is run")
    parser.add_argument("--found", type=pathlib.Path, required=True,
                        help="the folder for what the fuzzer finds; what makes it fail is put beside it")
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("seeds", type=pathlib.Path, nargs="*", help="folders of inputs to begin with")
    arguments = parser.parse_args()
    if arguments.seconds < 1:
        sys.exit(f"--seconds: {arguments.seconds}; expected at least 1")

    memory = Remembered("fuzz", __file__, str(arguments.seconds))
    seeds = [path.read_bytes() for folder in arguments.seeds for path in sorted(folder.iterdir())]
    what = [arguments.program.read_bytes(), *seeds]
    seconds = arguments.seconds
    if memory.recall(*what) is not None:
        seconds = max(1, seconds // 4)
        print(f"passed before: {seconds} s instead of {arguments.seconds} s", flush=True)
    arguments.found.mkdir(parents=True, exist_ok=True)
    status = subprocess.run([arguments.program, f"-max_total_time={seconds}", f"-artifact_prefix={arguments.found}.",
                             "-print_final_stats=1", arguments.found, *arguments.seeds]).returncode
    if status == 0:
        memory.keep("", *what)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
