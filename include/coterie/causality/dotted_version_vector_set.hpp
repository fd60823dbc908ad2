// SPDX-License-Identifier: BSL-1.0
#pragma once

// The siblings of one key in a store of the Dynamo kind: many clients write through few servers. A client
// reads values and a context, and writes with that context; what the context has seen is replaced, and what it
// has not seen stays beside the new value. Events are those of the servers, so the context does not grow with
// the clients; and each value has a dot of its own, so that two clients who write through one server in turn
// do not make siblings without end, as they do under a bare version vector.
//
//   causality::dotted_version_vector_set<std::string> key;
//   const auto context = key.context();                // goes to the client, with key.values()
//   auto dot = key.put(context, "new", server);        // comes back with the value
//   key.merge(other_server);                           // read repair, anti-entropy
//
// Source: Almeida, Baquero, Gonçalves, Preguiça and Fonte, "Scalable and Accurate Causality Tracking for
// Eventually Consistent Stores", DAIS 2014; Preguiça et al., "Dotted Version Vectors", arXiv:1011.5808.

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>
#include <vector>

#include <coterie/causality/dot.hpp>
#include <coterie/causality/error.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/core/wire.hpp>

namespace coterie::inline v0::causality {

/// Values that no later write has seen, and what was seen of all. A regular type, partially ordered.
///
/// Complexity: linear in the number of servers and of siblings. Thread safety: that of a value.
template <std::regular Value, replica_name Replica = replica_id>
class dotted_version_vector_set {
public:
    /// What a client hands back to say what it has read.
    using context_type = version_vector<Replica>;

    /// Writes a value at server `r`: it replaces the values that `context` has seen. Returns: the write's name.
    /// Errors: counter_exhausted; then nothing changes.
    std::expected<dot<Replica>, causality_errc> put(const context_type& context, Value value,
                                                    const Replica& r) {
        const auto own = place_of(r);
        const bool is_there = own != servers_.end() && own->replica == r;
        const std::uint64_t last = std::max(is_there ? own->counter : 0, context.at(r));
        if (last >= max_counter) return std::unexpected(causality_errc::counter_exhausted);
        see(context);
        server& s = acquire(r);
        s.counter = last + 1;
        s.values.insert(s.values.begin(), std::move(value));
        return dot<Replica>{r, last + 1};
    }

    /// Removes the values that `context` has seen: a write of nothing.
    void remove(const context_type& context) { see(context); }

    /// The siblings: by server, the latest first.
    [[nodiscard]] std::vector<Value> values() const {
        std::vector<Value> all;
        for (const server& s : servers_) all.insert(all.end(), s.values.begin(), s.values.end());
        return all;
    }

    /// How many siblings there are.
    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t n = 0;
        for (const server& s : servers_) n += s.values.size();
        return n;
    }

    /// Whether there is no value.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// All that was seen here, for a client that has read the values.
    [[nodiscard]] context_type context() const {
        context_type all;
        for (const server& s : servers_) all.raise(s.replica, s.counter);
        return all;
    }

    /// The values of both that the other has not seen and replaced.
    void merge(const dotted_version_vector_set& other);

    /// less where `b` has seen all that `a` has, and so on.
    friend std::partial_ordering operator<=>(const dotted_version_vector_set& a,
                                             const dotted_version_vector_set& b) {
        if (a == b) return std::partial_ordering::equivalent;
        dotted_version_vector_set joined = a;
        joined.merge(b);
        if (joined == b) return std::partial_ordering::less;
        return joined == a ? std::partial_ordering::greater : std::partial_ordering::unordered;
    }
    friend bool operator==(const dotted_version_vector_set&,
                           const dotted_version_vector_set&) = default;

private:
    friend struct codec<dotted_version_vector_set>;

    // Of a server's writes the last so many are alive: values[i] is that of counter - i.
    struct server {
        Replica replica;
        std::uint64_t counter = 0;
        std::vector<Value> values;

        friend bool operator==(const server&, const server&) = default;
    };

    [[nodiscard]] auto place_of(const Replica& r) const {
        return std::lower_bound(servers_.begin(), servers_.end(), r,
                                [](const server& s, const Replica& x) { return s.replica < x; });
    }
    server& acquire(const Replica& r) {
        const auto at = servers_.begin() + (place_of(r) - servers_.cbegin());
        if (at != servers_.end() && at->replica == r) return *at;
        return *servers_.insert(at, server{r, 0, {}});
    }

    /// Of a server's values those from `counter` + 1 on stay.
    static void drop_up_to(server& s, std::uint64_t counter) {
        const std::uint64_t alive = s.counter > counter ? s.counter - counter : 0;
        if (alive < s.values.size()) {
            s.values.erase(s.values.begin() + static_cast<std::ptrdiff_t>(alive), s.values.end());
        }
    }

    /// Everything in a context was seen, and is replaced.
    void see(const context_type& context) {
        for (std::size_t i = 0; i < context.size(); ++i) {
            server& s = acquire(context.replicas()[i]);
            drop_up_to(s, context.counters()[i]);
            if (s.counter < context.counters()[i]) s = server{s.replica, context.counters()[i], {}};
        }
    }

    std::vector<server> servers_;  // by replica
};

// --- details ---------------------------------------------------------------------------------------

template <std::regular Value, replica_name Replica>
void dotted_version_vector_set<Value, Replica>::merge(const dotted_version_vector_set& other) {
    if (&other == this) return;
    for (const server& theirs : other.servers_) {
        server& mine = acquire(theirs.replica);
        // Writes up to these are dead: replaced on one side at least.
        const std::uint64_t my_dead = mine.counter - mine.values.size();
        const std::uint64_t their_dead = theirs.counter - theirs.values.size();
        if (mine.counter < theirs.counter) {
            mine.counter = theirs.counter;
            mine.values = theirs.values;
        }
        drop_up_to(mine, std::max(my_dead, their_dead));
    }
}

}  // namespace coterie::inline v0::causality

/// A count; for each server its replica, its counter, a count of values, and those, the latest first.
template <coterie::encodable Value, coterie::encodable Replica>
struct coterie::codec<coterie::causality::dotted_version_vector_set<Value, Replica>> {
    using set = causality::dotted_version_vector_set<Value, Replica>;

    static void encode(writer& w, const set& x) {
        w.varint(x.servers_.size());
        for (const auto& s : x.servers_) {
            encode_to(w, s.replica);
            w.varint(s.counter);
            encode_to(w, s.values);
        }
    }
    /// Errors: invalid_value where servers are not in order, have counted nothing, or have more values than
    /// writes; limit_exceeded where a counter is above max_counter.
    static std::expected<set, decode_error> decode(reader& r) {
        set x;
        const std::size_t size = r.count(3);
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            auto replica = r.value<Replica>();
            if (r.ok() && i > 0 && !(x.servers_.back().replica < replica))
                r.fail(decode_errc::invalid_value);
            const std::uint64_t counter = r.varint();
            if (r.ok() && counter == 0) r.fail(decode_errc::invalid_value);
            if (r.ok() && counter > causality::max_counter) r.fail(decode_errc::limit_exceeded);
            auto values = r.value<std::vector<Value>>();
            if (r.ok() && values.size() > counter) r.fail(decode_errc::invalid_value);
            x.servers_.push_back({std::move(replica), counter, std::move(values)});
        }
        return r.result(std::move(x));
    }
};
