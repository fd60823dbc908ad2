# SPDX-License-Identifier: BSL-1.0
#
# Compiling, not linking, for wasm32-wasi with clang 19 and its libc++.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_SYSTEM_PREFIX_PATH /usr/local /usr)
