# SPDX-License-Identifier: BSL-1.0
"""A small library of headers for the tests of the tools, in the place of include/coterie."""

import contextlib
import os
import pathlib
import sys
import tempfile
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import headers  # noqa: E402

COMPILER = os.environ.get("COTERIE_COMPILER", "c++")
CLANG_TIDY = os.environ.get("COTERIE_CLANG_TIDY", "")


class Library:
    """A folder of headers, and a memory of its own."""

    def __init__(self, root):
        self.include = root / "include"
        self.foreign = root / "foreign"
        self.foreign.mkdir()
        self.flags = ["-std=c++23", f"-I{self.include}", "-isystem", str(self.foreign)]

    def write(self, header, text):
        """A header of the library: "core/one.hpp"."""
        path = self.include / "coterie" / header
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#pragma once\n{text}\n")


@contextlib.contextmanager
def library():
    """Gives a Library to which the tools' modules look while it lasts."""
    with tempfile.TemporaryDirectory() as folder:
        made = Library(pathlib.Path(folder))
        with unittest.mock.patch.multiple(headers, INCLUDE=made.include, LIBRARY=made.include / "coterie"), \
                unittest.mock.patch.dict(os.environ, COTERIE_REMEMBERED=str(pathlib.Path(folder) / "remembered")):
            yield made
