// SPDX-License-Identifier: BSL-1.0
#pragma once

// Keeps the replicas of a value together by sending deltas instead of states. What changes here, or arrives
// from somebody, waits in a buffer until every peer has acknowledged it; a peer gets what it lacks, joined, at
// each tick. Two rules keep what goes around small: nothing goes back to where it came from, and of what
// arrives only that part goes on that was news here (BP and RR of the paper). In a mesh that is some seventy
// times less than without them.
//
//   crdt::anti_entropy<crdt::or_set<std::string>, int> replica({.session = boot_number}, {peer_a, peer_b});
//   replica.update(now, [&](auto& cart) { return cart.add(me, "apples"); });
//   ...                                          // and as every protocol: start, receive, tick, next_deadline
//
// Messages may be lost, repeated and reordered. The buffer is bounded: a peer that is too far behind, was silent
// for too long, or has begun anew and may have lost what it had acknowledged, gets the whole state. Nobody takes
// a delta with a gap before it.
// Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types", arXiv:1603.01529, algorithm 2;
// Enes, Almeida, Baquero and Leitão, "Efficient Synchronization of State-based CRDTs", arXiv:1803.02750.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/protocol.hpp>
#include <coterie/crdt/error.hpp>
#include <coterie/crdt/lattice.hpp>

namespace coterie::inline v0::crdt {

/// Why a message was refused. Then nothing has changed.
enum class anti_entropy_errc : std::uint8_t {
    unknown_peer,  ///< the sender is no peer
    never_sent,    ///< an acknowledgement of something that was not sent
    reused_dot,  ///< the state names by one dot what is something else here: a replica id is used twice
};

[[nodiscard]] constexpr const char* describe(anti_entropy_errc code) noexcept {
    switch (code) {
        case anti_entropy_errc::unknown_peer: return "message from an unknown peer";
        case anti_entropy_errc::never_sent: return "acknowledgement of a delta that was never sent";
        case anti_entropy_errc::reused_dot: return "one dot names two different things";
    }
    return "unknown anti-entropy error";
}

/// How deltas are shipped.
struct anti_entropy_options {
    /// A number that is another one each time the process starts, so that acknowledgements to an earlier life
    /// are not taken for answers to this one.
    std::uint64_t session = 0;
    /// How often a peer that lacks something is sent it. Requires: > 0.
    std::chrono::nanoseconds interval = std::chrono::milliseconds(100);
    /// How many deltas are kept for peers; who lacks more gets the whole state. Requires: > 0.
    std::size_t max_deltas = 1024;
};

/// Keeps a lattice and those of its peers together. Satisfies `protocol`.
///
/// Complexity: of a tick, for each peer that is behind a join of the deltas that it lacks; of a message, what
/// delta_since and merge take. Memory: the state, and at most max_deltas deltas. Thread safety: none.
template <delta_lattice State, std::regular Address>
class anti_entropy {
public:
    using address = Address;

    /// Something that the receiver lacks, or its answer.
    struct message {
        std::uint64_t session = 0;  ///< of whoever numbered the deltas
        std::uint64_t up_to = 0;  ///< after this the receiver has all before this number; 0: a gap
        std::optional<State> delta;  ///< nothing in an acknowledgement
        std::uint64_t since = 0;     ///< of a delta: its receiver must have all before this number
        std::uint64_t receiver = 0;  ///< of an acknowledgement: the session of who sends it

        friend bool operator==(const message&, const message&) = default;
    };

    /// The state has changed by what a peer sent: by this.
    struct event {
        State delta;

        friend bool operator==(const event&, const event&) = default;
    };

    using error = anti_entropy_errc;
    using output = protocol_output<address, message, event>;

    /// Begins with a state: that of a new value, or what was stored. Peers get all of it.
    anti_entropy(const anti_entropy_options& options, std::vector<Address> peers,
                 State state = State())
        : options_(options), state_(std::move(state)) {
        COTERIE_ASSERT(options.interval.count() > 0);
        COTERIE_ASSERT(options.max_deltas > 0);
        for (auto& p : peers) add_peer(std::move(p));
    }

    /// The value as it is here.
    [[nodiscard]] const State& state() const noexcept { return state_; }

