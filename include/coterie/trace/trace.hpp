// SPDX-License-Identifier: BSL-1.0
#pragma once

// What happened in a run, event by event. A simulated world writes it, or a service; people read it as text
// (trace_text.hpp), as a space-time diagram (space_time_diagram.hpp) or in ShiViz (shiviz.hpp), and
// trace_clocks.hpp says what happened before what.
//
//   trace::trace trace({.keep = 100'000});
//   trace.name_node(0, "n1");
//   trace.record(now, trace::trace_kind::send, 0, 1, 17, "prepare(3)");
//   trace.record(later, trace::trace_kind::receive, 1, 0, 17, "prepare(3)");
//   for (const trace::trace_event& e : trace) ...
//
// It keeps no vector clocks: they follow from sends and receives. An event takes 32 bytes and its text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace_hash.hpp>

namespace coterie::inline v0::trace {

/// The number of a message: unique in a run, and the same for each copy of a duplicated message.
using message_number = std::uint64_t;

/// What an event is.
enum class trace_kind : std::uint8_t {
    start,    ///< a node begins
    crash,    ///< a node ends, and loses what it has not synced
    restart,  ///< it begins again
    pause,    ///< a node stands still
    resume,   ///< it goes on
    send,     ///< a node sends a message to its peer
    receive,  ///< a node gets a message from its peer
    lose,     ///< the network loses a message, or a copy of it: the node is its sender
    note,     ///< what a node says of itself
    fault,    ///< what was done to a node, or to the whole world
};

[[nodiscard]] constexpr const char* describe(trace_kind kind) noexcept {
    switch (kind) {
        case trace_kind::start: return "start";
        case trace_kind::crash: return "crash";
        case trace_kind::restart: return "restart";
        case trace_kind::pause: return "pause";
        case trace_kind::resume: return "resume";
        case trace_kind::send: return "send";
        case trace_kind::receive: return "receive";
        case trace_kind::lose: return "lose";
        case trace_kind::note: return "note";
        case trace_kind::fault: return "fault";
    }
    return "unknown kind of event";
}

/// Whether an event of this kind is about a message, and so has a peer.
[[nodiscard]] constexpr bool is_of_message(trace_kind kind) noexcept {
    return kind == trace_kind::send || kind == trace_kind::receive || kind == trace_kind::lose;
}

/// One event. Its text stays valid until the trace changes.
struct trace_event {
    steady_time at;
    trace_kind kind;
    node_id node;  ///< no_node for a fault of the whole world
    node_id peer;
    message_number message;
    std::string_view text;
};

/// A direction in which no message passes.
struct blocked_link {
    node_id from;
    node_id to;

    friend constexpr bool operator==(const blocked_link&, const blocked_link&) = default;
};

/// How the network is divided from some time on.
struct network_state {
    steady_time at;
    /// Nodes of one group hear each other. Nodes beyond its end are in group 0.
    std::vector<std::uint32_t> group_of_node;
    /// Links that are cut besides, in one direction each.
    std::vector<blocked_link> blocked;

    /// The group of a node.
    [[nodiscard]] std::uint32_t group(node_id n) const noexcept {
        return n < group_of_node.size() ? group_of_node[n] : 0;
    }

    /// Whether every node hears every other.
    [[nodiscard]] bool is_whole() const noexcept {
        return blocked.empty() && std::all_of(group_of_node.begin(), group_of_node.end(),
                                              [this](auto g) { return g == group_of_node[0]; });
    }
};

/// What a trace may hold.
struct trace_options {
    /// How many events are kept, the last ones; the hash is of all. None: only the hash.
    std::size_t keep = 10'000'000;
    /// How many bytes of a text are kept.
    std::size_t max_text = 1024;
};

/// The record of a run. A regular type but for ==.
///
/// Complexity: record is constant, and linear in the text. Memory: 32 bytes an event and its text; it is
/// given back in blocks of 1024 events. Thread safety: that of a value.
class trace {
public:
    /// Nodes are below this.
    static constexpr node_id max_nodes = 1 << 16;

    class const_iterator;
    using value_type = trace_event;

    trace() = default;
    explicit trace(trace_options options) : options_(options) {}

    /// Says what a node is called. Requires: node < max_nodes.
    void name_node(node_id node, std::string_view name) {
        count_node(node);
        if (names_.size() <= node) names_.resize(node + std::size_t{1});
        names_[node] = name.substr(0, options_.max_text);
        hash_.add({tag_name, node}, name);
    }

    /// Records an event. Requires: not before the last one; a node, but for a fault; a peer, for send,
    /// receive and lose.
    void record(steady_time at, trace_kind kind, node_id node, node_id peer, message_number message,
                std::string_view text) {
        if (node != no_node || kind != trace_kind::fault) count_node(node);
        if (is_of_message(kind)) count_node(peer);
        const auto nodes = std::uint64_t{node} << 32 | peer;
        hash_.add({static_cast<std::uint64_t>(kind), word(at), nodes, message}, text);
        ++recorded_;
        if (options_.keep == 0) return;
        if (blocks_.empty() || blocks_.back().events.size() == block_size) open_block();
        blocks_.back().push_back(at, kind, node, peer, message, cut(text));
        if (size_ == options_.keep)
            drop_first();
        else
            ++size_;
    }

    /// Says how the network is divided from now on: all groups equal and no link blocked, not at all.
    void separate(steady_time at, std::span<const std::uint32_t> group_of_node,
                  std::span<const blocked_link> blocked = {});

    /// How many events are here.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// How many events were recorded but not kept.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return recorded_ - size_; }

