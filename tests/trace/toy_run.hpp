// SPDX-License-Identifier: BSL-1.0
#pragma once

// A toy world that writes traces: messages between nodes with delays, losses, duplicates, and nodes that
// crash and restart. It keeps beside the trace which event directly follows from which, as it knows it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <coterie/trace/trace.hpp>

namespace coterie::test {

/// What can go wrong, in percent of messages or steps.
struct toy_faults {
    unsigned lost = 15;
    unsigned duplicated = 15;
    unsigned crashes = 3;
};

class toy_run {
public:
    using edge = std::pair<std::size_t, std::size_t>;

    toy_run(std::uint64_t seed, trace::node_id nodes, toy_faults faults = {},
            trace::trace_options options = {})
        : trace(options), random_(seed), faults_(faults), last_(nodes, nothing), up_(nodes, true) {
        for (trace::node_id n = 0; n < nodes; ++n)
            trace.name_node(n, std::string("n").append(std::to_string(n + 1)));
        for (trace::node_id n = 0; n < nodes; ++n) local(trace::trace_kind::start, n, "");
    }

    /// One thing happens.
    void step() {
        now_ += std::chrono::microseconds(draw(2000));
        while (!flying_.empty() && flying_.begin()->first <= now_) deliver();
        const auto n = static_cast<trace::node_id>(draw(up_.size()));
        if (draw(100) < faults_.crashes) {
            up_[n] = !up_[n];
            local(up_[n] ? trace::trace_kind::restart : trace::trace_kind::crash, n, "");
        } else if (up_[n] && draw(4) == 0) {
            local(trace::trace_kind::note, n,
                  std::string("thinks ").append(std::to_string(draw(10))));
        } else if (up_[n]) {
            send(n, static_cast<trace::node_id>(draw(up_.size())));
        }
    }

    void steps(std::size_t how_many) {
        while (how_many-- > 0) step();
    }

    trace::trace trace;
    std::vector<edge> edges;

private:
    static constexpr std::size_t nothing = ~std::size_t{0};

    struct flight {
        trace::node_id from, to;
        trace::message_number message;
        std::size_t send;
        std::string text;
        bool is_lost;
    };

    std::size_t draw(std::size_t below) { return static_cast<std::size_t>(random_() % below); }

    std::size_t record(trace::trace_kind kind, trace::node_id node, trace::node_id peer,
                       trace::message_number message, const std::string& text) {
        trace.record(now_, kind, node, peer, message, text);
        return count_++;
    }

    std::size_t local(trace::trace_kind kind, trace::node_id node, const std::string& text,
                      trace::node_id peer = trace::no_node, trace::message_number message = 0) {
        const std::size_t event = record(kind, node, peer, message, text);
        if (last_[node] != nothing) edges.emplace_back(last_[node], event);
        return last_[node] = event;
    }

    void send(trace::node_id from, trace::node_id to) {
        const auto message = ++messages_;
        const std::string text = std::string("m(").append(std::to_string(draw(1000))).append(")");
        const std::size_t event = local(trace::trace_kind::send, from, text, to, message);
        const int copies = draw(100) < faults_.duplicated ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            const auto arrives = now_ + std::chrono::microseconds(1 + draw(9000));
            flying_.emplace(arrives,
                            flight{from, to, message, event, text, draw(100) < faults_.lost});
        }
    }

    void deliver() {
        const auto [at, f] = *flying_.begin();
        flying_.erase(flying_.begin());
        const auto resumes = std::exchange(now_, at);
        if (f.is_lost || !up_[f.to]) {
            edges.emplace_back(f.send,
                               record(trace::trace_kind::lose, f.from, f.to, f.message, f.text));
        } else {
            edges.emplace_back(f.send,
                               local(trace::trace_kind::receive, f.to, f.text, f.from, f.message));
        }
        now_ = resumes;
    }

    std::mt19937_64 random_;
    toy_faults faults_;
    steady_time now_{};
    std::multimap<steady_time, flight> flying_;
    std::vector<std::size_t> last_;
    std::vector<bool> up_;
    trace::message_number messages_ = 0;
    std::size_t count_ = 0;
};

}  // namespace coterie::test
