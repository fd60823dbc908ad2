// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/layouts.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "id/outcome.hpp"
#include "id/samples.hpp"
#include "support/catch.hpp"

namespace {

namespace id = coterie::id;
using namespace coterie::test;
using namespace coterie::id::literals;
using namespace std::chrono_literals;
using id::sys_milliseconds;
using id::layouts::discord;
using id::layouts::instagram;
using id::layouts::js_safe53;
using id::layouts::mastodon;
using id::layouts::sonyflake_v1;
using id::layouts::sonyflake_v2;
using id::layouts::twitter;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::year;

template <class Layout>
using flake = id::snowflake<Layout>;

// --- the published epochs, as the calendar says them -----------------------------------------------

static_assert(twitter::epoch == sys_days(year(2010) / 11 / 4) + 1h + 42min + 54s + 657ms);
static_assert(discord::epoch == sys_days(year(2015) / 1 / 1));
static_assert(instagram::epoch == sys_days(year(2011) / 8 / 24) + 21h + 7min + 1s + 721ms);
static_assert(sonyflake_v1::epoch == sys_days(year(2014) / 9 / 1));
static_assert(sonyflake_v2::epoch == sys_days(year(2025) / 1 / 1));
static_assert(mastodon::epoch == sys_days(year(1970) / 1 / 1));
static_assert(js_safe53::epoch == sys_days(year(1970) / 1 / 1));

// --- the numbers that the literals read ------------------------------------------------------------

static_assert(std::same_as<decltype(0_twitter), flake<twitter>>);
static_assert(std::same_as<decltype(0_discord), flake<discord>>);
static_assert(std::same_as<decltype(0_instagram), flake<instagram>>);
static_assert(std::same_as<decltype(0_sonyflake_v1), flake<sonyflake_v1>>);
static_assert(std::same_as<decltype(0_sonyflake_v2), flake<sonyflake_v2>>);
static_assert(std::same_as<decltype(0_mastodon), flake<mastodon>>);
static_assert(std::same_as<decltype(0_js_safe53), flake<js_safe53>>);
static_assert((9'223'372'036'854'775'807_twitter).value() == all >> 1);
static_assert((18'446'744'073'709'551'615_discord).value() == all);
static_assert((18'446'744'073'709'551'615_instagram).value() == all);
static_assert((18'446'744'073'709'551'615_mastodon).value() == all);
static_assert((9'223'372'036'854'775'807_sonyflake_v1).value() == all >> 1);
static_assert((9'223'372'036'854'775'807_sonyflake_v2).value() == all >> 1);
static_assert((9'007'199'254'740'991_js_safe53).value() == (std::uint64_t{1} << 53) - 1);

// --- published ids, read by the compiler -----------------------------------------------------------

constexpr auto tweet = 1541815603606036480_twitter;
static_assert(tweet.timestamp() == sys_days(year(2022) / 6 / 28) + 16h + 7min + 40s + 105ms);
static_assert(tweet.datacenter() == 11 && tweet.worker() == 26 && tweet.sequence() == 0);
static_assert(tweet.node() == (11U << 5 | 26U));
static_assert(prints(tweet, "1541815603606036480"));
static_assert(flake<twitter>::compose(at_ms(1'656'432'460'105), 11U << 5 | 26U, 0) == tweet);

constexpr auto message = 175928847299117063_discord;
static_assert(message.timestamp() == sys_days(year(2016) / 4 / 30) + 11h + 18min + 25s + 796ms);
static_assert(message.worker() == 1 && message.process() == 0 && message.increment() == 7);
static_assert(message.sequence() == 7 && message.node() == 1U << 5);

// --- accessors exist where the field does ----------------------------------------------------------

// One bit for each of datacenter, worker, process, increment, shard, machine, node, sequence.
template <class Layout>
consteval unsigned accessors() {
    using x = flake<Layout>;
    unsigned bits = 0;
    if (requires(x i) { i.datacenter(); }) bits |= 128;
    if (requires(x i) { i.worker(); }) bits |= 64;
    if (requires(x i) { i.process(); }) bits |= 32;
    if (requires(x i) { i.increment(); }) bits |= 16;
    if (requires(x i) { i.shard(); }) bits |= 8;
    if (requires(x i) { i.machine(); }) bits |= 4;
    if (requires(x i) { i.node(); }) bits |= 2;
    if (requires(x i) { i.sequence(); }) bits |= 1;
    return bits;
}
static_assert(accessors<twitter>() == 0b1100'0011);
static_assert(accessors<discord>() == 0b0111'0011);
static_assert(accessors<instagram>() == 0b0000'1011);
static_assert(accessors<sonyflake_v1>() == 0b0000'0111);
static_assert(accessors<sonyflake_v2>() == 0b0000'0111);
static_assert(accessors<mastodon>() == 0b0000'0001);
static_assert(accessors<js_safe53>() == 0b0000'0111);

static_assert(!std::same_as<flake<sonyflake_v1>, flake<sonyflake_v2>>);
static_assert(!std::equality_comparable_with<flake<sonyflake_v1>, flake<sonyflake_v2>>);

// 53 bits: what Number.MAX_SAFE_INTEGER is.
static_assert(flake<js_safe53>::max_value == 9'007'199'254'740'991);
static_assert(flake<js_safe53>::total_bits == 53);
static_assert(static_cast<std::uint64_t>(static_cast<double>(flake<js_safe53>::max_value)) ==
              flake<js_safe53>::max_value);

using since_2024 = id::layouts::js_safe53_since<1'704'067'200'000>;
static_assert(since_2024::epoch == sys_days(year(2024) / 1 / 1));
static_assert(flake<since_2024>::max_value == flake<js_safe53>::max_value);

static_assert(flake<twitter>::max_value == all >> 1);
static_assert(flake<discord>::max_value == all);
static_assert(flake<instagram>::max_value == all);
static_assert(flake<sonyflake_v1>::max_value == all >> 1);
static_assert(flake<sonyflake_v2>::max_value == all >> 1);
static_assert(flake<mastodon>::max_value == all);

/// The largest node and sequence, and the first instant that does not fit.
template <class Layout>
struct edges;
template <>
struct edges<twitter> {
    static constexpr std::string_view name = "twitter";
    static constexpr std::uint64_t node = 1'023, sequence = 4'095;
    static constexpr sys_milliseconds end =
        sys_days(year(2080) / 7 / 10) + 17h + 30min + 30s + 209ms;
};
template <>
struct edges<discord> {
    static constexpr std::string_view name = "discord";
    static constexpr std::uint64_t node = 1'023, sequence = 4'095;
    static constexpr sys_milliseconds end =
        sys_days(year(2154) / 5 / 15) + 7h + 35min + 11s + 104ms;
};
template <>
struct edges<instagram> {
    static constexpr std::string_view name = "instagram";
    static constexpr std::uint64_t node = 8'191, sequence = 1'023;
    static constexpr sys_milliseconds end = at_ms(1'314'220'021'721 + (std::int64_t{1} << 41));
};
template <>
struct edges<sonyflake_v1> {
    static constexpr std::string_view name = "sonyflake_v1";
    static constexpr std::uint64_t node = 65'535, sequence = 255;
    static constexpr sys_milliseconds end =
        sys_days(year(2188) / 11 / 16) + 3h + 28min + 58s + 880ms;
};
template <>
struct edges<sonyflake_v2> {
    static constexpr std::string_view name = "sonyflake_v2";
    static constexpr std::uint64_t node = 65'535, sequence = 255;
    static constexpr sys_milliseconds end = at_ms(1'735'689'600'000 + 10 * (std::int64_t{1} << 39));
};
template <>
struct edges<mastodon> {
    static constexpr std::string_view name = "mastodon";
    static constexpr std::uint64_t node = 0, sequence = 65'535;
    static constexpr sys_milliseconds end = at_ms(std::int64_t{1} << 48);
};
template <>
struct edges<js_safe53> {
    static constexpr std::string_view name = "js_safe53";
    static constexpr std::uint64_t node = 255, sequence = 127;
    static constexpr sys_milliseconds end = at_ms(10 * (std::int64_t{1} << 38));
};

}  // namespace

TEMPLATE_TEST_CASE(
    "layouts: a published layout is exhausted at its published end and begins at its epoch", "",
    twitter, discord, instagram, sonyflake_v1, sonyflake_v2, mastodon, js_safe53) {
    using x = flake<TestType>;
    using e = edges<TestType>;
    INFO(TestType::name);
    CHECK(TestType::name == e::name);
    CHECK(x::sorts_by_time);
    const std::string before = "error: time before the id's epoch";
    const std::string after = "error: time after the end of the id's time field";
    const sys_milliseconds epoch = TestType::epoch;
    CHECK(outcome(x::compose(e::end, 0, 0)) == after);
    CHECK(outcome(x::min_at(e::end)) == after);
    CHECK(outcome(x::max_at(e::end)) == after);
    CHECK(outcome(x::compose(e::end - milliseconds(1), e::node, e::sequence)) ==
          std::to_string(x::max_value));
    CHECK(outcome(x::max_at(e::end - milliseconds(1))) == std::to_string(x::max_value));
    CHECK(outcome(x::compose(epoch - milliseconds(1), 0, 0)) == before);
    CHECK(outcome(x::min_at(epoch - milliseconds(1))) == before);
    CHECK(outcome(x::compose(epoch, 0, 0)) == "0");
    CHECK(outcome(x::compose(epoch, e::node + 1, 0)) ==
          "error: node does not fit the id's node field");
    CHECK(outcome(x::compose(epoch, 0, e::sequence + 1)) ==
          "error: sequence does not fit the id's sequence field");
    CHECK(x::from_value(x::max_value)->timestamp() == e::end - typename TestType::unit(1));
    CHECK(x().timestamp() == epoch);
}

TEST_CASE("layouts: the fields of the published layouts lie where their makers put them") {
    const auto t = twitter::epoch + 1ms;
    CHECK(flake<twitter>::compose(t, 0, 0)->value() == std::uint64_t{1} << 22);
    CHECK(flake<twitter>::compose(twitter::epoch, 1U << 5, 0)->datacenter() == 1);
    CHECK(flake<twitter>::compose(twitter::epoch, 1U << 5, 0)->value() == std::uint64_t{1} << 17);
    CHECK(flake<twitter>::compose(twitter::epoch, 1, 0)->worker() == 1);
    CHECK(flake<twitter>::compose(twitter::epoch, 1, 0)->value() == std::uint64_t{1} << 12);

    CHECK(flake<discord>::compose(discord::epoch, 1U << 5, 0)->worker() == 1);
    CHECK(flake<discord>::compose(discord::epoch, 1, 0)->process() == 1);
    CHECK(flake<discord>::compose(discord::epoch, 1, 0)->value() == std::uint64_t{1} << 12);

    // ms << 23 | shard << 10 | sequence
    CHECK(flake<instagram>::compose(instagram::epoch + 5ms, 1341, 905)->value() ==
          (std::uint64_t{5} << 23 | std::uint64_t{1341} << 10 | 905));
    CHECK(flake<instagram>::compose(instagram::epoch, 1341, 0)->shard() == 1341);

    // 10 ms << 24 | sequence << 16 | machine: the machine is below the sequence.
    CHECK(flake<sonyflake_v1>::compose(sonyflake_v1::epoch + 50ms, 7, 3)->value() ==
          (std::uint64_t{5} << 24 | std::uint64_t{3} << 16 | 7));
    CHECK(flake<sonyflake_v2>::compose(sonyflake_v2::epoch + 59ms, 7, 3)->value() ==
          (std::uint64_t{5} << 24 | std::uint64_t{3} << 16 | 7));
    CHECK(flake<sonyflake_v2>::compose(sonyflake_v2::epoch, 65'535, 0)->machine() == 65'535);

    CHECK(flake<mastodon>::compose(at_ms(5), 0, 3)->value() == (5U << 16 | 3U));
    CHECK(flake<js_safe53>::compose(at_ms(50), 7, 3)->value() == (5U << 15 | 3U << 8 | 7U));
    CHECK(flake<js_safe53>::compose(at_ms(50), 7, 3)->machine() == 7);
}

TEST_CASE("layouts: a Discord, Instagram or Mastodon id may use bit 63") {
    CHECK(flake<instagram>::parse("9223372036854775808")->timestamp() ==
          instagram::epoch + milliseconds(std::int64_t{1} << 40));
    CHECK(flake<discord>::parse("9223372036854775808")->timestamp() ==
          discord::epoch + milliseconds(std::int64_t{1} << 41));
    CHECK(flake<mastodon>::parse("9223372036854775808")->timestamp() ==
          at_ms(std::int64_t{1} << 47));
    CHECK(flake<instagram>::max_at(instagram::epoch + milliseconds((std::int64_t{1} << 41) - 1))
              ->value() == all);
    CHECK(flake<instagram>::parse("9223372036854775807").value() <
          flake<instagram>::parse("9223372036854775808").value());
}

TEST_CASE("layouts: one number is another time in another layout") {
    const std::uint64_t value = 1541815603606036480;
    CHECK(flake<twitter>::from_value(value)->timestamp() == at_ms(1'656'432'460'105));
    CHECK(flake<discord>::from_value(value)->timestamp() ==
          at_ms(1'656'432'460'105 + 1'420'070'400'000 - 1'288'834'974'657));
    CHECK(flake<sonyflake_v2>::from_value(value)->timestamp() -
              flake<sonyflake_v1>::from_value(value)->timestamp() ==
          sonyflake_v2::epoch - sonyflake_v1::epoch);
}

TEST_CASE("layouts: numbers with unused bits are no ids of Twitter, Sonyflake or js_safe53") {
    CHECK_FALSE(flake<twitter>::parse("9223372036854775808").has_value());
    CHECK_FALSE(flake<sonyflake_v1>::parse("9223372036854775808").has_value());
    CHECK_FALSE(flake<sonyflake_v2>::parse("18446744073709551615").has_value());
    CHECK(flake<js_safe53>::parse("9007199254740991").has_value());
    CHECK(outcome(flake<js_safe53>::parse("9007199254740992")) ==
          "error: out of range at position 0");
    CHECK(outcome(flake<js_safe53>::parse("9007199254740993")) ==
          "error: out of range at position 0");
}
