# SPDX-License-Identifier: BSL-1.0
#
# What the project's own tests, examples and benchmarks share. Nothing of it reaches a consumer.

add_library(coterie_warnings INTERFACE)
target_compile_options(
    coterie_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # At -O1 these see faults in the std::string of libstdc++ 12 that are not there (GCC bugs 105329, 105651);
    # beside a precompiled header they are reported even though they lie in a header of the system.
    target_compile_options(
        coterie_warnings INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
    )
endif()

set(CMAKE_CXX_EXTENSIONS OFF)

# ccache, where it is installed. A compilation in another checkout of the same sources is found as well: paths
# below the source folder do not count, and what the compiler writes names them relative to it. Beside a
# precompiled header ccache can only help when it may ignore that header's time stamp and its macros.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND UNIX AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${PROJECT_BINARY_DIR}/generated/by_ccache)
    file(
        CONFIGURE
        OUTPUT ${CMAKE_CXX_COMPILER_LAUNCHER}
        CONTENT
            "#!/bin/sh
CCACHE_BASEDIR='${PROJECT_SOURCE_DIR}' CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 \\
CCACHE_SLOPPINESS=pch_defines,time_macros exec '${CCACHE}' \"$@\"
"
    )
    file(CHMOD ${CMAKE_CXX_COMPILER_LAUNCHER} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-fpch-preprocess)
    endif()
endif()

# coterie_list_rooms(<variable> <pattern>): the folders, here, that hold files of the pattern.
function(coterie_list_rooms variable pattern)
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} */${pattern})
    set(rooms)
    foreach(file IN LISTS files)
        cmake_path(GET file PARENT_PATH room)
        list(APPEND rooms ${room})
    endforeach()
    list(REMOVE_DUPLICATES rooms)
    set(${variable} ${rooms} PARENT_SCOPE)
endfunction()
