# SPDX-License-Identifier: BSL-1.0

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/coterie)

install(TARGETS coterie EXPORT coterie-targets FILE_SET HEADERS)
install(EXPORT coterie-targets NAMESPACE coterie:: DESTINATION ${package_dir})

configure_package_config_file(cmake/coterie-config.cmake.in coterie-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(coterie-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(
    FILES ${CMAKE_CURRENT_BINARY_DIR}/coterie-config.cmake
          ${CMAKE_CURRENT_BINARY_DIR}/coterie-config-version.cmake
          cmake/coterie-components.cmake
    DESTINATION ${package_dir}
)

configure_file(cmake/coterie.pc.in coterie.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/coterie.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