    /// Calls `f(state)` to change the value and return the delta, or a std::expected of it, and has that sent.
    /// Where f fails or throws, a causal value (a set, map, flag or mv_register with replica names) and a counter are
    /// what they were. Any other value keeps what f did, and each peer is sent the whole state.
    /// Returns: what f returns, but for the delta. Peers hear of it at the next tick, which is due now.
    template <class F>
    std::expected<void, crdt_errc> update(steady_time now, F&& f) {
        attempt work(*this, now);
        std::expected<State, crdt_errc> delta = f(state_);
        if (!delta.has_value()) return std::unexpected(delta.error());
        work.succeed(*delta);
        buffer(std::move(*delta), std::nullopt);
        if (!due_.has_value() || now < *due_) due_ = now;
        return {};
    }

    /// From the next tick on a new peer is sent the whole state. Does nothing if it is there.
    void add_peer(Address p) {
        if (find(p) == nullptr) peers_.push_back({std::move(p), 0, true});
        due_ = due_.value_or(steady_time::min());
    }

    /// Nothing more is kept for a peer, sent to it or taken from it.
    void remove_peer(const Address& p) {
        std::erase_if(peers_, [&p](const peer& x) { return x.at == p; });
        forget_acknowledged();
    }

    /// Deltas that wait for somebody's acknowledgement.
    [[nodiscard]] std::size_t buffered() const noexcept { return deltas_.size(); }

    /// Sends each peer the whole state.
    void start(steady_time now, output& out) {
        due_ = now;
        tick(now, out);
    }

    /// Takes in a delta and acknowledges it, or takes in an acknowledgement.
    /// Errors: anti_entropy_errc.
    std::expected<void, error> receive(const Address& from, const message& m, steady_time now,
                                       output& out);

    /// Sends each peer what it lacks, if it is time.
    void tick(steady_time now, output& out);

    /// When somebody that lacks something is sent it again; never, if nobody does.
    [[nodiscard]] std::optional<steady_time> next_deadline() const noexcept { return due_; }

private:
    struct peer {
        Address at;
        std::uint64_t acknowledged;  // has all deltas before this number
        bool needs_state;  // has not acknowledged anything, or lacks what is no longer kept
        std::uint64_t confirmed = 0;  // what it has said that it has, and not what came from itself
        std::uint64_t life_began = 0;  // an answer below this number is of an earlier life
        std::uint64_t received = 0;    // of its session's deltas we have all before this number
        std::optional<std::uint64_t> session = std::nullopt;
    };
    struct numbered_delta {
        std::uint64_t number;
        State delta;
        std::optional<Address> from;
    };

    [[nodiscard]] peer* find(const Address& at) {
        for (peer& p : peers_) {
            if (p.at == at) return &p;
        }
        return nullptr;
    }

    void buffer(State delta, std::optional<Address> from) {
        if (deltas_.size() == options_.max_deltas) {
            const std::uint64_t lost = deltas_.front().number;
            deltas_.erase(deltas_.begin());
            for (peer& p : peers_) p.needs_state = p.needs_state || p.acknowledged <= lost;
        }
        deltas_.push_back({next_++, std::move(delta), std::move(from)});
        forget_acknowledged();
    }

    void forget_acknowledged() {
        std::uint64_t all_have = next_;
        for (const peer& p : peers_) {
            if (!p.needs_state && p.acknowledged < all_have) all_have = p.acknowledged;
        }
        std::erase_if(deltas_, [all_have](const numbered_delta& d) { return d.number < all_have; });
    }

    std::expected<void, error> on_answer(peer& p, const message& m, steady_time now);

    /// A peer whose session is another one has begun anew.
    void hear_of(peer& p, std::uint64_t session, steady_time now) {
        const bool is_another = p.session.has_value() && p.session != session;
        p.session = session;
        if (!is_another) return;
        p.received = 0;
        send_state(p, now);
    }

    /// A peer may have lost what it had acknowledged. Answers from before that may still be on their way.
    void send_state(peer& p, steady_time now) {
        p.needs_state = true;
        p.life_began = ++next_;
        due_ = due_.value_or(now);
    }

    /// A change of the state that may fail.
    class attempt;

    [[nodiscard]] bool is_behind(const peer& p) const noexcept {
        return p.needs_state || p.acknowledged < next_;
    }

    [[nodiscard]] bool is_anybody_behind() const noexcept {
        for (const peer& p : peers_) {
            if (is_behind(p)) return true;
        }
        return false;
    }

