// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything that records what happened and shows it. A service can write traces as well as a simulated world.
// Not a part of coterie.hpp. Including just what you use compiles faster.

#include <coterie/trace/diagram_arrows.hpp>
#include <coterie/trace/diagram_canvas.hpp>
#include <coterie/trace/diagram_divisions.hpp>
#include <coterie/trace/diagram_lanes.hpp>
#include <coterie/trace/diagram_layout.hpp>
#include <coterie/trace/diagram_legend.hpp>
#include <coterie/trace/diagram_marks.hpp>
#include <coterie/trace/label_space.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/shiviz.hpp>
#include <coterie/trace/space_time_diagram.hpp>
#include <coterie/trace/svg_writer.hpp>
#include <coterie/trace/time_axis.hpp>
#include <coterie/trace/time_text.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_clocks.hpp>
#include <coterie/trace/trace_hash.hpp>
#include <coterie/trace/trace_text.hpp>
#include <coterie/trace/trace_window.hpp>
