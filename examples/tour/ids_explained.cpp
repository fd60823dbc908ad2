// SPDX-License-Identifier: BSL-1.0

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <fmt/core.h>

#include <coterie/adapt/fmt.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/snowflake.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

#include "common/explain.hpp"
#include "common/time_text.hpp"
#include "tour/chapters.hpp"

namespace tour {
namespace {

namespace id = coterie::id;
using namespace coterie::id::literals;
using examples::draw;
using examples::explain;
using examples::time_text;

void snowflakes() {
    fmt::print(
        "A Snowflake is a 64-bit number made of a time, the machine that made it, and a count "
        "within the\n"
        "millisecond. A tweet of June 2022, taken apart:\n\n{}\n",
        draw(explain(1541815603606036480_twitter)));
    fmt::print("Discord shares the 64 bits out otherwise, and counts from 2015:\n\n{}\n",
               draw(explain(175928847299117063_discord)));
    fmt::print(
        "Nothing in the number says which layout it has. Read by every published one, the tweet's "
        "number\n"
        "would be from:\n\n");
    examples::for_each_layout([]<class Layout>() {
        const auto x = id::snowflake<Layout>::from_value((1541815603606036480_twitter).value());
        if (x.has_value()) {
            fmt::print("   {:<14} {}\n", Layout::name, time_text(x->timestamp()));
        } else {
            fmt::print("   {:<14} impossible: it has bits that the layout does not use\n",
                       Layout::name);
        }
    });
    fmt::print("\n");
}

void wrong_on_the_web() {
    struct claim {
        id::snowflake<id::layouts::twitter> tweet;
        id::sys_milliseconds published;
    };
    // Both from techconverter.me/twitter-snowflake-timestamp-decoder.
    constexpr std::array claims{
        claim{1382350606417817604_twitter,
              id::sys_milliseconds(std::chrono::milliseconds(1618414206417))},
        claim{1800000000000000000_twitter,
              id::sys_milliseconds(std::chrono::milliseconds(1720612800000))}};

    fmt::print(
        "Two decoded tweets stand on the web with times that their numbers do not say. The "
        "arithmetic is a\n"
        "shift and a sum, and easily done wrong by hand:\n\n"
        "   {:<20} {:<25} {:<25} {:>14}\n",
        "tweet", "published", "what it says", "published late");
    for (const claim& c : claims) {
        const auto late = std::chrono::duration<double>(c.published - c.tweet.timestamp());
        fmt::print("   {:<20} {:<25} {:<25} {:>12.3f} s\n", c.tweet, time_text(c.published),
                   time_text(c.tweet.timestamp()), late.count());
    }
    fmt::print("\n");
}

void ulids() {
    fmt::print(
        "A ULID needs no numbered nodes: 48 bits of time and 80 of chance, in 26 characters that "
        "sort as the\n"
        "ids do. The specification's example:\n\n{}\n",
        draw(explain("01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid)));

    constexpr auto last_but_one = "01BX5ZZKBKZZZZZZZZZZZZZZZY"_ulid;
    const auto last = last_but_one.successor();
    fmt::print(
        "Its successor within a millisecond is one more, until there is none; the carry never "
        "leaks into\n"
        "the time:\n\n"
        "   {}   + 1 =  {}\n"
        "   {}   + 1 =  error: {}\n\n",
        last_but_one, last.value(), last.value(), last->successor().error());
}

void uuids() {
    fmt::print(
        "A UUID version 7 is the same idea in the format that databases know. RFC 9562 gives this "
        "one:\n\n{}\n",
        draw(explain("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"_uuid)));
}

void texts_that_are_no_ids() {
    constexpr std::array<std::string_view, 5> texts{
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEUTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "01ARZ3NDEITSV4RRFFQ69G5FAV", "O1ARZ3NDEKTSV4RRFFQ69G5FAV"};
    fmt::print(
        "What is no id is an error with a position. Several parsers in use take the first of "
        "these, which\n"
        "needs 130 bits. The last two hold letters that people mistype: strict parsing refuses "
        "them,\n"
        "lenient parsing reads I as 1 and O as 0.\n\n"
        "   {:<28} {:<36} {}\n",
        "text", "strict", "lenient");
    for (const std::string_view text : texts) {
        const auto strict = id::ulid::parse(text);
        const auto lenient = id::ulid::parse_lenient(text);
        fmt::print("   {:<28} {:<36} {}\n", text, to_string(strict.error()),
                   lenient.has_value() ? lenient->to_string() : "refused");
    }
    fmt::print("\n");
}

void scans() {
    using namespace std::chrono;
    constexpr auto from = sys_days{year{2022} / 6 / 28};
    constexpr auto until = from + days{1} - milliseconds{1};
    fmt::print(
        "An id that begins with its time is an index by time. All of 28 June 2022, in a table "
        "keyed by:\n\n"
        "   ULID      BETWEEN '{}' AND '{}'\n"
        "   UUIDv7    BETWEEN '{}' AND '{}'\n"
        "   tweet id  BETWEEN {} AND {}\n",
        id::ulid::min_at(from).value(), id::ulid::max_at(until).value(),
        id::uuid::min_at(from).value(), id::uuid::max_at(until).value(),
        id::snowflake<id::layouts::twitter>::min_at(from).value(),
        id::snowflake<id::layouts::twitter>::max_at(until).value());
}

}  // namespace

void ids_explained(const telling&) {
    snowflakes();
    wrong_on_the_web();
    ulids();
    uuids();
    texts_that_are_no_ids();
    scans();
}

}  // namespace tour
