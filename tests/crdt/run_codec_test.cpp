// SPDX-License-Identifier: BSL-1.0
#include <coterie/crdt/run_codec.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/causality/error.hpp>
#include <coterie/core/wire.hpp>

#include "core/bytes.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;
using causality::max_counter;
using crdt::detail::counter_run;
using test::from_hex;
using test::to_hex;
using runs = std::vector<counter_run>;

namespace {

bool is_same(const runs& a, const runs& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const counter_run& x, const counter_run& y) {
                          return x.first == y.first && x.last == y.last;
                      });
}

/// The runs of some counters.
runs runs_of(const std::set<std::uint64_t>& counters) {
    runs all;
    for (const std::uint64_t c : counters) {
        if (!all.empty() && all.back().last + 1 == c) {
            all.back().last = c;
        } else {
            all.push_back({c, c});
        }
    }
    return all;
}

std::vector<std::byte> encoded(const runs& x) {
    std::vector<std::byte> bytes;
    writer w(bytes);
    crdt::detail::encode_runs(w, x);
    return bytes;
}

/// The list of some runs as the comment of the header describes it, and the bitmap.
std::vector<std::byte> as_list(const runs& x) {
    std::vector<std::byte> bytes;
    writer w(bytes);
    w.boolean(false);
    w.varint(x.size());
    std::uint64_t before = 0;
    for (const counter_run& run : x) {
        w.varint(run.first - before - 1);
        w.varint(run.last - run.first);
        before = run.last;
    }
    return bytes;
}

std::vector<std::byte> as_bitmap(const std::set<std::uint64_t>& counters) {
    std::vector<std::byte> bytes;
    writer w(bytes);
    const std::uint64_t first = *counters.begin(), span = *counters.rbegin() - first;
    w.boolean(true);
    w.varint(first - 1);
    w.varint(span);
    for (std::uint64_t begin = 0; begin <= span; begin += 8) {
        unsigned byte = 0;
        for (unsigned bit = 0; bit < 8; ++bit) {
            if (counters.contains(first + begin + bit)) byte |= 1U << bit;
        }
        w.fixed(static_cast<std::uint8_t>(byte));
    }
    return bytes;
}

/// What decoding says: "ok", or the error.
std::string outcome(std::span<const std::byte> bytes) {
    reader r(bytes);
    const runs decoded = crdt::detail::decode_runs(r);
    if (r.ok()) return "ok";
    REQUIRE(decoded.empty());
    REQUIRE(r.error().offset <= bytes.size());
    return describe(r.error().code);
}
std::string outcome(std::string_view hex) { return outcome(from_hex(hex)); }

/// Decodes to the same runs; and each cut is an error, and each damaged bit too, or other runs in their one form.
void check_hostile(const runs& x) {
    const std::vector<std::byte> bytes = encoded(x);
    CAPTURE(to_hex(bytes));
    reader whole(bytes);
    REQUIRE(is_same(crdt::detail::decode_runs(whole), x));
    REQUIRE(whole.finish());

    for (std::size_t size = 0; size < bytes.size(); ++size) {
        // A buffer of just this size, so that the address sanitizer sees what is read past it.
        const std::vector<std::byte> cut(bytes.begin(),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(size));
        REQUIRE(outcome(cut) == describe(decode_errc::truncated));
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::vector<std::byte> flipped = bytes;
        flipped[bit / 8] ^= std::byte{1} << bit % 8;
        reader r(flipped);
        const runs decoded = crdt::detail::decode_runs(r);
        if (!r.ok()) continue;
        flipped.resize(flipped.size() - r.remaining());
        REQUIRE_FALSE(is_same(decoded, x));
        REQUIRE(encoded(decoded) == flipped);
    }
}

}  // namespace