    anti_entropy_options options_;
    State state_;
    std::vector<peer> peers_;
    std::vector<numbered_delta> deltas_;  // in the order of their numbers
    std::uint64_t next_ = 1;              // the number of the next delta
    std::optional<steady_time> due_;
};

// --- details ---------------------------------------------------------------------------------------

template <delta_lattice State, std::regular Address>
class anti_entropy<State, Address>::attempt {
public:
    attempt(anti_entropy& replica, steady_time now)
        : replica_(&replica), now_(now), before_(replica.state_) {}
    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;
    ~attempt() {
        if (has_succeeded_) return;
        if constexpr (is_copied) {
            replica_->state_ = std::move(before_);
        } else if constexpr (!detail::lendable<State>) {
            for (peer& p : replica_->peers_) replica_->send_state(p, now_);
        }
    }

    void succeed(State& delta) {
        if constexpr (detail::lendable<State>) {
            before_.reconcile(delta);
            before_.keep();
        }
        has_succeeded_ = true;
    }

private:
    struct nothing_kept {
        explicit nothing_kept(State& /*state*/) noexcept {}
    };
    static constexpr bool is_copied = requires { requires State::is_cheap_to_copy; };
    using kept =
        std::conditional_t<is_copied, State,
                           typename std::conditional_t<detail::lendable<State>,
                                                       std::type_identity<detail::lending<State>>,
                                                       std::type_identity<nothing_kept>>::type>;

    anti_entropy* replica_;
    steady_time now_;
    kept before_;
    bool has_succeeded_ = false;
};

template <delta_lattice State, std::regular Address>
std::expected<void, anti_entropy_errc> anti_entropy<State, Address>::receive(const Address& from,
                                                                             const message& m,
                                                                             steady_time now,
                                                                             output& out) {
    peer* const sender = find(from);
    if (sender == nullptr) return std::unexpected(error::unknown_peer);
    if (!m.delta.has_value()) return on_answer(*sender, m, now);
    if constexpr (requires { state_.find_reused_dot(*m.delta); }) {
        if (state_.find_reused_dot(*m.delta).has_value()) return std::unexpected(error::reused_dot);
    }
    hear_of(*sender, m.session, now);
    const bool has_gap = m.since > sender->received;
    out.messages.push_back(
        {from, message{m.session, has_gap ? 0 : m.up_to, std::nullopt, 0, options_.session}});
    if (has_gap) return {};
    if (sender->received < m.up_to) sender->received = m.up_to;
    if (*m.delta <= state_) return {};
    State news = m.delta->delta_since(state_);
    state_.merge(news);
    out.events.push_back({news});
    buffer(std::move(news), from);
    if (is_anybody_behind()) due_ = due_.value_or(now + options_.interval);
    return {};
}

template <delta_lattice State, std::regular Address>
std::expected<void, anti_entropy_errc> anti_entropy<State, Address>::on_answer(peer& p,
                                                                               const message& m,
                                                                               steady_time now) {
    if (m.session != options_.session) return {};  // an answer to an earlier life
    if (m.up_to > next_) return std::unexpected(error::never_sent);
    hear_of(p, m.receiver, now);
    if (m.up_to == 0) {
        send_state(p, now);
        return {};
    }
    if (m.up_to < p.life_began) return {};
    // An old answer may arrive late; and one that came before a delta was lost says nothing of that.
    const std::uint64_t first_kept = deltas_.empty() ? next_ : deltas_.front().number;
    if (m.up_to >= first_kept) p.needs_state = false;
    if (p.acknowledged < m.up_to) p.acknowledged = m.up_to;
    if (p.confirmed < m.up_to) p.confirmed = m.up_to;
    forget_acknowledged();
    if (!is_anybody_behind()) due_.reset();
    return {};
}

template <delta_lattice State, std::regular Address>
void anti_entropy<State, Address>::tick(steady_time now, output& out) {
    if (!due_.has_value() || now < *due_) return;
    bool was_anything_sent = false;
    for (peer& p : peers_) {
        if (!is_behind(p)) continue;
        message m{options_.session, next_, std::nullopt, p.needs_state ? 0 : p.confirmed, 0};
        if (p.needs_state) {
            m.delta = state_;
        } else {
            for (const numbered_delta& d : deltas_) {
                if (d.number < p.acknowledged || d.from == p.at) continue;
                if (m.delta.has_value()) {
                    m.delta->merge(d.delta);
                } else {
                    m.delta = d.delta;
                }
            }
            // All that it lacks came from itself.
            if (!m.delta.has_value()) {
                p.acknowledged = next_;
                continue;
            }
        }
        was_anything_sent = true;
        out.messages.push_back({p.at, std::move(m)});
    }
    forget_acknowledged();
    due_ = was_anything_sent ? std::optional(now + options_.interval) : std::nullopt;
}

}  // namespace coterie::inline v0::crdt
