# SPDX-License-Identifier: BSL-1.0
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout


class Coterie(ConanFile):
    name = "coterie"
    description = "The primitives that distributed services are built from, as C++23 headers"
    license = "BSL-1.0"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_fmt": [True, False], "with_xxhash": [True, False]}
    default_options = {"with_fmt": False, "with_xxhash": False}
    exports = "include/coterie/version.hpp"
    exports_sources = "include/*", "LICENSE"
    no_copy_source = True

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "include", "coterie", "version.hpp"))
        self.version = ".".join(re.findall(r"define COTERIE_VERSION_\w+ (\d+)", text))

    def layout(self):
        basic_layout(self)

    def requirements(self):
        if self.options.with_fmt:
            self.requires("fmt/[>=9 <12]")
        if self.options.with_xxhash:
            self.requires("xxhash/[>=0.8 <1]")

    def validate(self):
        check_min_cppstd(self, 23)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"),
             os.path.join(self.package_folder, "include"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "coterie")
        self.cpp_info.components["headers"].set_property("cmake_target_name", "coterie::coterie")
        if self.options.with_fmt:
            self.cpp_info.components["fmt"].set_property("cmake_target_name", "coterie::fmt")
            self.cpp_info.components["fmt"].requires = ["headers", "fmt::fmt"]
        if self.options.with_xxhash:
            self.cpp_info.components["xxhash"].set_property("cmake_target_name", "coterie::xxhash")
            self.cpp_info.components["xxhash"].requires = ["headers", "xxhash::xxhash"]
