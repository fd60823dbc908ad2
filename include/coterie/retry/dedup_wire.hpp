// SPDX-License-Identifier: BSL-1.0
#pragma once

// The bytes of what a dedup window remembers.
//
//   std::vector<std::byte> bytes = encode(seen.snapshot(now));

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include <coterie/core/wire.hpp>
#include <coterie/retry/dedup_snapshot.hpp>

/// A version; whether keys were forgotten early, and how long ago; a count; then for each key its age, none larger
/// than the one before, and itself. Ages are in nanoseconds.
template <class Key>
    requires coterie::encodable<Key>
struct coterie::codec<coterie::retry::dedup_snapshot<Key>> {
    using snapshot = retry::dedup_snapshot<Key>;

    static void encode(writer& w, const snapshot& x) {
        w.version(0);
        w.boolean(x.forgotten_for.has_value());
        if (x.forgotten_for) encode_age(w, *x.forgotten_for);
        w.varint(x.seen.size());
        for (const auto& [age, key] : x.seen) {
            encode_age(w, age);
            encode_to(w, key);
        }
    }
    /// Errors: invalid_value where keys are not in the order of their ages; out_of_range where an age is none.
    static std::expected<snapshot, decode_error> decode(reader& r) {
        snapshot x;
        (void)r.version(0);
        if (r.boolean()) x.forgotten_for = decode_age(r);
        const std::size_t size = r.count(1);
        x.seen.reserve(r.reservable(size, sizeof(typename snapshot::entry)));
        for (std::size_t i = 0; i < size && r.ok(); ++i) {
            const auto age = decode_age(r);
            if (r.ok() && !x.seen.empty() && age > x.seen.back().age) {
                (void)r.fail(decode_errc::invalid_value);
            }
            x.seen.push_back({age, r.value<Key>()});
        }
        return r.result(std::move(x));
    }

private:
    static void encode_age(writer& w, std::chrono::nanoseconds age) {
        w.varint(static_cast<std::uint64_t>(age.count()));
    }
    static std::chrono::nanoseconds decode_age(reader& r) {
        const std::uint64_t age = r.varint();
        if (age > static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count())) {
            (void)r.fail(decode_errc::out_of_range);
            return {};
        }
        return std::chrono::nanoseconds(age);
    }
};
