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
// says when it issued the call, one that is older than what the table remembers is refused as expired. A store that
// outlives the process keeps what that rule needs, so a restart changes no answer.
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

/// Where a table keeps its records: by key, and in two queues, one of calls in flight, one of those that are over; and
/// one ledger. Before each change of a record a table sets the ledger: a store that is not in memory writes both at
/// once, or in this order.
template <class S, class Key, class Result>
concept call_store = requires(S& s, const Key& key, call_record<Result> record, bool is_over) {
    { s.find(key) } -> std::same_as<const call_record<Result>*>;  // null where there is none
    s.put(key, std::move(record));  // new or not, at the end of the queue that is_over() names
    s.erase(key);
    { s.size() } -> std::convertible_to<std::size_t>;
    { s.front(is_over) } -> std::same_as<stored_call<Key, Result>>;  // the oldest of a queue
    { s.ledger() } -> std::convertible_to<call_ledger>;              // what was set last
    s.set_ledger(call_ledger{});
};

/// A store in memory. Complexity: that of a hash table. Thread safety: none.
template <class Key, class Result>
class memory_call_store {
public:
    memory_call_store() = default;
    // The queues point to the nodes, which a move leaves where they are.
    memory_call_store(memory_call_store&& other) noexcept
        : nodes_(std::move(other.nodes_)),
          queues_{std::exchange(other.queues_[0], {}), std::exchange(other.queues_[1], {})},
          ledger_(other.ledger_) {}
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
    stored_call<Key, Result> front(bool is_over) const noexcept {
        const node* const first = queues_[is_over ? 1 : 0].first;
        if (first == nullptr) return {};
        return {first->key, &first->record};
    }
    [[nodiscard]] const call_ledger& ledger() const noexcept { return ledger_; }
    void set_ledger(const call_ledger& l) noexcept { ledger_ = l; }

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

    queue& queue_of(const node& n) noexcept { return queues_[n.record.is_over() ? 1 : 0]; }
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
    call_ledger ledger_;
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

    explicit idempotency_table(const idempotency_options& o = {}) : idempotency_table(o, Store()) {}
    /// With a store that has records already: it goes on where the table stopped that had it, with options of its own.
    /// What is more than `capacity` is forgotten at the first call.
    idempotency_table(const idempotency_options& o, Store store)
        : options_(o), store_(std::move(store)), ledger_(store_.ledger()) {
        constexpr std::chrono::hours longest(20 * 365 * 24);
        COTERIE_ASSERT(o.remember_for.count() > 0 && o.remember_for <= longest);
        COTERIE_ASSERT(o.lease.count() > 0 && o.lease <= longest && o.capacity > 0);
    }

    /// A call has arrived that its client issued at `issued`, by the table's clock; `fingerprint` is a hash of its
    /// parameters. A repetition has the same `issued`: the promise that nothing runs twice rests on it, and on that it is
    /// not later than the call's first arrival.
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

    /// The call was not run, and left nothing behind: whoever asks next may run it, with these or other parameters, as
    /// long as the table has room to know of it. Errors: fenced; what was forgotten before stays expired.
    [[nodiscard]] std::expected<void, idempotency_errc> abandon(const Key& key,
                                                                std::uint64_t token);

    /// How many calls the table knows.
    [[nodiscard]] std::size_t size() const noexcept { return store_.size(); }

    /// What was issued by then and is not in the table may have been run: it is expired.
    [[nodiscard]] steady_time horizon() const noexcept { return ledger_.horizon; }

private:
    claim answer(const Key& key, const call_record<Result>& record, std::uint64_t fingerprint);
    claim take(const Key& key, std::uint64_t fingerprint);
    const call_record<Result>* running(const Key& key, std::uint64_t token);
    void advance(steady_time now) noexcept {
        if (now > ledger_.latest) ledger_.latest = now;
    }
    void put(const Key& key, call_record<Result> record);
    void forget_expired();
    bool make_room(std::size_t capacity);
    void forget(const stored_call<Key, Result>& call);

    idempotency_options options_;
    Store store_;
    call_ledger ledger_;
};

// --- details ---------------------------------------------------------------------------------------

template <class Key, class Result, call_store<Key, Result> Store>
auto idempotency_table<Key, Result, Store>::begin(const Key& key, std::uint64_t fingerprint,
                                                  steady_time now, steady_time issued) -> claim {
    advance(now);
    forget_expired();
    (void)make_room(options_.capacity);
    if (const auto* const record = store_.find(key)) return answer(key, *record, fingerprint);
    if (issued <= ledger_.horizon) return {claim_verdict::expired};
    if (!make_room(options_.capacity - 1)) return {claim_verdict::full};
    if (issued <= ledger_.horizon) return {claim_verdict::expired};
    return take(key, fingerprint);
}

