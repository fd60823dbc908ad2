# SPDX-License-Identifier: BSL-1.0
#
# An overlay port that installs from the checkout that it lies in:
#   vcpkg install coterie --overlay-ports=<checkout>/packaging/vcpkg

set(VCPKG_BUILD_TYPE release)  # headers only
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DCOTERIE_BUILD_TESTS=OFF
        -DCOTERIE_BUILD_EXAMPLES=OFF
        -DCOTERIE_BUILD_BENCHMARKS=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/coterie)
vcpkg_fixup_pkgconfig()
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
