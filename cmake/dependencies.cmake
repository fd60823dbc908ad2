# SPDX-License-Identifier: BSL-1.0
#
# The packages that the library and its programs use. The library itself needs none of them:
# coterie::fmt and coterie::xxhash are for who includes adapt/fmt.hpp or core/hash.hpp.

include(FetchContent)

# coterie_require(<name> <GitHub repository> <tag> [<arguments of FetchContent_Declare>...])
# Finds a package, or fetches it with COTERIE_FETCH_DEPS, or stops and says what to do.
macro(coterie_require name repository tag)
    if(COTERIE_FETCH_DEPS)
        FetchContent_Declare(
            ${name} ${ARGN}
            GIT_REPOSITORY https://github.com/${repository}.git
            GIT_TAG ${tag}
            GIT_SHALLOW TRUE
            SYSTEM
            FIND_PACKAGE_ARGS QUIET
        )
        FetchContent_MakeAvailable(${name})
    else()
        find_package(${name} QUIET)
        if(NOT ${name}_FOUND)
            message(FATAL_ERROR "${name} was not found. Install it, or let CMake fetch it: -DCOTERIE_FETCH_DEPS=ON")
        endif()
    endif()
endmacro()

set(programs FALSE)
if(NOT CMAKE_CROSSCOMPILING
   AND (COTERIE_BUILD_TESTS OR COTERIE_BUILD_EXAMPLES OR COTERIE_BUILD_BENCHMARKS OR COTERIE_BUILD_CHECKS))
    set(programs TRUE)
endif()

if(NOT TARGET fmt::fmt)
    if(programs)
        coterie_require(fmt fmtlib/fmt 11.0.2)
    elseif(NOT CMAKE_CROSSCOMPILING)
        find_package(fmt QUIET)
    endif()
endif()

# xxHash is used as a header alone, and many packages of it come without a CMake configuration.
find_path(XXHASH_INCLUDE_DIR xxhash.h)
if(NOT XXHASH_INCLUDE_DIR AND COTERIE_FETCH_DEPS)
    FetchContent_Declare(
        xxhash
        GIT_REPOSITORY https://github.com/Cyan4973/xxHash.git
        GIT_TAG v0.8.2
        GIT_SHALLOW TRUE
        SOURCE_SUBDIR nothing-to-build
    )
    FetchContent_MakeAvailable(xxhash)
    set(XXHASH_INCLUDE_DIR ${xxhash_SOURCE_DIR})
endif()
if(NOT XXHASH_INCLUDE_DIR AND programs)
    message(FATAL_ERROR "xxhash.h was not found. Install xxHash, or let CMake fetch it: -DCOTERIE_FETCH_DEPS=ON")
endif()

if(XXHASH_INCLUDE_DIR AND CMAKE_CROSSCOMPILING)
    # Its folder may hold the host's own headers as well: take the one file.
    file(COPY ${XXHASH_INCLUDE_DIR}/xxhash.h DESTINATION ${PROJECT_BINARY_DIR}/generated/xxhash)
    set(XXHASH_INCLUDE_DIR ${PROJECT_BINARY_DIR}/generated/xxhash)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/coterie-components.cmake)

if(COTERIE_BUILD_EXAMPLES)
    coterie_require(CLI11 CLIUtils/CLI11 v2.4.2)
endif()

if(COTERIE_BUILD_EXAMPLES OR COTERIE_BUILD_TESTS)
    coterie_require(nlohmann_json nlohmann/json v3.11.3)
endif()

if(COTERIE_BUILD_TESTS)
    coterie_require(Catch2 catchorg/Catch2 v3.7.1)
    find_package(rapidcheck QUIET)
    if(NOT rapidcheck_FOUND)
        message(STATUS "RapidCheck was not found: leaving out the property tests (*_properties_test.cpp)")
    endif()
endif()

if(COTERIE_BUILD_BENCHMARKS)
    find_package(benchmark QUIET)
    if(NOT benchmark_FOUND)
        message(STATUS "Google Benchmark was not found: leaving out the benchmarks")
    endif()
endif()
