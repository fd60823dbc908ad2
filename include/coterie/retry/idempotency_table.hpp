// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs a call once, however often it arrives: the client gives each call a key, and the table says whether to
// run it, to wait for who runs it, or to answer what was answered before.
//
//   retry::idempotency_table<id::uuid, reply> calls({.remember_for = 24h, .lease = 30s});
//   const auto claim = calls.begin(key, fingerprint_of(request), now);
//   switch (claim.verdict) {
//       case retry::claim_verdict::run:                                // and then say what came of it
//           (void)calls.complete(key, claim.token, run(request, claim.token), now); break;
//       case retry::claim_verdict::replay: send(*claim.result); break; // the same answer again
//       ...
//
// Who runs a call holds a lease; when it is over, the next one may run it, with a larger fencing token. Give the
// token to what the call writes to, which refuses older ones: then a process that only seemed dead does no harm.
//
// Memory is bounded in time and count. A call whose key is absent may be one that was forgotten; if the client
// says when it issued the call, one that is older than what the table remembers is refused as expired.
// Source: Stripe, "Idempotent requests"; Kleppmann, "How to do distributed locking", 2016, for the token.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <unordered_map>
#include <utility>

#include <coterie/core/assert.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/retry/call_record.hpp>

namespace coterie::inline v0::retry {

/// What to do with a call.
enum class claim_verdict : std::uint8_t {
    run,       ///< yours to run
    wait,      ///< somebody runs it; ask again when its lease ends, or sooner
    replay,    ///< it was run: here is the result
    mismatch,  ///< the key was used for a call with other parameters
    expired,   ///< too old to tell whether it was run
    full,      ///< there is no room: as many calls are running as the table holds
};

[[nodiscard]] constexpr const char* describe(claim_verdict v) noexcept {
    switch (v) {
        case claim_verdict::run: return "run";
        case claim_verdict::wait: return "wait";
        case claim_verdict::replay: return "replay";
        case claim_verdict::mismatch: return "key used with other parameters";
        case claim_verdict::expired: return "expired";
        case claim_verdict::full: return "table full";
    }
    return "not a claim verdict";
}

/// Why a result was not taken.
enum class idempotency_errc : std::uint8_t {
    fenced,  ///< the lease is over, and somebody else runs the call, or did, or it is forgotten
};

[[nodiscard]] constexpr const char* describe(idempotency_errc e) noexcept {
    return e == idempotency_errc::fenced ? "fenced by a newer claim" : "not an idempotency error";
}

/// A record in a store, and its key; null where there is none. Valid until the store changes.
template <class Key, class Result>
struct stored_call {
    const Key* key = nullptr;
    const call_record<Result>* record = nullptr;
};

/// Where a table keeps its records: by key, and in two queues, one of calls in flight, one of those done.
template <class S, class Key, class Result>
concept call_store = requires(S& s, const Key& key, call_record<Result> record, bool is_done) {
    { s.find(key) } -> std::same_as<const call_record<Result>*>;  // null where there is none
    s.put(key, std::move(record));  // new or not, at the end of its queue
    s.erase(key);
    { s.size() } -> std::convertible_to<std::size_t>;
    { s.front(is_done) } -> std::same_as<stored_call<Key, Result>>;  // the oldest of a queue
};

/// A store in memory. Complexity: that of a hash table. Thread safety: none.
template <class Key, class Result>
class memory_call_store {
public:
    memory_call_store() = default;
    // The queues point to the nodes, which a move leaves where they are.
    memory_call_store(memory_call_store&& other) noexcept
        : nodes_(std::move(other.nodes_)),
          queues_{std::exchange(other.queues_[0], {}), std::exchange(other.queues_[1], {})} {}
    memory_call_store& operator=(memory_call_store&&) = delete;

    /// See `call_store`.
    const call_record<Result>* find(const Key& key) const {
        const auto at = nodes_.find(key);
        return at == nodes_.end() ? nullptr : &at->second.record;
    }
    void put(const Key& key, call_record<Result> record) {
        const auto [at, is_new] = nodes_.try_emplace(key);
        if (!is_new) unlink(at->second);
        at->second.record = std::move(record);
        at->second.key = &at->first;
        link(at->second);
    }
    void erase(const Key& key) {
        const auto at = nodes_.find(key);
        if (at == nodes_.end()) return;
        unlink(at->second);
        nodes_.erase(at);
    }
    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
    stored_call<Key, Result> front(bool is_done) const noexcept {
        const node* const first = queues_[is_done ? 1 : 0].first;
        if (first == nullptr) return {};
        return {first->key, &first->record};
    }

private:
    struct node {
        call_record<Result> record;
        const Key* key = nullptr;
        node* previous = nullptr;
        node* next = nullptr;
    };
    struct queue {
        node* first = nullptr;
        node* last = nullptr;
    };

