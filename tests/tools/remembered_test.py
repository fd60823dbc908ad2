# SPDX-License-Identifier: BSL-1.0
"""Tests of tools/remembered.py: what was judged is judged again as soon as anything that it depends on changes."""

import os
import pathlib
import unittest
import unittest.mock

from library import COMPILER, library

from remembered import RememberedUnits

UNIT = "#include <coterie/core/one.hpp>\nint main() { return one(); }\n"


class Memory(unittest.TestCase):
    def setUp(self):
        context = library()
        self.library = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.library.write("core/one.hpp", "#include <coterie/core/two.hpp>\n#include <other.hpp>\n"
                                           "inline int one() { return two(); }")
        self.library.write("core/two.hpp", "inline int two() { return 2; }")
        self.other("int other();")

    def other(self, text):
        (self.library.foreign / "other.hpp").write_text(f"#pragma once\n{text}\n")

    def judged(self, unit=UNIT, *parts, problem=None, check="a check", flags=(), more=()):
        """Whether the work was done, and what was said."""
        done = []
        preprocessor = [COMPILER, *self.library.flags, *flags, "-E", "-P", "-x", "c++", "-"]
        memory = RememberedUnits(check, __file__, COMPILER, preprocessor, [unit], *more)
        said = memory.judge(lambda: (done.append(unit), problem)[1], unit, *parts)
        return bool(done), said

    def assert_judged(self, *arguments, **named):
        self.assertTrue(self.judged(*arguments, **named)[0])

    def assert_remembered(self, *arguments, **named):
        self.assertEqual(self.judged(*arguments, **named), (False, None))

    def test_what_passed_is_remembered(self):
        self.assert_judged()
        self.assert_remembered()

    def test_what_failed_is_not(self):
        self.assertEqual(self.judged(problem="it is wrong"), (True, "it is wrong"))
        self.assertEqual(self.judged(), (True, None))

    def test_another_unit_check_flag_part_or_configuration_is_judged(self):
        self.assert_judged()
        self.assert_judged(UNIT + "\n")
        self.assert_judged(UNIT, "a part")
        self.assert_judged(check="another check")
        self.assert_judged(flags=["-DNDEBUG"])
        self.assert_judged(more=["a configuration"])
        self.assert_remembered()

    def test_a_header_that_is_reached_matters_with_its_comments(self):
        self.assert_judged()
        self.library.write("core/two.hpp", "inline int two() { return 2; } // NOLINT")
        self.assert_judged()
        self.assert_remembered()
        self.library.write("core/two.hpp", "inline int two() { return 2; }")
        self.assert_remembered()

    def test_a_header_that_is_not_reached_does_not_matter(self):
        self.assert_judged()
        self.library.write("core/three.hpp", "inline int three() { return 3; }")
        self.assert_remembered()

    def test_a_header_of_another_library_matters(self):
        self.assert_judged()
        self.other("long other();")
        self.assert_judged()
        self.other("int other();")
        self.assert_remembered()

    def test_headers_that_include_each_other_end(self):
        self.library.write("core/two.hpp", "#include <coterie/core/one.hpp>\ninline int two() { return 2; }")
        self.assert_judged()
        self.assert_remembered()

    def test_a_header_that_the_preprocessor_refuses_matters_as_well(self):
        self.other("#error not here\nint other();")
        self.assert_judged()
        self.assert_remembered()
        self.other("#error not here\nlong other();")
        self.assert_judged()

    def test_an_empty_name_switches_it_off(self):
        with unittest.mock.patch.dict(os.environ, COTERIE_REMEMBERED=""):
            self.assert_judged()
            self.assert_judged()

    def test_a_memory_that_cannot_be_written_is_no_fault(self):
        file = self.library.foreign / "file"
        file.write_text("")
        with unittest.mock.patch.dict(os.environ, COTERIE_REMEMBERED=str(file)):
            self.assertEqual(self.judged(), (True, None))
            self.assertEqual(self.judged(), (True, None))

    def test_what_was_not_asked_for_long_is_forgotten(self):
        self.assert_judged()
        for path in pathlib.Path(os.environ["COTERIE_REMEMBERED"]).glob("??/*"):
            os.utime(path, (0, 0))
        memory = RememberedUnits("another check", __file__, COMPILER, [COMPILER, "-E", "-x", "c++", "-"], [])
        memory.summary()
        self.assert_judged()


if __name__ == "__main__":
    unittest.main()
