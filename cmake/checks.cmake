# SPDX-License-Identifier: BSL-1.0
#
# The checks beside the tests, as targets and as tests with the label `check`. Headers are found by
# glob: a new one is covered without an edit.

find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(tools ${PROJECT_SOURCE_DIR}/tools)

# What calls the compiler and the tools by itself uses these flags.
set(flags -std=c++23 -I${PROJECT_SOURCE_DIR}/include)
set(libraries coterie::xxhash)
if(CMAKE_CROSSCOMPILING)
    list(APPEND flags --target=${CMAKE_CXX_COMPILER_TARGET})
else()
    list(APPEND flags -DFMT_HEADER_ONLY=1)
    list(APPEND libraries fmt::fmt)
endif()
foreach(library IN LISTS libraries)
    get_target_property(folders ${library} INTERFACE_INCLUDE_DIRECTORIES)
    list(FILTER folders EXCLUDE REGEX "INSTALL_INTERFACE")
    list(REMOVE_ITEM folders ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
    list(TRANSFORM folders PREPEND -isystem)
    list(APPEND flags ${folders})
endforeach()
get_target_property(warnings coterie_warnings INTERFACE_COMPILE_OPTIONS)
set(each_header ${Python3_EXECUTABLE} ${tools}/each_header.py)

if(CMAKE_CROSSCOMPILING)
    # wasm32-wasi has no threads, and what adapt/ ties to is not installed for it.
    add_custom_target(
        headers_alone ALL
        COMMAND ${each_header} --check alone --tool ${CMAKE_CXX_COMPILER} --without "^(adapt/|sim/explore|sim\\.hpp)"
                --modules ${PROJECT_BINARY_DIR}/modules -- ${flags} ${warnings}
        COMMENT "Each header that needs no thread, alone, for wasm32-wasi"
        USES_TERMINAL VERBATIM
    )
    return()
endif()

# Two units that each include every header, linked into one program.
list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>\n" OUTPUT_VARIABLE includes)
list(JOIN includes "" includes)
set(twice ${PROJECT_BINARY_DIR}/generated/linked_twice)
file(CONFIGURE OUTPUT ${twice}/first.cpp CONTENT "${includes}\nint main() {}\n")
file(CONFIGURE OUTPUT ${twice}/second.cpp CONTENT "${includes}")
add_executable(headers_linked_twice ${twice}/first.cpp ${twice}/second.cpp)
target_compile_options(headers_linked_twice PRIVATE -O0)
target_link_libraries(
    headers_linked_twice PRIVATE coterie::coterie coterie::fmt coterie::xxhash coterie_warnings
)
add_test(NAME headers.linked_twice COMMAND headers_linked_twice)

# Each header by clang-tidy, which also reports what clang itself warns of.
find_program(CLANG_TIDY clang-tidy-19)
mark_as_advanced(CLANG_TIDY)
add_custom_target(
    tidy
    COMMAND ${each_header} --check tidy --tool ${CLANG_TIDY} -- ${flags} ${warnings}
    COMMENT "clang-tidy over each header"
    USES_TERMINAL VERBATIM
)

# coterie_add_check(<name> <command>...)
function(coterie_add_check name)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS check)
endfunction()

coterie_add_check(header.alone ${each_header} --check alone --tool ${CMAKE_CXX_COMPILER} -- ${flags} ${warnings})
coterie_add_check(header.rules ${Python3_EXECUTABLE} ${tools}/header_rules.py)
coterie_add_check(
    header.lines ${Python3_EXECUTABLE} ${tools}/header_lines.py --compiler ${CMAKE_CXX_COMPILER} -- ${flags}
)
coterie_add_check(format ${Python3_EXECUTABLE} ${tools}/format.py --check)
coterie_add_check(
    snippets ${Python3_EXECUTABLE} ${tools}/snippets.py --compiler ${CMAKE_CXX_COMPILER} -- ${flags} ${warnings}
    -Werror
)

coterie_add_check(
    must_fail ${Python3_EXECUTABLE} ${tools}/must_fail.py --compiler ${CMAKE_CXX_COMPILER} -- ${flags} ${warnings}
)
set_tests_properties(header.alone header.lines snippets must_fail PROPERTIES PROCESSORS 2)

# The tests of the tools themselves.
file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/tools/*_test.py)
foreach(test IN LISTS tests)
    cmake_path(GET test STEM name)
    string(REGEX REPLACE "_test$" "" name tools.${name})
    coterie_add_check(${name} ${Python3_EXECUTABLE} ${test})
    set_tests_properties(
        ${name} PROPERTIES ENVIRONMENT
                           "COTERIE_COMPILER=${CMAKE_CXX_COMPILER};COTERIE_CLANG_TIDY=$<$<BOOL:${CLANG_TIDY}>:${CLANG_TIDY}>"
    )
endforeach()

# The four ways to use the library from another project.
set(consumers ${PROJECT_SOURCE_DIR}/tests/consumers)
set(built ${PROJECT_BINARY_DIR}/consumers)
set(prefix ${built}/prefix)
function(coterie_add_cmake_consumer name)
    coterie_add_check(
        consumer.${name}
        ${CMAKE_CTEST_COMMAND}
        --build-and-test ${consumers}/${name} ${built}/${name}
        --build-generator ${CMAKE_GENERATOR}
        --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                        -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER} ${ARGN}
        --test-command ${CMAKE_CTEST_COMMAND} --output-on-failure
    )
endfunction()

# coterie_add_plain_consumer(<name> <flags for the shell>): the compiler alone, without CMake. It fails where the shell
# cannot find the flags.
function(coterie_add_plain_consumer name flags)
    set(compile "'${CMAKE_CXX_COMPILER}' -std=c++23 $flags -c '${consumers}/plain.cpp'")
    if(CMAKE_CXX_COMPILER_LAUNCHER)
        set(compile "'${CMAKE_CXX_COMPILER_LAUNCHER}' ${compile}")
    endif()
    set(program ${built}/${name})
    coterie_add_check(
        consumer.${name}
        sh -c "flags=\"${flags}\" && ${compile} -o '${program}.o' && '${CMAKE_CXX_COMPILER}' '${program}.o' -o '${program}' && '${program}'"
    )
endfunction()

coterie_add_check(consumer.install ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix})
set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP installed)

coterie_add_cmake_consumer(find_package -DCMAKE_PREFIX_PATH=${prefix} -DXXHASH_INCLUDE_DIR=${XXHASH_INCLUDE_DIR})
coterie_add_cmake_consumer(fetch_content -DFETCHCONTENT_SOURCE_DIR_COTERIE=${PROJECT_SOURCE_DIR})
coterie_add_plain_consumer(include_only "-I include")
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
    coterie_add_plain_consumer(pkg_config "$('${PKG_CONFIG_EXECUTABLE}' --cflags coterie)")
    set_tests_properties(
        consumer.pkg_config PROPERTIES ENVIRONMENT PKG_CONFIG_PATH=${prefix}/share/pkgconfig FIXTURES_REQUIRED
                                       installed
    )
else()
    message(STATUS "pkg-config was not found: leaving out the check of coterie.pc")
endif()
set_tests_properties(consumer.find_package PROPERTIES FIXTURES_REQUIRED installed)
file(MAKE_DIRECTORY ${built})