template <class Key, class Result, call_store<Key, Result> Store>
auto idempotency_table<Key, Result, Store>::answer(const Key& key,
                                                   const call_record<Result>& record,
                                                   std::uint64_t fingerprint) -> claim {
    if (record.was_abandoned) return take(key, fingerprint);
    if (record.fingerprint != fingerprint) return {claim_verdict::mismatch};
    if (record.result) return {claim_verdict::replay, record.token, record.until, &*record.result};
    if (ledger_.latest < record.until) return {claim_verdict::wait, 0, record.until};
    return take(key, fingerprint);
}

template <class Key, class Result, call_store<Key, Result> Store>
auto idempotency_table<Key, Result, Store>::take(const Key& key, std::uint64_t fingerprint)
    -> claim {
    const steady_time until = saturating_add(ledger_.latest, options_.lease);
    const std::uint64_t token = ++ledger_.last_token;
    put(key, {fingerprint, token, ledger_.latest, until, std::nullopt});
    return {claim_verdict::run, token, until};
}

/// The record of a call that the holder of the token runs; null if it does not.
template <class Key, class Result, call_store<Key, Result> Store>
const call_record<Result>* idempotency_table<Key, Result, Store>::running(const Key& key,
                                                                          std::uint64_t token) {
    const call_record<Result>* const record = store_.find(key);
    return record != nullptr && record->token == token && !record->is_over() ? record : nullptr;
}

template <class Key, class Result, call_store<Key, Result> Store>
std::expected<void, idempotency_errc> idempotency_table<Key, Result, Store>::complete(
    const Key& key, std::uint64_t token, Result result, steady_time now) {
    advance(now);
    const auto* const record = running(key, token);
    if (record == nullptr) return std::unexpected(idempotency_errc::fenced);
    put(key, {record->fingerprint, token, ledger_.latest,
              saturating_add(ledger_.latest, options_.remember_for), std::move(result)});
    return {};
}

template <class Key, class Result, call_store<Key, Result> Store>
std::expected<steady_time, idempotency_errc> idempotency_table<Key, Result, Store>::renew(
    const Key& key, std::uint64_t token, steady_time now) {
    advance(now);
    const auto* const record = running(key, token);
    if (record == nullptr) return std::unexpected(idempotency_errc::fenced);
    const steady_time until = saturating_add(ledger_.latest, options_.lease);
    put(key, {record->fingerprint, token, ledger_.latest, until, std::nullopt});
    return until;
}

/// What was given up stays known: an absent key may be one that was run and forgotten.
template <class Key, class Result, call_store<Key, Result> Store>
std::expected<void, idempotency_errc> idempotency_table<Key, Result, Store>::abandon(
    const Key& key, std::uint64_t token) {
    const auto* const record = running(key, token);
    if (record == nullptr) return std::unexpected(idempotency_errc::fenced);
    put(key, {record->fingerprint, token, ledger_.latest,
              saturating_add(ledger_.latest, options_.remember_for), std::nullopt, true});
    return {};
}

template <class Key, class Result, call_store<Key, Result> Store>
void idempotency_table<Key, Result, Store>::put(const Key& key, call_record<Result> record) {
    store_.set_ledger(ledger_);
    store_.put(key, std::move(record));
}

/// Forgets what was over long ago.
template <class Key, class Result, call_store<Key, Result> Store>
void idempotency_table<Key, Result, Store>::forget_expired() {
    for (auto oldest = store_.front(true);
         oldest.key != nullptr && oldest.record->until <= ledger_.latest;
         oldest = store_.front(true)) {
        forget(oldest);
    }
}

/// Forgets runs whose lease is over, and the oldest of what is over. Returns: whether there are at most so many calls.
template <class Key, class Result, call_store<Key, Result> Store>
bool idempotency_table<Key, Result, Store>::make_room(std::size_t capacity) {
    while (store_.size() > capacity) {
        auto oldest = store_.front(false);
        if (oldest.key == nullptr || oldest.record->until > ledger_.latest)
            oldest = store_.front(true);
        if (oldest.key == nullptr) return false;
        forget(oldest);
    }
    return true;
}

/// A call was issued before it was claimed, which is all that the horizon needs; one that was given up was not run.
template <class Key, class Result, call_store<Key, Result> Store>
void idempotency_table<Key, Result, Store>::forget(const stored_call<Key, Result>& call) {
    const bool may_have_run = !call.record->was_abandoned;
    if (may_have_run && call.record->since > ledger_.horizon) ledger_.horizon = call.record->since;
    const Key key = *call.key;  // which is in what the store erases
    store_.set_ledger(ledger_);
    store_.erase(key);
}

}  // namespace coterie::inline v0::retry
