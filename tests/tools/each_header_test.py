# SPDX-License-Identifier: BSL-1.0
"""Tests of tools/each_header.py: each fault that is put into a header is reported for that header."""

import contextlib
import io
import pathlib
import tempfile
import unittest

from library import CLANG_TIDY, COMPILER, library

import each_header
import headers

SOUND = """
/// Twice a number.
[[nodiscard]] constexpr int twice(int value) noexcept { return value + value; }
"""

# A header, its fault, and what names it in the report. Some checks look at the main file alone.
FAULTS_FOR_TIDY = {
    "core/unused_include.hpp": ("#include <vector>\ninline int one() { return 1; }", "misc-include-cleaner"),
    "core/missing_include.hpp": ("#include <coterie/core/text.hpp>\ninline std::string text() { return coterie_text(); }",
                                 "misc-include-cleaner"),
    "core/unused_alias.hpp": ("namespace c {}\nnamespace d = c;", "misc-unused-alias-decls"),
    "core/moved.hpp": ("#include <utility>\n#include <string>\n"
                       "inline std::string::size_type moved(std::string s) {\n"
                       "    const std::string t = std::move(s);\n    return t.size() + s.size();\n}",
                       "bugprone-use-after-move"),
    "core/copied.hpp": ("#include <string>\ninline bool copied(const std::string s) { return s.empty(); }",
                        "performance-unnecessary-value-param"),
    "core/implicit.hpp": ("struct implicit { implicit(int) {} };", "google-explicit-constructor"),
    "core/null.hpp": ("inline int* null() { return 0; }", "modernize-use-nullptr"),
    "core/in_template.hpp": ("template <class T> int* in_template(T) { return 0; }", "modernize-use-nullptr"),
    "core/shadow.hpp": ("inline int shadow(int value) { { const int value = 2; return value; } }", "clang-diagnostic-shadow"),
    "core/sign.hpp": ("inline unsigned sign(int value) { return value; }", "clang-diagnostic-sign-conversion"),
    "core/run_time_type.hpp": ("#include <typeinfo>\n"
                               "inline bool is_int(const std::type_info& t) { return t == typeid(int); }",
                               "-frtti"),
}

FAULTS_ALONE = {
    "core/includes_too_little.hpp": ("#include <cstddef>\ninline std::string includes_too_little() { return {}; }",
                                     "includes_too_little.hpp"),
    "core/not_alone.hpp": ("inline std::string not_alone() { return {}; }", "not_alone.hpp"),
    "core/throws.hpp": ("inline void throws() { throw 1; }", "throws.hpp"),
    "core/warns.hpp": ("inline unsigned warns(int value) { return value; }", "warns.hpp"),
}

CLANG = CLANG_TIDY.replace("clang-tidy", "clang++")
WASM = CLANG and pathlib.Path("/usr/include/wasm32-wasi/c++/v1/module.modulemap").exists()

WARNINGS = ["-Wshadow", "-Wsign-conversion"]


def judged(check, tool, flags, *more):
    """The number of headers in which something is wrong, what was printed, and what was remembered."""
    judge = each_header.Judge()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        memory = check(tool, flags, headers.all_headers(), {}, judge, *more)
    return judge.failed, printed.getvalue(), (memory.hits, memory.asked)


class EachHeader(unittest.TestCase):
    def hold_against(self, faults, check, tool, *more, flags=()):
        with library() as made:
            made.write("core/sound.hpp", SOUND)
            made.write("core/text.hpp", "#include <string>\ninline std::string coterie_text() { return {}; }")
            for header, (text, _) in faults.items():
                made.write(header, text)
            failed, printed, _ = judged(check, tool, [*made.flags, *WARNINGS, *flags], *more)
            self.assertGreaterEqual(failed, 1)
            lines = printed.splitlines()
            for header, (_, name) in faults.items():
                with self.subTest(header=header):
                    self.assertTrue(any(header in line and name in line for line in lines), printed)
            for header in ("core/sound.hpp", "core/text.hpp"):
                self.assertNotIn(f"{header}:", printed)

    @unittest.skipUnless(CLANG_TIDY, "clang-tidy was not found")
    def test_clang_tidy_reports_each_fault(self):
        self.hold_against(FAULTS_FOR_TIDY, each_header.tidy, CLANG_TIDY)

    def test_the_compiler_reports_each_header_that_does_not_stand_alone(self):
        self.hold_against(FAULTS_ALONE, each_header.alone, COMPILER)

    @unittest.skipUnless(WASM, "clang's standard library for wasm32-wasi was not found")
    def test_modules_hide_what_a_header_does_not_include(self):
        with tempfile.TemporaryDirectory() as modules:
            self.hold_against(FAULTS_ALONE, each_header.alone, CLANG, modules, flags=["--target=wasm32-wasi"])
            self.assertTrue(any(pathlib.Path(modules).rglob("*.pcm")))

    def test_only_what_passed_is_remembered(self):
        with library() as made:
            made.write("core/sound.hpp", SOUND)
            made.write("core/throws.hpp", FAULTS_ALONE["core/throws.hpp"][0])
            for hits in (0, 1, 1):
                failed, _, remembered = judged(each_header.alone, COMPILER, made.flags)
                self.assertEqual((failed, remembered), (1, (hits, 2)))


if __name__ == "__main__":
    unittest.main()
