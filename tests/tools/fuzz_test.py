# SPDX-License-Identifier: BSL-1.0
"""Tests of tools/fuzz.py, with a program that stands for a fuzzer: it notes its arguments."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

FUZZ = pathlib.Path(__file__).resolve().parents[2] / "tools" / "fuzz.py"


class Fuzz(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.seeds = self.root / "seeds"
        self.seeds.mkdir()
        self.seed("first", "a")
        self.program("exit 0")

    def program(self, end):
        path = self.root / "program"
        path.write_text(f'#!/bin/sh\necho "$@" > {self.root}/arguments\n{end}\n')
        path.chmod(0o755)

    def seed(self, name, text):
        (self.seeds / name).write_text(text)

    def run_for(self, *arguments, seconds=20):
        """The exit status, and for how many seconds the program was told to run."""
        (self.root / "arguments").unlink(missing_ok=True)
        ran = subprocess.run(
            [sys.executable, FUZZ, "--seconds", str(seconds), "--found", self.root / "found", self.root / "program",
             self.seeds, *arguments],
            env={**os.environ, "COTERIE_REMEMBERED": str(self.root / "remembered")}, capture_output=True)
        noted = self.root / "arguments"
        told = noted.read_text().split() if noted.exists() else ["-max_total_time=0"]
        return ran.returncode, int(told[0].removeprefix("-max_total_time="))

    def test_what_passed_runs_a_quarter_as_long(self):
        self.assertEqual([self.run_for() for _ in range(3)], [(0, 20), (0, 5), (0, 5)])
        self.assertEqual([self.run_for(seconds=2) for _ in range(2)], [(0, 2), (0, 1)])

    def test_what_failed_runs_as_long_again(self):
        self.program("exit 77")
        self.assertEqual([self.run_for() for _ in range(2)], [(1, 20), (1, 20)])

    def test_a_fuzzer_that_a_signal_ends_has_failed(self):
        self.program("kill -9 $$")
        self.assertEqual([self.run_for() for _ in range(2)], [(1, 20), (1, 20)])

    def test_another_program_or_other_seeds_run_as_long_as_new_ones(self):
        self.assertEqual(self.run_for(), (0, 20))
        self.seed("second", "b")
        self.assertEqual(self.run_for(), (0, 20))
        self.program("exit 0 # changed")
        self.assertEqual([self.run_for() for _ in range(2)], [(0, 20), (0, 5)])

    def test_no_time_is_refused(self):
        self.assertEqual(self.run_for(seconds=0), (1, 0))


if __name__ == "__main__":
    unittest.main()