    /// The event of an index, the oldest that was kept first. Requires: i < size().
    [[nodiscard]] trace_event operator[](std::size_t i) const noexcept {
        COTERIE_ASSERT(i < size_);
        return blocks_[(first_ + i) / block_size][(first_ + i) % block_size];
    }

    /// The events, in the order in which they happened.
    [[nodiscard]] const_iterator begin() const noexcept;
    /// \copydoc begin
    [[nodiscard]] const_iterator end() const noexcept;

    /// How many nodes there are, named or seen.
    [[nodiscard]] node_id nodes() const noexcept { return nodes_; }

    /// What a node is called: "n" and its number, if nobody named it.
    [[nodiscard]] std::string name(node_id node) const {
        if (node < names_.size() && !names_[node].empty()) return names_[node];
        std::string name = "n";
        v0::detail::append_decimal(name, node);
        return name;
    }

    /// When the network was divided, and how: each change, in its order.
    [[nodiscard]] const std::deque<network_state>& network() const noexcept { return network_; }

    /// A hash of everything that was recorded, kept or not.
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_.value(); }

    /// Bytes on the heap for events and their texts.
    [[nodiscard]] std::size_t heap_bytes() const noexcept {
        std::size_t bytes = spare_.heap_bytes();
        for (const block& b : blocks_) bytes += sizeof(block) + b.heap_bytes();
        return bytes;
    }

private:
    static constexpr std::size_t block_size = 1024;

    // What the hash takes for the kind of what is no event.
    static constexpr std::uint64_t tag_name = 100;
    static constexpr std::uint64_t tag_network = 101;

    struct entry {
        steady_time at;
        message_number message;
        node_id node;
        node_id peer;
        std::uint32_t text_end;
        trace_kind kind;
    };

    /// Some events, and their texts in a row.
    struct block {
        std::vector<entry> events;
        std::string texts;

        void push_back(steady_time at, trace_kind kind, node_id node, node_id peer,
                       message_number message, std::string_view text) {
            texts.append(text);
            events.push_back(
                {at, message, node, peer, static_cast<std::uint32_t>(texts.size()), kind});
        }

        trace_event operator[](std::size_t i) const noexcept {
            const entry& e = events[i];
            const std::size_t start = i == 0 ? 0 : events[i - 1].text_end;
            return {e.at,   e.kind,    e.node,
                    e.peer, e.message, std::string_view(texts).substr(start, e.text_end - start)};
        }

        [[nodiscard]] std::size_t heap_bytes() const noexcept {
            return events.capacity() * sizeof(entry) + texts.capacity();
        }
    };

    static std::uint64_t word(steady_time t) noexcept {
        return static_cast<std::uint64_t>(t.time_since_epoch().count());
    }

    void count_node(node_id node) noexcept {
        COTERIE_ASSERT(node < max_nodes);
        nodes_ = std::max(nodes_, node + 1);
    }

    /// As much of a text as is kept, and no half character at its end.
    [[nodiscard]] std::string_view cut(std::string_view text) const noexcept {
        const std::size_t limit = std::min<std::size_t>(options_.max_text, max_text_ever);
        if (text.size() <= limit) return text;
        std::size_t end = limit;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
        return text.substr(0, end);
    }

    void open_block() {
        if (!blocks_.empty()) blocks_.back().texts.shrink_to_fit();
        blocks_.push_back(std::exchange(spare_, block{}));
        blocks_.back().events.reserve(block_size);
    }

    void drop_first() {
        if (++first_ < block_size) return;
        first_ = 0;
        spare_ = std::move(blocks_.front());
        spare_.events.clear();
        spare_.texts.clear();
        blocks_.pop_front();
    }

    // So that the texts of a block have less than 2^32 bytes.
    static constexpr std::size_t max_text_ever = std::size_t{1} << 21;

    trace_options options_;
    std::deque<block> blocks_;
    block spare_;
    std::size_t first_ = 0;  // of the first block, how many are dropped
    std::size_t size_ = 0;
    std::uint64_t recorded_ = 0;
    std::vector<std::string> names_;
    node_id nodes_ = 0;
    std::deque<network_state> network_;
    trace_hash hash_;
};

// --- details ---------------------------------------------------------------------------------------

/// Goes from event to event; what it gives is a value.
class trace::const_iterator {
public:
    using value_type = trace_event;
    using difference_type = std::ptrdiff_t;
    using reference = trace_event;
    using pointer = void;
    using iterator_category = std::input_iterator_tag;

    const_iterator() = default;
    const_iterator(const trace& of, std::size_t i) noexcept : trace_(&of), i_(i) {}

    trace_event operator*() const noexcept { return (*trace_)[i_]; }
    const_iterator& operator++() noexcept {
        ++i_;
        return *this;
    }
    const_iterator operator++(int) noexcept { return {*trace_, i_++}; }

    friend bool operator==(const const_iterator&, const const_iterator&) = default;

private:
    const trace* trace_ = nullptr;
    std::size_t i_ = 0;
};

inline trace::const_iterator trace::begin() const noexcept { return {*this, 0}; }
inline trace::const_iterator trace::end() const noexcept { return {*this, size_}; }

inline void trace::separate(steady_time at, std::span<const std::uint32_t> group_of_node,
                            std::span<const blocked_link> blocked) {
    hash_.add({tag_network, word(at), group_of_node.size(), blocked.size()});
    for (const std::uint32_t group : group_of_node) hash_.add({group});
    for (const blocked_link& l : blocked) hash_.add({l.from, l.to});
    network_.push_back(
        {at, {group_of_node.begin(), group_of_node.end()}, {blocked.begin(), blocked.end()}});
    if (network_.size() > std::max<std::size_t>(options_.keep, 1)) network_.pop_front();
}

}  // namespace coterie::inline v0::trace
