#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs the commands of a transcript and compares what they print with what it says.

A transcript is what a terminal would show: a line `$ command`, then its output, up to the next such line.
Lines of standard error follow those of standard output and start with `! `; an exit status other than 0
closes as `[exit 2]`. Commands run by sh in the transcript's folder, with the programs first on the path.
Lines before the first command are a comment.
"""

import argparse
import difflib
import os
import pathlib
import subprocess
import sys


def run(command, folder, programs):
    """The lines that a command leaves in a transcript."""
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, timeout=120,
                          env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL)
    lines = done.stdout.decode(errors="backslashreplace").splitlines()
    lines += [f"! {line}" for line in done.stderr.decode(errors="backslashreplace").splitlines()]
    if done.returncode != 0:
        lines.append(f"[exit {done.returncode}]")
    return lines


def replay(script, programs):
    """A transcript as it would be now."""
    lines, started = [], False
    for line in script.read_text().splitlines():
        if line.startswith("$ "):
            started = True
            lines += [line, *run(line.removeprefix("$ "), script.parent, programs)]
        elif not started:
            lines.append(line)
    return lines


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="the folder of the programs")
    parser.add_argument("--update", action="store_true", help="write what the commands print instead")
    parser.add_argument("scripts", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()

    differ = False
    for script in arguments.scripts:
        now = replay(script, arguments.programs.resolve())
        then = script.read_text().splitlines()
        if arguments.update:
            script.write_text("".join(line + "\n" for line in now))
        elif now != then:
            differ = True
            print("\n".join(difflib.unified_diff(then, now, str(script), "now", lineterm="")))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
