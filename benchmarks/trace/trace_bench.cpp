// SPDX-License-Identifier: BSL-1.0

// Recording an event of a run, beside a push_back of the same bytes into a vector: both into memory that is
// there already. And what is made of a recorded run.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/trace/shiviz.hpp>
#include <coterie/trace/space_time_diagram.hpp>
#include <coterie/trace/trace.hpp>
#include <coterie/trace/trace_clocks.hpp>
#include <coterie/trace/trace_text.hpp>

#include "support/measure.hpp"

namespace {

using namespace coterie;

constexpr std::size_t kept = 100'000;
constexpr std::string_view text = "append(term 3, 1234)";

/// As many bytes as an event and its text take.
struct same_bytes {
    steady_time at;
    std::uint64_t message;
    std::uint32_t node, peer, text_end;
    std::uint8_t kind;
    std::array<char, text.size()> words;
};

void record(trace::trace& t, std::uint64_t i) {
    const auto at = steady_time(std::chrono::nanoseconds(i));
    const auto from = static_cast<trace::node_id>(i % 5),
               to = static_cast<trace::node_id>((i + 1) % 5);
    if (i % 2 == 0)
        t.record(at, trace::trace_kind::send, from, to, i / 2, text);
    else
        t.record(at, trace::trace_kind::receive, from, to, i / 2, text);
}

trace::trace recorded(std::size_t events) {
    trace::trace t;
    for (std::uint64_t i = 0; i < events; ++i) record(t, i);
    return t;
}

/// Writes a run of 100,000 events; the counter is nanoseconds an event.
template <class Write>
void measure_output(const char* name, const bench::beside& floor, Write write) {
    bench::measure(name, floor, [write](benchmark::State& state) {
        const trace::trace t = recorded(kept);
        for (auto _ : state) benchmark::DoNotOptimize(write(t));
        state.SetItemsProcessed(static_cast<std::int64_t>(kept) * state.iterations());
    });
}

[[maybe_unused]] const bool registered = [] {
    bench::keep_memory();
    bench::measure("push_back_of_an_event", {}, [](benchmark::State& state) {
        std::vector<same_bytes> events;
        events.reserve(kept);
        std::uint64_t i = 0;
        for (auto _ : state) {
            if (events.size() == kept) events.clear();
            const auto node = static_cast<std::uint32_t>(i % 5);
            same_bytes e{.at = steady_time(std::chrono::nanoseconds(i)),
                         .message = i,
                         .node = node,
                         .peer = node,
                         .text_end = 0,
                         .kind = 0,
                         .words = {}};
            std::memcpy(e.words.data(), text.data(), text.size());
            events.push_back(e);
            ++i;
            benchmark::ClobberMemory();
        }
    });
    bench::measure("trace_record", bench::at_most("push_back_of_an_event", 2),
                   [](benchmark::State& state) {
                       trace::trace t({.keep = kept});
                       std::uint64_t i = 0;
                       for (; i < 2 * kept; ++i) record(t, i);
                       for (auto _ : state) record(t, i++);
                       state.counters["bytes"] =
                           static_cast<double>(t.heap_bytes()) / static_cast<double>(kept);
                   });
    bench::measure("trace_record_hash_only", "push_back_of_an_event", [](benchmark::State& state) {
        trace::trace t({.keep = 0});
        std::uint64_t i = 0;
        for (auto _ : state) record(t, i++);
        benchmark::DoNotOptimize(t.hash());
    });
    measure_output("trace_read_1e5", {}, [](const trace::trace& t) {
        std::uint64_t sum = 0;
        for (const trace::trace_event& e : t) sum += e.message + e.text.size();
        return sum;
    });
    measure_output("trace_clocks_1e5", {}, [](const trace::trace& t) {
        return trace::trace_clocks(t).counter(kept - 1, 0);
    });
    measure_output("trace_to_text_1e5", {},
                   [](const trace::trace& t) { return to_text(t).size(); });
    measure_output("trace_to_shiviz_1e5", {},
                   [](const trace::trace& t) { return to_shiviz(t).size(); });
    measure_output("trace_to_svg_1e5", {}, [](const trace::trace& t) { return to_svg(t).size(); });
    return true;
}();

}  // namespace
