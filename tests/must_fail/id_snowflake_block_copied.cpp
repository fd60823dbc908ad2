// SPDX-License-Identifier: BSL-1.0

// The fault: a second block of the same ids, made by copying the first.

#include <utility>

#include <coterie/id/layouts.hpp>
#include <coterie/id/snowflake_generator.hpp>

using block = coterie::id::snowflake_block<coterie::id::layouts::discord>;

#if COTERIE_MUST_FAIL
block twin(block& ids) { return block(ids); }
#else
block twin(block& ids) { return block(std::move(ids)); }
#endif
