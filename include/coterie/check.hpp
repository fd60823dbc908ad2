// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything that judges a recorded history. It needs no simulator. Not a part of coterie.hpp: a service does
// not link its judges. Including just what you use compiles faster.

#include <coterie/check/bounded_staleness.hpp>
#include <coterie/check/causal_order.hpp>
#include <coterie/check/configurations.hpp>
#include <coterie/check/convergence.hpp>
#include <coterie/check/counter_model.hpp>
#include <coterie/check/history.hpp>
#include <coterie/check/key_value_model.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/lock_model.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/queue_model.hpp>
#include <coterie/check/recorded.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/regular.hpp>
#include <coterie/check/session_guarantees.hpp>
#include <coterie/check/set_model.hpp>
#include <coterie/check/text_of.hpp>
#include <coterie/check/timeline.hpp>
#include <coterie/check/unique_ids.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/check/versioned_access.hpp>
