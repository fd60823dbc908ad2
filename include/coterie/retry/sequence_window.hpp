// SPDX-License-Identifier: BSL-1.0
#pragma once

// Once each, and in order: a producer numbers what it sends, a receiver accepts each number once. A producer
// that restarts takes a new epoch, which fences off whatever the old one still has under way.
//
//   retry::producer_sequencer<std::string> numbers(epoch);
//   const auto n = numbers.next("orders");               // {epoch, 0}, {epoch, 1}, ... for each partition
//   retry::sequence_window<> seen;                       // one for each producer and partition
//   if (seen.accept(*n) == retry::sequence_verdict::accepted) store(message);
//
// Source: Kafka's idempotent producer (KIP-98).

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <coterie/core/wire.hpp>

namespace coterie::inline v0::retry {

/// The number of a message: of the producer's life, and within it.
struct sequence_number {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;

    friend constexpr bool operator==(const sequence_number&, const sequence_number&) = default;
};

/// What a receiver makes of a number.
enum class sequence_verdict : std::uint8_t {
    accepted,   ///< the next one: process it
    duplicate,  ///< one of the last N: acknowledge it again
    forgotten,  ///< a duplicate too, but so old that what was answered is not known any more
    gap,        ///< one before it is missing: refuse it, the producer sends both again
    fenced,     ///< of an epoch that is over: its producer must stop
};

[[nodiscard]] constexpr const char* describe(sequence_verdict v) noexcept {
    switch (v) {
        case sequence_verdict::accepted: return "accepted";
        case sequence_verdict::duplicate: return "duplicate";
        case sequence_verdict::forgotten: return "duplicate, forgotten";
        case sequence_verdict::gap: return "gap in the sequence";
        case sequence_verdict::fenced: return "fenced by a newer epoch";
    }
    return "not a sequence verdict";
}

/// What a receiver knows of one producer and partition. A value, with a codec: keep it with the data that it
/// guards, and in the same transaction.
///
/// `Retained` is how many answers the receiver keeps to give again; Kafka's brokers keep 5.
/// Complexity: constant, 24 bytes. Thread safety: that of a value.
template <std::uint64_t Retained = 5>
class sequence_window {
public:
    constexpr sequence_window() = default;

    /// Judges a number, and remembers it if it is accepted. An epoch, the first one too, begins with sequence 0.
    [[nodiscard]] constexpr sequence_verdict accept(const sequence_number& n) noexcept {
        const sequence_verdict v = judge(n);
        if (v == sequence_verdict::accepted) {
            epoch_ = n.epoch;
            next_ = n.sequence + 1;
        }
        return v;
    }

    /// What accept() would say.
    [[nodiscard]] constexpr sequence_verdict judge(const sequence_number& n) const noexcept {
        const bool is_fresh = next_ == 0 || n.epoch > epoch_;
        if (is_fresh) return n.sequence == 0 ? sequence_verdict::accepted : sequence_verdict::gap;
        if (n.epoch < epoch_) return sequence_verdict::fenced;
        if (n.sequence > next_ || n.sequence == last_sequence) return sequence_verdict::gap;
        if (n.sequence == next_) return sequence_verdict::accepted;
        return next_ - n.sequence <= Retained ? sequence_verdict::duplicate
                                              : sequence_verdict::forgotten;
    }

    friend constexpr bool operator==(const sequence_window&, const sequence_window&) = default;

private:
    friend codec<sequence_window>;
    static constexpr std::uint64_t last_sequence = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t epoch_ = 0;
    std::uint64_t next_ = 0;  // zero: nothing was accepted so far
};

/// Why a producer cannot number a message.
enum class sequence_errc : std::uint8_t {
    exhausted,  ///< there is no larger number; take a new epoch
};

[[nodiscard]] constexpr const char* describe(sequence_errc e) noexcept {
    return e == sequence_errc::exhausted ? "sequence numbers exhausted" : "not a sequence error";
}

/// Numbers what one producer sends, for each partition from 0. A value, with a codec where partitions are ordered: a
/// producer that keeps it with what it sends goes on in the same epoch. Thread safety: that of a value.
template <class Partition>
class producer_sequencer {
public:
    /// The epoch must be larger than all that this producer has had: from a coordinator, or a counter on disk.
    explicit producer_sequencer(std::uint64_t epoch) noexcept : epoch_(epoch) {}

    /// The next number. A message that is sent again keeps its own. Errors: exhausted.
    [[nodiscard]] std::expected<sequence_number, sequence_errc> next(const Partition& p) {
        std::uint64_t& sequence = next_[p];
        if (sequence == std::numeric_limits<std::uint64_t>::max()) {
            return std::unexpected(sequence_errc::exhausted);
        }
        return sequence_number{epoch_, sequence++};
    }

    /// Goes on in a larger epoch, in which every partition begins at 0 again: to reset some of them only would
    /// be taken for gaps, or for duplicates. Errors: exhausted, if it is not larger.
    [[nodiscard]] std::expected<void, sequence_errc> begin_epoch(std::uint64_t epoch) {
        if (epoch <= epoch_) return std::unexpected(sequence_errc::exhausted);
        epoch_ = epoch;
        next_.clear();
        return {};
    }

    /// The present epoch.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }

    friend bool operator==(const producer_sequencer&, const producer_sequencer&) = default;

private:
    friend codec<producer_sequencer>;

    std::uint64_t epoch_;
    std::unordered_map<Partition, std::uint64_t> next_;
};

}  // namespace coterie::inline v0::retry

// --- details ---------------------------------------------------------------------------------------

/// A version, the epoch, the next sequence.
template <std::uint64_t Retained>
struct coterie::codec<coterie::retry::sequence_window<Retained>> {
    static constexpr void encode(writer& w, const retry::sequence_window<Retained>& x) {
        w.version(0);
        w.varint(x.epoch_);
        w.varint(x.next_);
    }
    static constexpr std::expected<retry::sequence_window<Retained>, decode_error> decode(
        reader& r) {
        retry::sequence_window<Retained> x;
        (void)r.version(0);
        x.epoch_ = r.varint();
        x.next_ = r.varint();
        if (x.next_ == 0 && x.epoch_ != 0) (void)r.fail(decode_errc::invalid_value);
        return r.result(x);
    }
};

/// A version, the epoch, a count; then for each partition, in order, its name and next sequence, which is not zero.
template <class Partition>
    requires coterie::encodable<Partition> && std::totally_ordered<Partition>
struct coterie::codec<coterie::retry::producer_sequencer<Partition>> {
    using sequencer = retry::producer_sequencer<Partition>;

    static void encode(writer& w, const sequencer& x) {
        std::vector<Partition> partitions;
        partitions.reserve(x.next_.size());
        for (const auto& [p, next] : x.next_) partitions.push_back(p);
        std::sort(partitions.begin(), partitions.end());
        w.version(0);
        w.varint(x.epoch_);
        w.varint(partitions.size());
        for (const Partition& p : partitions) {
            encode_to(w, p);
            w.varint(x.next_.at(p));
        }
    }
    /// Errors: invalid_value where partitions are not in order, or a sequence is zero.
    static std::expected<sequencer, decode_error> decode(reader& r) {
        (void)r.version(0);
        sequencer x(r.varint());
        const std::size_t size = r.count(2);
        std::optional<Partition> before;
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            auto p = r.value<Partition>();
            const std::uint64_t next = r.varint();
            if (r.ok() && (next == 0 || (before && !(*before < p)))) {
                (void)r.fail(decode_errc::invalid_value);
            }
            x.next_[p] = next;
            before = std::move(p);
        }
        return r.result(std::move(x));
    }
};
