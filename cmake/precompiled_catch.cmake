# SPDX-License-Identifier: BSL-1.0
#
# Catch2's header, precompiled once for all test programs.
#
# What clang writes names each file by its whole path, so that what ccache kept from one checkout would be of no use in
# another. There Catch2's own header is precompiled, whose paths are those of the system.

get_target_property(folders Catch2::Catch2 INTERFACE_INCLUDE_DIRECTORIES)
find_file(CATCH_HEADER NAMES catch2/catch_all.hpp catch2/catch.hpp PATHS ${folders} NO_DEFAULT_PATH)
mark_as_advanced(CATCH_HEADER)
set(by_path FALSE)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_LAUNCHER AND CATCH_HEADER)
    cmake_path(IS_PREFIX PROJECT_SOURCE_DIR ${CATCH_HEADER} fetched)
    if(NOT fetched)
        set(by_path TRUE)
    endif()
endif()
set(COTERIE_CATCH_PCH ${CMAKE_CURRENT_BINARY_DIR}/catch.pch)

# coterie_precompile_catch(<target>): precompiles it, with the flags of the target's folder.
function(coterie_precompile_catch target)
    if(NOT by_path)
        target_sources(${target} PRIVATE support/precompiled.cpp)
        target_precompile_headers(${target} PRIVATE <support/catch.hpp>)
        return()
    endif()
    string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
    separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
    get_directory_property(options COMPILE_OPTIONS)
    get_directory_property(definitions COMPILE_DEFINITIONS)
    list(TRANSFORM definitions PREPEND -D)
    # Its warnings count as those of the system's headers only where it is included, not as the main file. So it is
    # both: the second time its include guard leaves nothing of it.
    add_custom_command(
        OUTPUT ${COTERIE_CATCH_PCH}
        COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${CMAKE_CXX_COMPILER} ${flags} ${options} ${definitions} ${CMAKE_CXX23_STANDARD_COMPILE_OPTION} -w -Xclang
                -fno-pch-timestamp -include ${CATCH_HEADER} -x c++-header ${CATCH_HEADER} -MD -MF ${COTERIE_CATCH_PCH}.d -o
                ${COTERIE_CATCH_PCH} -c
        DEPFILE ${COTERIE_CATCH_PCH}.d
        COMMENT "Precompiling Catch2"
        VERBATIM
    )
    add_custom_target(${target}_pch DEPENDS ${COTERIE_CATCH_PCH})
endfunction()

# coterie_use_precompiled_catch(<target> <from>): uses what coterie_precompile_catch(<from>) made.
function(coterie_use_precompiled_catch target from)
    if(NOT by_path)
        target_precompile_headers(${target} REUSE_FROM ${from})
        return()
    endif()
    add_dependencies(${target} ${from}_pch)
    target_compile_options(${target} PRIVATE "SHELL:-include-pch ${COTERIE_CATCH_PCH}")
    get_target_property(sources ${target} SOURCES)
    set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${COTERIE_CATCH_PCH})
endfunction()
