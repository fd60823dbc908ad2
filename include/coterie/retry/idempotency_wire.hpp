// SPDX-License-Identifier: BSL-1.0
#pragma once

// The bytes of what an idempotency table knows, for a store that is not in memory. A steady time means something
// on one machine only, until it starts anew: a store that outlives that gives the table times of its own making.
//
//   std::vector<std::byte> row = encode(retry::call_record<std::string>{...});

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>

#include <coterie/core/clock.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/retry/call_record.hpp>

/// A version, the fingerprint, the token, the time in nanoseconds, the result.
template <coterie::encodable Result>
struct coterie::codec<coterie::retry::call_record<Result>> {
    static constexpr void encode(writer& w, const retry::call_record<Result>& x) {
        w.version(0);
        w.fixed(x.fingerprint);
        w.varint(x.token);
        w.svarint(x.until.time_since_epoch().count());
        encode_to(w, x.result);
    }
    static constexpr std::expected<retry::call_record<Result>, decode_error> decode(reader& r) {
        retry::call_record<Result> x;
        (void)r.version(0);
        x.fingerprint = r.fixed<std::uint64_t>();
        x.token = r.varint();
        x.until = steady_time(std::chrono::nanoseconds(r.svarint()));
        x.result = r.value<std::optional<Result>>();
        return r.result(x);
    }
};
