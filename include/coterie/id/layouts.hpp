// SPDX-License-Identifier: BSL-1.0
#pragma once

// The Snowflake layouts that the world uses, and literals for their ids:
//
//   using namespace coterie::id::literals;
//   constexpr auto tweet = 1541815603606036480_twitter;
//   static_assert(tweet.worker() == 26);         // after a literal, a dot needs parentheses or a name
//
// Two of them share bits but not epochs, so an id does not tell its layout: keep it beside the data.

#include <array>
#include <chrono>
#include <cstdint>
#include <ratio>
#include <string_view>

#include <coterie/id/bits128.hpp>
#include <coterie/id/layout.hpp>
#include <coterie/id/snowflake.hpp>

namespace coterie::inline v0::id {

namespace layouts {

/// Twitter, 2010: 41 bits of milliseconds since 2010-11-04, datacenter 5, worker 5, sequence 12. Ends in 2080.
///
/// Source: twitter-archive/snowflake, IdWorker.scala. Tweets with ids below about 2^35 are older than it.
struct twitter {
    static constexpr std::string_view name = "twitter";
    using unit = std::chrono::milliseconds;
    static constexpr sys_milliseconds epoch{unit(1'288'834'974'657)};
    static constexpr std::array fields{field::unused(1), field::timestamp(41),
                                       field::node("datacenter", 5), field::node("worker", 5),
                                       field::sequence(12)};
};

/// Discord: 42 bits of milliseconds since 2015, worker 5, process 5, increment 12. Ends in 2154.
///
/// Source: Discord developer documentation, "Snowflakes".
struct discord {
    static constexpr std::string_view name = "discord";
    using unit = std::chrono::milliseconds;
    static constexpr sys_milliseconds epoch{unit(1'420'070'400'000)};
    static constexpr std::array fields{field::timestamp(42), field::node("worker", 5),
                                       field::node("process", 5), field::sequence(12, "increment")};
};

/// Instagram: 41 bits of milliseconds since 2011-08-24, shard 13, sequence 10. Ends in 2081.
///
/// Source: Instagram Engineering, "Sharding & IDs at Instagram", 2012, whose epoch is 1314220021721;
/// some libraries count from 2011-01-01 instead.
struct instagram {
    static constexpr std::string_view name = "instagram";
    using unit = std::chrono::milliseconds;
    static constexpr sys_milliseconds epoch{unit(1'314'220'021'721)};
    static constexpr std::array fields{field::timestamp(41), field::node("shard", 13),
                                       field::sequence(10)};
};

/// Sonyflake before version 2: 39 bits of 10 milliseconds since 2014-09-01, sequence 8, machine 16. Ends in 2188.
///
/// Source: sony/sonyflake, sonyflake.go.
struct sonyflake_v1 {
    static constexpr std::string_view name = "sonyflake_v1";
    using unit = std::chrono::duration<std::int64_t, std::centi>;
    static constexpr sys_milliseconds epoch{std::chrono::milliseconds(1'409'529'600'000)};
    static constexpr std::array fields{field::timestamp(39), field::sequence(8),
                                       field::node("machine", 16)};
};

/// Sonyflake version 2: the same bits since 2025-01-01. Ends in 2199.
///
/// Source: sony/sonyflake, v2/sonyflake.go, with its default settings.
struct sonyflake_v2 {
    static constexpr std::string_view name = "sonyflake_v2";
    using unit = sonyflake_v1::unit;
    static constexpr sys_milliseconds epoch{std::chrono::milliseconds(1'735'689'600'000)};
    static constexpr auto fields = sonyflake_v1::fields;
};

/// Mastodon: 48 bits of milliseconds since 1970, then 16 bits that the database makes of a sequence. No node.
///
/// Source: mastodon/mastodon, lib/mastodon/snowflake.rb.
struct mastodon {
    static constexpr std::string_view name = "mastodon";
    using unit = std::chrono::milliseconds;
    static constexpr sys_milliseconds epoch{};
    static constexpr std::array fields{field::timestamp(48), field::sequence(16)};
};

/// 53 bits, which a JavaScript number holds exactly: 38 bits of 10 milliseconds, sequence 7, machine 8.
///
/// 87 years from an epoch of your choice; 12,800 ids a second and machine. No published epoch exists.
/// Source: the layout asked for in erda-project/erda#4648.
template <std::int64_t EpochUnixMs>
struct js_safe53_since {
    static constexpr std::string_view name = "js_safe53";
    using unit = std::chrono::duration<std::int64_t, std::centi>;
    static constexpr sys_milliseconds epoch{std::chrono::milliseconds(EpochUnixMs)};
    static constexpr std::array fields{field::timestamp(38), field::sequence(7),
                                       field::node("machine", 8)};
};

/// js_safe53_since 1970: ends in 2057.
using js_safe53 = js_safe53_since<0>;

}  // namespace layouts

/// Ids of the published layouts; a number that is none does not compile.
inline namespace literals {

consteval auto operator""_twitter(unsigned long long value) {
    return snowflake<layouts::twitter>::constant(value);
}
consteval auto operator""_discord(unsigned long long value) {
    return snowflake<layouts::discord>::constant(value);
}
consteval auto operator""_instagram(unsigned long long value) {
    return snowflake<layouts::instagram>::constant(value);
}
consteval auto operator""_sonyflake_v1(unsigned long long value) {
    return snowflake<layouts::sonyflake_v1>::constant(value);
}
consteval auto operator""_sonyflake_v2(unsigned long long value) {
    return snowflake<layouts::sonyflake_v2>::constant(value);
}
consteval auto operator""_mastodon(unsigned long long value) {
    return snowflake<layouts::mastodon>::constant(value);
}
consteval auto operator""_js_safe53(unsigned long long value) {
    return snowflake<layouts::js_safe53>::constant(value);
}

}  // namespace literals

}  // namespace coterie::inline v0::id