TEST_CASE("runs are a list or a bitmap, whichever is shorter") {
    CHECK(to_hex(encoded({{1, 1}})) == "00010000");
    CHECK(to_hex(encoded({{1, 1000}})) == "000100e707");
    CHECK(to_hex(encoded({{3, 5}, {7, 7}})) == "01020417");  // bits 0, 1, 2 and 4, from 3 on
    CHECK(to_hex(encoded({{1, 1}, {1000, 1000}})) == "00020000e60700");

    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 200; ++round) {
        const std::uint64_t begin = 1 + random() % 3 * (random() % 100'000);
        const std::uint64_t span = 1 + random() % 200, one_in = 1 + random() % 40;
        std::set<std::uint64_t> counters = {begin};
        for (std::uint64_t c = begin; c < begin + span; ++c) {
            if (random() % one_in == 0) counters.insert(c);
        }
        const runs x = runs_of(counters);
        const auto list = as_list(x), bitmap = as_bitmap(counters);
        REQUIRE(encoded(x) == (bitmap.size() < list.size() ? bitmap : list));
        // The other form is refused.
        REQUIRE(outcome(bitmap.size() < list.size() ? list : bitmap) ==
                describe(decode_errc::invalid_value));
        if (round < 20) check_hostile(x);
    }
}

TEST_CASE("runs reach to the largest counter") {
    check_hostile({{max_counter, max_counter}});
    check_hostile({{1, max_counter}});
    check_hostile({{max_counter - 8, max_counter - 6},
                   {max_counter - 4, max_counter - 4},
                   {max_counter - 2, max_counter}});
}

TEST_CASE("hostile bytes of runs") {
    const std::string invalid = describe(decode_errc::invalid_value);
    CHECK(outcome("") == describe(decode_errc::truncated));
    CHECK(outcome("02 01 00 00") == invalid);              // neither list nor bitmap
    CHECK(outcome("00 00") == invalid);                    // no runs
    CHECK(outcome("00 02 00 e7 07 00 e7 07") == invalid);  // two runs with no gap between
    CHECK(outcome("01 02 04 16") == invalid);              // the first counter is not in it
    CHECK(outcome("01 02 04 07") == invalid);              // the last one is not
    CHECK(outcome("01 02 04 37") == invalid);              // one beyond the last is
    CHECK(outcome("01 02 00 01") == invalid);              // a list is as short
    CHECK(outcome("00 ff ff 7f 00 00") ==
          describe(decode_errc::truncated));  // so many cannot follow
    CHECK(outcome("01 00 ff ff ff 7f 01") == describe(decode_errc::truncated));
    CHECK(outcome("00 81 00 00 00") == describe(decode_errc::not_minimal));

    const std::string limit = describe(decode_errc::limit_exceeded);
    const auto list = [](std::uint64_t distance, std::uint64_t more) {
        std::vector<std::byte> bytes = from_hex("00 01");
        writer w(bytes);
        w.varint(distance);
        w.varint(more);
        return bytes;
    };
    CHECK(outcome(list(max_counter - 1, 0)) == "ok");
    CHECK(outcome(list(max_counter - 1, 1)) == limit);
    CHECK(outcome(list(max_counter, 0)) == limit);
    CHECK(outcome(list(~std::uint64_t{0}, 0)) == limit);
    CHECK(outcome(list(0, max_counter)) == limit);
    CHECK(outcome(list(0, ~std::uint64_t{0})) == limit);
    const auto bitmap = [](std::uint64_t first, std::uint64_t span) {
        std::vector<std::byte> bytes = from_hex("01");
        writer w(bytes);
        w.varint(first);
        w.varint(span);
        w.fixed(std::uint8_t{0x17});
        return bytes;
    };
    CHECK(outcome(bitmap(max_counter - 5, 4)) == "ok");
    CHECK(outcome(bitmap(max_counter - 4, 4)) == limit);
    CHECK(outcome(bitmap(max_counter + 1, 4)) == limit);
    CHECK(outcome(bitmap(0, max_counter + 1)) == limit);
    CHECK(outcome(bitmap(0, max_counter)) == describe(decode_errc::truncated));
}

TEST_CASE("short bytes of runs are refused, or are the one form of what they say") {
    std::size_t accepted = 0;
    const auto decode = [&accepted](const std::vector<std::byte>& bytes) {
        reader r(bytes);
        const runs x = crdt::detail::decode_runs(r);
        if (!r.finish()) return;
        ++accepted;
        REQUIRE(encoded(x) == bytes);
    };
    for (unsigned i = 0; i < 32U * 16 * 256; ++i) {
        decode({std::byte(i >> 16 & 1), std::byte(i >> 12 & 15), std::byte(i >> 8 & 15),
                std::byte(i & 255)});
    }
    CHECK(accepted > 0);
}
