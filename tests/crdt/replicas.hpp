// SPDX-License-Identifier: BSL-1.0
#pragma once

// Replicated values against an executable specification: what a replica must read is a function of the events
// that it has seen and of nothing else. A case C says:
//
//   C::state                            the replicated value
//   C::op, C::any_op(random)            what a replica may do
//   C::apply(state, replica, op)        does it, and gives the delta
//   C::read(state)                      what a reader sees, as text
//   C::specified(events)                what a reader is to see, of the events that were seen
//
// Names of replicas are numbers from 1.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <coterie/core/wire.hpp>
#include <coterie/crdt/lattice.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

namespace coterie::test {

/// An operation, and which operations its replica had seen before it.
template <class Op>
struct crdt_event {
    Op op;
    std::size_t number;
    std::vector<bool> past;
    std::uint64_t replica = 0;  ///< who did it

    [[nodiscard]] bool knows(const crdt_event& other) const {
        return other.number < past.size() && past[other.number];
    }
};

/// Of some events those that none of the others knows.
template <class Op, class Chosen>
std::vector<const crdt_event<Op>*> latest(const std::vector<const crdt_event<Op>*>& events,
                                          Chosen chosen) {
    std::vector<const crdt_event<Op>*> all;
    for (const auto* e : events) {
        if (!chosen(*e)) continue;
        bool is_latest = true;
        for (const auto* other : events) {
            is_latest = is_latest && !(chosen(*other) && other->knows(*e));
        }
        if (is_latest) all.push_back(e);
    }
    return all;
}

template <class C>
void check_encoding(const typename C::state& s) {
    const auto bytes = encode(s);
    const auto back = decode<typename C::state>(bytes);
    REQUIRE(back.has_value());
    REQUIRE(*back == s);
    REQUIRE(encode(*back) == bytes);
}

/// a <= b if and only if b has nothing to learn from a.
template <class State>
void check_order(const State& a, const State& b) {
    State joined = b;
    joined.merge(a);
    REQUIRE((a <= b) == (joined == b));
    REQUIRE(a <= joined);
    REQUIRE(b <= joined);
}

/// Replicas that do as they like, merge states and what states have ahead of others, and restart with what they had
/// stored, under another name.
template <class C>
void check_specification(int rounds, int steps) {
    using state = C::state;
    static_assert(crdt::delta_lattice<state>);
    std::mt19937_64 random(seed());
    for (int round = 0; round < rounds; ++round) {
        const std::size_t replicas = 2 + random() % 3;
        std::vector<state> states(replicas);
        std::vector<std::vector<bool>> seen(replicas);
        std::vector<crdt_event<typename C::op>> events;
        std::vector<state> deltas;
        // What each replica has on disk, and the name that it goes by: another one after a restart.
        std::vector<state> stored(replicas);
        std::vector<std::vector<bool>> stored_seen(replicas);
        std::vector<std::uint64_t> names(replicas);
        std::uint64_t last_name = 0;
        for (auto& name : names) name = ++last_name;
        const auto check = [&](std::size_t i) {
            std::vector<const crdt_event<typename C::op>*> known;
            for (const auto& e : events) {
                if (e.number < seen[i].size() && seen[i][e.number]) known.push_back(&e);
            }
            REQUIRE(C::read(states[i]) == C::specified(known));
        };
        const auto see_all_of = [&](std::size_t i, const std::vector<bool>& other) {
            if (seen[i].size() < other.size()) seen[i].resize(other.size());
            for (std::size_t e = 0; e < other.size(); ++e) seen[i][e] = seen[i][e] || other[e];
        };
        for (int step = 0; step < steps; ++step) {
            const std::size_t i = random() % replicas, j = random() % replicas;
            switch (random() % 16) {
                case 0:
                    stored[i] = states[i];
                    stored_seen[i] = seen[i];
                    break;
                case 1:
                    states[i] = stored[i];
                    seen[i] = stored_seen[i];
                    names[i] = ++last_name;
                    break;
                case 2:
                case 3:
                case 4: {
                    const state before = states[i];
                    const state news = states[j].delta_since(states[i]);
                    states[i].merge(states[j]);
                    state by_news = before;
                    by_news.merge(news);
                    REQUIRE(by_news == states[i]);
                    REQUIRE(news <= states[j]);
                    REQUIRE(news.delta_since(before) == news);
                    see_all_of(i, seen[j]);
                    break;
                }
                case 5:
                case 6:
                    if (deltas.empty()) break;
                    check_order(deltas[random() % deltas.size()], states[i]);
                    check_order(states[i], states[j]);
                    if constexpr (requires { states[i].find_reused_dot(states[j]); }) {
                        REQUIRE_FALSE(states[i].find_reused_dot(states[j]).has_value());
                    }
                    break;
                default: {
                    const auto op = C::any_op(random);
                    events.push_back({op, events.size(), seen[i], names[i]});
                    state before = states[i];
                    const auto delta = C::apply(states[i], names[i], op);
                    seen[i].resize(events.size());
                    seen[i].back() = true;
                    // The delta does elsewhere what the operation did here.
                    before.merge(delta);
                    REQUIRE(before == states[i]);
                    before.merge(delta);
                    REQUIRE(before == states[i]);
                    deltas.push_back(delta);
                }
            }
            check(i);
        }
        // What was lost in a restart may live on in deltas. Everybody hears of everything, in whatever way: by states, or by deltas lost, repeated and reordered
        // until each has come through once.
        for (const auto& d : deltas) states[random() % replicas].merge(d);
        state all;
        for (const auto& s : states) all.merge(s);
        state backwards;
        for (auto s = states.rbegin(); s != states.rend(); ++s) backwards.merge(*s);
        REQUIRE(all == backwards);
        std::ranges::shuffle(deltas, random);
        state by_deltas;
        for (std::size_t d = 0; d < deltas.size(); ++d) {
            by_deltas.merge(deltas[d]);
            if (d % 3 == 0) by_deltas.merge(deltas[random() % deltas.size()]);
            REQUIRE(by_deltas <= all);
        }
        REQUIRE(by_deltas == all);
        // In groups as well: a join of deltas is a delta.
        state left, right;
        for (std::size_t d = 0; d < deltas.size(); ++d)
            (d % 2 == 0 ? left : right).merge(deltas[d]);
        right.merge(left);
        REQUIRE(right == all);
        see_all_of(0, std::vector<bool>(events.size(), true));
        states[0] = all;
        check(0);
        for (const auto& s : states) check_encoding<C>(s);
        for (const auto& d : deltas) check_encoding<C>(d);
        check_encoding<C>(all);
    }
}

/// A replica loses its state and goes on under its old name: before it did `first`, then it does `second`. Others
/// who have both find that out.
template <class State, class First, class Second>
void check_reused_dot_is_found(First first, Second second) {
    State copy, reborn, unrelated;
    first(copy);
    second(reborn);
    second(unrelated);
    const auto reused = copy.find_reused_dot(reborn);
    REQUIRE(reused.has_value());
    REQUIRE(reused->counter == 1);
    REQUIRE(reborn.find_reused_dot(copy).has_value());
    REQUIRE_FALSE(copy.find_reused_dot(copy).has_value());
    REQUIRE_FALSE(copy.find_reused_dot(State()).has_value());
    REQUIRE_FALSE(reborn.find_reused_dot(unrelated).has_value());
}

/// Bytes that were cut, changed or made up: an error, or another value that has just these bytes.
template <class State>
void check_hostile_bytes(const State& s) {
    const auto bytes = encode(s);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        REQUIRE_FALSE(decode<State>(std::span(bytes).first(size)).has_value());
    }
    const auto check = [](const std::vector<std::byte>& changed) {
        const auto back = decode<State>(changed);
        if (back.has_value()) REQUIRE(encode(*back) == changed);
    };
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (unsigned value = 0; value < 256; ++value) {
            auto changed = bytes;
            changed[at] = static_cast<std::byte>(value);
            check(changed);
        }
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    REQUIRE_FALSE(decode<State>(longer).has_value());
    std::mt19937_64 random(seed());
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::byte> any(random() % 40);
        for (auto& b : any) b = static_cast<std::byte>(random() % 4 == 0 ? random() : random() % 4);
        check(any);
    }
}

}  // namespace coterie::test
