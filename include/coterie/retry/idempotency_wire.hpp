// SPDX-License-Identifier: BSL-1.0
#pragma once

// The bytes of what an idempotency table knows, for a store that is not in memory. A steady time means something
// on one machine only, until it starts anew: a store that outlives that gives the table times of its own making,
// which never go back.
//
//   std::vector<std::byte> row = encode(retry::call_record<std::string>{...});

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/retry/call_record.hpp>

/// A version, the fingerprint, the token, two times in nanoseconds, the result, and whether the call was given up.
template <coterie::encodable Result>
struct coterie::codec<coterie::retry::call_record<Result>> {
    static constexpr void encode(writer& w, const retry::call_record<Result>& x) {
        w.version(0);
        w.fixed(x.fingerprint);
        w.varint(x.token);
        w.svarint(x.since.time_since_epoch().count());
        w.svarint(x.until.time_since_epoch().count());
        encode_to(w, x.result);
        w.boolean(x.was_abandoned);
    }
    /// Errors: invalid_value where a call was given up and has a result.
    static constexpr std::expected<retry::call_record<Result>, decode_error> decode(reader& r) {
        retry::call_record<Result> x;
        (void)r.version(0);
        x.fingerprint = r.fixed<std::uint64_t>();
        x.token = r.varint();
        x.since = steady_time(std::chrono::nanoseconds(r.svarint()));
        x.until = steady_time(std::chrono::nanoseconds(r.svarint()));
        x.result = r.value<std::optional<Result>>();
        x.was_abandoned = r.boolean();
        if (x.was_abandoned && x.result) (void)r.fail(decode_errc::invalid_value);
        return r.result(x);
    }
};

/// A version, two times in nanoseconds, the token.
template <>
struct coterie::codec<coterie::retry::call_ledger> {
    static constexpr void encode(writer& w, const retry::call_ledger& x) {
        w.version(0);
        w.svarint(x.horizon.time_since_epoch().count());
        w.svarint(x.latest.time_since_epoch().count());
        w.varint(x.last_token);
    }
    static constexpr std::expected<retry::call_ledger, decode_error> decode(reader& r) {
        retry::call_ledger x;
        (void)r.version(0);
        x.horizon = steady_time(std::chrono::nanoseconds(r.svarint()));
        x.latest = steady_time(std::chrono::nanoseconds(r.svarint()));
        x.last_token = r.varint();
        return r.result(x);
    }
};
