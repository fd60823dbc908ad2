// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything that needs nothing but the standard library. Not here: core/hash.hpp, which needs xxHash,
// and adapt/, which needs what it adapts. Including just what you use compiles faster.

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/clock_error.hpp>
#include <coterie/causality/dot.hpp>
#include <coterie/causality/dotted_version_vector_set.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/hybrid_logical_clock.hpp>
#include <coterie/causality/lamport_clock.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/vector_clock.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/crc32c.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/fork.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/os_entropy.hpp>
#include <coterie/core/protocol.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/crdt/anti_entropy.hpp>
#include <coterie/crdt/bounded_counter.hpp>
#include <coterie/crdt/envelope.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/extreme_register.hpp>
#include <coterie/crdt/flag.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/g_set.hpp>
#include <coterie/crdt/lattice.hpp>
#include <coterie/crdt/lww_map.hpp>
#include <coterie/crdt/lww_register.hpp>
#include <coterie/crdt/mv_register.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/or_set.hpp>
#include <coterie/crdt/pn_counter.hpp>
#include <coterie/crdt/rw_set.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/generate.hpp>
#include <coterie/id/layout.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/snowflake.hpp>
#include <coterie/id/snowflake_generator.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/ulid_generator.hpp>
#include <coterie/id/uuid.hpp>
#include <coterie/id/uuid_v7_generator.hpp>
#include <coterie/version.hpp>
