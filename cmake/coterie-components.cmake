# SPDX-License-Identifier: BSL-1.0
#
# What a program links when it includes a header that ties to another library, for whichever of those
# is known. Read by the build and by the installed package.

if(TARGET fmt::fmt AND NOT TARGET coterie::fmt)
    add_library(coterie::fmt INTERFACE IMPORTED GLOBAL)
    target_link_libraries(coterie::fmt INTERFACE coterie::coterie fmt::fmt)
endif()

if(XXHASH_INCLUDE_DIR AND NOT TARGET coterie::xxhash)
    add_library(coterie::xxhash INTERFACE IMPORTED GLOBAL)
    target_include_directories(coterie::xxhash SYSTEM INTERFACE ${XXHASH_INCLUDE_DIR})
    target_link_libraries(coterie::xxhash INTERFACE coterie::coterie)
endif()
