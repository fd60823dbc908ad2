// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything that needs nothing but the standard library. Not here: core/hash.hpp, which needs xxHash,
// and adapt/, which needs what it adapts. Including just what you use compiles faster.

#include <coterie/causality/bounded_clock.hpp>
#include <coterie/causality/clock_error.hpp>
#include <coterie/causality/hybrid_logical_clock.hpp>
#include <coterie/causality/lamport_clock.hpp>
#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
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
