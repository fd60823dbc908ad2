// SPDX-License-Identifier: BSL-1.0
#pragma once

// The whole simulated world, with the sweep of seeds, which has threads. Not a part of coterie.hpp: it is for
// tests and experiments. Including just what you use compiles faster.

#include <coterie/sim/disk.hpp>
#include <coterie/sim/duration_text.hpp>
#include <coterie/sim/event_queue.hpp>
#include <coterie/sim/explore.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/fault_operand_text.hpp>
#include <coterie/sim/fault_points.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/host.hpp>
#include <coterie/sim/latency.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/node.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/script_error.hpp>
#include <coterie/sim/shrink.hpp>
#include <coterie/sim/slot_table.hpp>
#include <coterie/sim/task.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/sim/world_events.hpp>