    queue& queue_of(const node& n) noexcept { return queues_[n.record.result.has_value() ? 1 : 0]; }
    void link(node& n) noexcept {
        queue& q = queue_of(n);
        n.previous = q.last;
        n.next = nullptr;
        (q.last == nullptr ? q.first : q.last->next) = &n;
        q.last = &n;
    }
    void unlink(node& n) noexcept {
        queue& q = queue_of(n);
        (n.previous == nullptr ? q.first : n.previous->next) = n.next;
        (n.next == nullptr ? q.last : n.next->previous) = n.previous;
    }

    std::unordered_map<Key, node> nodes_;
    queue queues_[2];
};

/// How long, and how many. Requires: all above zero, and at most 20 years.
struct idempotency_options {
    std::chrono::nanoseconds remember_for = std::chrono::hours(24);
    std::chrono::nanoseconds lease = std::chrono::seconds(30);
    std::size_t capacity = 100'000;
};

/// The calls of the last while, by key. Complexity: amortised that of the store. Thread safety: none; hold your
/// lock for begin() and complete(), not while the call runs.
template <class Key, class Result, call_store<Key, Result> Store = memory_call_store<Key, Result>>
class idempotency_table {
public:
    /// What begin() says.
    struct claim {
        claim_verdict verdict;
        /// Of `run`: larger than that of every earlier run of any call.
        std::uint64_t token = 0;
        /// Of `run` and `wait`: when the lease ends.
        steady_time until = steady_time::min();
        /// Of `replay`: the result, until the table is called again.
        const Result* result = nullptr;
    };

    explicit idempotency_table(const idempotency_options& o = {})
        : idempotency_table(o, Store(), 0) {}
    /// With a store that has records already: `last_token` is the largest that was ever given.
    idempotency_table(const idempotency_options& o, Store store, std::uint64_t last_token)
        : options_(o), store_(std::move(store)), last_token_(last_token) {
        constexpr std::chrono::hours longest(20 * 365 * 24);
        COTERIE_ASSERT(o.remember_for.count() > 0 && o.remember_for <= longest);
        COTERIE_ASSERT(o.lease.count() > 0 && o.lease <= longest && o.capacity > 0);
    }

    /// A call has arrived that its client issued at `issued`; `fingerprint` is a hash of its parameters.
    [[nodiscard]] claim begin(const Key& key, std::uint64_t fingerprint, steady_time now,
                              steady_time issued);
    /// A call has arrived whose client does not say when it was issued: it is never expired, and what was
    /// forgotten is run again.
    [[nodiscard]] claim begin(const Key& key, std::uint64_t fingerprint, steady_time now) {
        return begin(key, fingerprint, now, steady_time::max());
    }

    /// The call was run, by who holds the token. A lease that is over does no harm as long as nobody else has
    /// taken the call. Errors: fenced.
    [[nodiscard]] std::expected<void, idempotency_errc> complete(const Key& key,
                                                                 std::uint64_t token, Result result,
                                                                 steady_time now);

    /// The call is still running. Returns: when the lease ends now. Errors: fenced.
    [[nodiscard]] std::expected<steady_time, idempotency_errc> renew(const Key& key,
                                                                     std::uint64_t token,
                                                                     steady_time now);

    /// The call was not run, and left nothing behind: whoever asks next may run it. Errors: fenced.
    [[nodiscard]] std::expected<void, idempotency_errc> abandon(const Key& key,
                                                                std::uint64_t token);

    /// How many calls the table knows.
    [[nodiscard]] std::size_t size() const noexcept { return store_.size(); }

    /// What was issued by then and is not in the table may have been run: it is expired.
    [[nodiscard]] steady_time horizon() const noexcept { return horizon_; }

private:
    claim answer(const Key& key, const call_record<Result>& record, std::uint64_t fingerprint,
                 steady_time now);
    claim take(const Key& key, std::uint64_t fingerprint, steady_time now);
    const call_record<Result>* running(const Key& key, std::uint64_t token);
    void forget_expired(steady_time now);
    bool make_room(steady_time now);
    void forget(const stored_call<Key, Result>& call);

