// SPDX-License-Identifier: BSL-1.0

// The fault: a second generator of one worker id, made by copying the first.

#include <coterie/id/layouts.hpp>
#include <coterie/id/snowflake_generator.hpp>

using generator = coterie::id::snowflake_generator<coterie::id::layouts::discord>;

#if COTERIE_MUST_FAIL
generator twin(generator& ids) { return generator(ids); }
#else
generator& twin(generator& ids) { return ids; }
#endif