    idempotency_options options_;
    Store store_;
    std::uint64_t last_token_ = 0;
    steady_time horizon_ = steady_time::min();
    steady_time latest_ = steady_time::min();
};

// --- details ---------------------------------------------------------------------------------------

template <class Key, class Result, call_store<Key, Result> Store>
auto idempotency_table<Key, Result, Store>::begin(const Key& key, std::uint64_t fingerprint,
                                                  steady_time now, steady_time issued) -> claim {
    if (now > latest_) latest_ = now;
    forget_expired(latest_);
    if (const auto* const record = store_.find(key)) {
        return answer(key, *record, fingerprint, latest_);
    }
    if (issued <= horizon_) return {claim_verdict::expired};
    if (store_.size() >= options_.capacity && !make_room(latest_)) return {claim_verdict::full};
    if (issued <= horizon_) return {claim_verdict::expired};
    return take(key, fingerprint, latest_);
}

template <class Key, class Result, call_store<Key, Result> Store>
auto idempotency_table<Key, Result, Store>::answer(const Key& key,
                                                   const call_record<Result>& record,
                                                   std::uint64_t fingerprint, steady_time now)
    -> claim {
    if (record.fingerprint != fingerprint) return {claim_verdict::mismatch};
    if (record.result) return {claim_verdict::replay, record.token, record.until, &*record.result};
    if (now < record.until) return {claim_verdict::wait, 0, record.until};
    return take(key, fingerprint, now);
}

template <class Key, class Result, call_store<Key, Result> Store>
auto idempotency_table<Key, Result, Store>::take(const Key& key, std::uint64_t fingerprint,
                                                 steady_time now) -> claim {
    const steady_time until = saturating_add(now, options_.lease);
    store_.put(key, {fingerprint, ++last_token_, until, std::nullopt});
    return {claim_verdict::run, last_token_, until};
}

/// The record of a call that the holder of the token runs; null if it does not.
template <class Key, class Result, call_store<Key, Result> Store>
const call_record<Result>* idempotency_table<Key, Result, Store>::running(const Key& key,
                                                                          std::uint64_t token) {
    const call_record<Result>* const record = store_.find(key);
    return record != nullptr && record->token == token && !record->result ? record : nullptr;
}

template <class Key, class Result, call_store<Key, Result> Store>
std::expected<void, idempotency_errc> idempotency_table<Key, Result, Store>::complete(
    const Key& key, std::uint64_t token, Result result, steady_time now) {
    const auto* const record = running(key, token);
    if (record == nullptr) return std::unexpected(idempotency_errc::fenced);
    if (now > latest_) latest_ = now;
    store_.put(key, {record->fingerprint, token, saturating_add(latest_, options_.remember_for),
                     std::move(result)});
    return {};
}

template <class Key, class Result, call_store<Key, Result> Store>
std::expected<steady_time, idempotency_errc> idempotency_table<Key, Result, Store>::renew(
    const Key& key, std::uint64_t token, steady_time now) {
    const auto* const record = running(key, token);
    if (record == nullptr) return std::unexpected(idempotency_errc::fenced);
    if (now > latest_) latest_ = now;
    const steady_time until = saturating_add(latest_, options_.lease);
    store_.put(key, {record->fingerprint, token, until, std::nullopt});
    return until;
}

template <class Key, class Result, call_store<Key, Result> Store>
std::expected<void, idempotency_errc> idempotency_table<Key, Result, Store>::abandon(
    const Key& key, std::uint64_t token) {
    if (running(key, token) == nullptr) return std::unexpected(idempotency_errc::fenced);
    store_.erase(key);
    return {};
}

/// Forgets what was done long ago. It was issued before it was done, which is all that the horizon needs.
template <class Key, class Result, call_store<Key, Result> Store>
void idempotency_table<Key, Result, Store>::forget_expired(steady_time now) {
    for (auto oldest = store_.front(true); oldest.key != nullptr && oldest.record->until <= now;
         oldest = store_.front(true)) {
        forget(oldest);
    }
}

/// Forgets the oldest result, or a run whose lease is over. Returns: whether there was one.
template <class Key, class Result, call_store<Key, Result> Store>
bool idempotency_table<Key, Result, Store>::make_room(steady_time now) {
    auto oldest = store_.front(false);
    if (oldest.key == nullptr || oldest.record->until > now) oldest = store_.front(true);
    if (oldest.key == nullptr) return false;
    forget(oldest);
    return true;
}

template <class Key, class Result, call_store<Key, Result> Store>
void idempotency_table<Key, Result, Store>::forget(const stored_call<Key, Result>& call) {
    const auto kept = call.record->result ? options_.remember_for : options_.lease;
    const steady_time since = call.record->until - kept;  // when it was done, or last claimed
    if (since > horizon_) horizon_ = since;
    const Key key = *call.key;  // which is in what the store erases
    store_.erase(key);
}

}  // namespace coterie::inline v0::retry
