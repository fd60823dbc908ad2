// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/snowflake.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "id/guarded.hpp"
#include "id/hash_quality.hpp"
#include "id/oracle.hpp"
#include "id/outcome.hpp"
#include "id/samples.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

namespace id = coterie::id;
using namespace coterie::test;
using coterie::parse_errc;
using coterie::parse_error;
using id::id_errc;
using id::sys_milliseconds;
using std::chrono::milliseconds;

// --- layouts of all shapes -------------------------------------------------------------------------

/// The layout that layout.hpp shows.
struct my_layout {
    static constexpr std::string_view name = "mine";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{
        std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
    static constexpr std::array fields{id::field::unused(1), id::field::timestamp(41),
                                       id::field::node("region", 4), id::field::node("host", 6),
                                       id::field::sequence(12)};
};

/// The time in the middle: ids that hop from page to page of an index, as some want it.
struct sequence_on_top {
    static constexpr std::string_view name = "sequence_on_top";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{milliseconds(1'000'000)};
    static constexpr std::array fields{id::field::sequence(12), id::field::timestamp(41),
                                       id::field::node("shard", 11)};
};

/// A node on top, as where the node is the partition.
struct node_on_top {
    static constexpr std::string_view name = "node_on_top";
    using unit = std::chrono::seconds;
    static constexpr id::sys_milliseconds epoch{};
    static constexpr std::array fields{id::field::unused(2), id::field::node("machine", 6),
                                       id::field::timestamp(32), id::field::sequence(24)};
};

/// Nodes on both sides of the sequence, unused bits in the middle and at the end, a unit of ten milliseconds.
struct scattered {
    static constexpr std::string_view name = "scattered";
    using unit = std::chrono::duration<std::int64_t, std::centi>;
    static constexpr id::sys_milliseconds epoch{milliseconds(1'409'529'600'003)};
    static constexpr std::array fields{
        id::field::timestamp(33),     id::field::node("datacenter", 3),
        id::field::unused(5),         id::field::sequence(9, "increment"),
        id::field::node("worker", 7), id::field::unused(2)};
};

/// Nothing but time.
struct only_time {
    static constexpr std::string_view name = "only_time";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{};
    static constexpr std::array fields{id::field::timestamp(63)};
};

/// The same in all 64 bits, with unused ones below.
struct time_on_top {
    static constexpr std::string_view name = "time_on_top";
    using unit = std::chrono::minutes;
    static constexpr id::sys_milliseconds epoch{milliseconds(60'000)};
    static constexpr std::array fields{id::field::timestamp(10), id::field::unused(54)};
};

/// One bit of each.
struct tiny {
    static constexpr std::string_view name = "tiny";
    using unit = std::chrono::hours;
    static constexpr id::sys_milliseconds epoch{};
    static constexpr std::array fields{id::field::timestamp(1), id::field::node("machine", 1),
                                       id::field::sequence(1)};
};

/// Sixty-four bits, all in use.
struct full {
    static constexpr std::string_view name = "full";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{milliseconds(1'420'070'400'000)};
    static constexpr std::array fields{id::field::timestamp(42), id::field::node("worker", 5),
                                       id::field::node("process", 5),
                                       id::field::sequence(12, "increment")};
};

using mine = id::snowflake<my_layout>;
using full_id = id::snowflake<full>;
using tiny_id = id::snowflake<tiny>;

template <class Id>
concept scans_by_time = requires(sys_milliseconds t) {
    Id::min_at(t);
    Id::max_at(t);
};
template <class Id>
concept has_min_at = requires(sys_milliseconds t) { Id::min_at(t); };
template <class Id>
concept has_max_at = requires(sys_milliseconds t) { Id::max_at(t); };
template <class Id>
concept has_node = requires(Id x) { x.node(); };
template <class Id>
concept has_sequence = requires(Id x) { x.sequence(); };
template <class Id>
concept has_datacenter = requires(Id x) { x.datacenter(); };
template <class Id>
concept has_worker = requires(Id x) { x.worker(); };
template <class Id>
concept has_process = requires(Id x) { x.process(); };
template <class Id>
concept has_increment = requires(Id x) { x.increment(); };
template <class Id>
concept has_shard = requires(Id x) { x.shard(); };
template <class Id>
concept has_machine = requires(Id x) { x.machine(); };
template <class Id, id::detail::fixed_string Name>
concept has = requires(Id x) { x.template get<Name>(); };

// --- a regular type, and what the compiler can tell ------------------------------------------------

static_assert(std::regular<mine>);
static_assert(std::totally_ordered<mine>);
static_assert(std::is_trivially_copyable_v<mine>);
static_assert(std::is_nothrow_default_constructible_v<mine>);
static_assert(std::has_unique_object_representations_v<mine>);
static_assert(sizeof(mine) == 8);
static_assert(std::same_as<decltype(mine() <=> mine()), std::strong_ordering>);
static_assert(std::same_as<mine::layout, my_layout>);
static_assert(!std::convertible_to<std::uint64_t, mine> &&
              !std::constructible_from<mine, std::uint64_t>);
static_assert(!std::convertible_to<mine, std::uint64_t>);
static_assert(!std::equality_comparable_with<mine, full_id>);  // ids of two layouts do not mix
static_assert(coterie::bounded_text<mine>);
static_assert(noexcept(mine::parse("")) && noexcept(mine::from_value(0)));
static_assert(mine().value() == 0 && prints(mine(), "0") && mine().timestamp() == my_layout::epoch);

static_assert(mine::total_bits == 64 && mine::timestamp_bits == 41 && mine::node_bits == 10 &&
              mine::sequence_bits == 12);
static_assert(mine::max_value == all >> 1);
static_assert(full_id::max_value == all);
static_assert(tiny_id::max_value == 7 && tiny_id::total_bits == 3);
static_assert(id::snowflake<only_time>::max_value == all >> 1 &&
              id::snowflake<only_time>::total_bits == 63);
static_assert(id::snowflake<time_on_top>::max_value == 0xFFC0'0000'0000'0000);
static_assert(id::snowflake<node_on_top>::max_value == all >> 2);
// 59 bits, of which two at the end and five in the middle are unused.
static_assert(id::snowflake<scattered>::total_bits == 59);
static_assert(id::snowflake<scattered>::max_value ==
              (all >> 5 & ~std::uint64_t{3} & ~(std::uint64_t{31} << 18)));

static_assert(mine::sorts_by_time && full_id::sorts_by_time && tiny_id::sorts_by_time);
static_assert(id::snowflake<scattered>::sorts_by_time && id::snowflake<only_time>::sorts_by_time);
static_assert(!id::snowflake<sequence_on_top>::sorts_by_time &&
              !id::snowflake<node_on_top>::sorts_by_time);
static_assert(scans_by_time<mine> && scans_by_time<id::snowflake<only_time>> &&
              scans_by_time<tiny_id>);
static_assert(!has_min_at<id::snowflake<sequence_on_top>> &&
              !has_max_at<id::snowflake<sequence_on_top>>);
static_assert(!has_min_at<id::snowflake<node_on_top>> && !has_max_at<id::snowflake<node_on_top>>);

static_assert(has_node<mine> && has_sequence<mine>);
static_assert(!has_node<id::snowflake<only_time>> && !has_sequence<id::snowflake<only_time>>);
static_assert(has_sequence<id::snowflake<scattered>> && has_increment<id::snowflake<scattered>>);
static_assert(has_datacenter<id::snowflake<scattered>> && has_worker<id::snowflake<scattered>>);
static_assert(has_worker<full_id> && has_process<full_id> && has_increment<full_id>);
static_assert(!has_datacenter<full_id> && !has_shard<full_id> && !has_machine<full_id>);
static_assert(!has_datacenter<mine> && !has_worker<mine> && !has_process<mine> &&
              !has_increment<mine> && !has_shard<mine> && !has_machine<mine>);
static_assert(has_shard<id::snowflake<sequence_on_top>> &&
              !has_machine<id::snowflake<sequence_on_top>>);
static_assert(has_machine<tiny_id> && !has_shard<tiny_id>);
static_assert(has<mine, "region"> && has<mine, "host"> && has<mine, "sequence"> &&
              has<mine, "timestamp">);
static_assert(!has<mine, "worker"> && !has<mine, "hos"> && !has<mine, "hosts"> &&
              !has<mine, "Host"> && !has<mine, "">);
static_assert(!has<id::snowflake<scattered>, "sequence"> &&
              has<id::snowflake<scattered>, "increment">);

// The parts of a constant, and back.
constexpr mine sample =
    mine::constant((std::uint64_t{123'456'789} << 22) | (9U << 18) | (33U << 12) | 4'000U);
static_assert(sample.timestamp() == my_layout::epoch + milliseconds(123'456'789));
static_assert(sample.get<"region">() == 9 && sample.get<"host">() == 33);
static_assert(sample.node() == (9U << 6 | 33U));
static_assert(sample.sequence() == 4'000 && sample.get<"sequence">() == 4'000);
static_assert(sample.get<"timestamp">() == 123'456'789);
static_assert(mine::compose(sample.timestamp(), sample.node(), sample.sequence()) == sample);
static_assert(prints(sample, "517815306428320"));
static_assert(mine::parse("9223372036854775807") == mine::constant(all >> 1));
static_assert(mine::parse("9223372036854775808").error() ==
              parse_error{parse_errc::out_of_range, 0});
static_assert(full_id::parse("18446744073709551615") == full_id::constant(all));
static_assert(full_id::parse("18446744073709551616").error() ==
              parse_error{parse_errc::out_of_range, 0});
static_assert(full_id::parse("").error() == parse_error{parse_errc::wrong_length, 0});
static_assert(full_id::parse("0") == full_id() &&
              prints(full_id::constant(all), "18446744073709551615"));
static_assert(full_id::parse("00").error() == parse_error{parse_errc::not_canonical, 0});
static_assert(full_id::constant(all).bytes() == bytes_of(255, 255, 255, 255, 255, 255, 255, 255));
static_assert(full_id::from_bytes(bytes_of(1, 2, 3, 4, 5, 6, 7, 8)) ==
              full_id::constant(0x0102'0304'0506'0708));
static_assert(mine::from_bytes(bytes_of(0x80, 0, 0, 0, 0, 0, 0, 0)).error() ==
              parse_error{parse_errc::out_of_range, 0});
static_assert(std::hash<mine>{}(sample) == sample.hash());

// --- what every layout must do ---------------------------------------------------------------------

/// The fields by their roles, found by walking the layout from the least significant bit up.
struct place {
    id::layout_field field;
    unsigned shift;
};

template <class Layout>
std::vector<place> places() {
    std::vector<place> out;
    unsigned shift = 0;
    for (std::size_t i = Layout::fields.size(); i-- > 0;) {
        out.insert(out.begin(), {Layout::fields[i], shift});
        shift += Layout::fields[i].bits;
    }
    return out;
}

/// The value of the field, bit by bit.
std::uint64_t field_of(std::uint64_t value, const place& p) {
    std::uint64_t out = 0;
    for (unsigned bit = p.field.bits; bit-- > 0;) out = out * 2 + (value >> (p.shift + bit)) % 2;
    return out;
}

template <class Layout>
struct parts {
    std::uint64_t units = 0, node = 0, sequence = 0;

    explicit parts(std::uint64_t value) {
        for (const place& p : places<Layout>()) {
            const std::uint64_t part = field_of(value, p);
            if (p.field.role == id::field_role::timestamp) units = part;
            if (p.field.role == id::field_role::sequence) sequence = part;
            if (p.field.role == id::field_role::node) {
                for (unsigned bit = 0; bit < p.field.bits; ++bit) node *= 2;
                node += part;
            }
        }
    }
};

template <class Layout>
constexpr std::int64_t unit_in_ms = std::chrono::milliseconds(typename Layout::unit(1)).count();

template <class Layout>
void check_parts(std::uint64_t value) {
    using id_type = id::snowflake<Layout>;
    const id_type x = id_type::from_value(value).value();
    const parts<Layout> wanted(value);
    INFO(Layout::name << " id " << value);
    REQUIRE(x.value() == value);
    REQUIRE(x.timestamp() == Layout::epoch + milliseconds(static_cast<std::int64_t>(wanted.units) *
                                                          unit_in_ms<Layout>));
    if constexpr (has_node<id_type>) REQUIRE(x.node() == wanted.node);
    if constexpr (has_sequence<id_type>) REQUIRE(x.sequence() == wanted.sequence);
    // Back from the parts, and from any instant within the unit.
    REQUIRE(id_type::compose(x.timestamp(), wanted.node, wanted.sequence) == x);
    const auto last_instant = x.timestamp() + milliseconds(unit_in_ms<Layout> - 1);
    REQUIRE(id_type::compose(last_instant, wanted.node, wanted.sequence) == x);
    REQUIRE(id_type::parse(x.to_string()) == x);
    REQUIRE(x.to_string() == std::to_string(value));
    REQUIRE(id_type::from_bytes(x.bytes()) == x);
}

template <class Layout>
std::uint64_t used_bits() {
    std::uint64_t used = 0;
    for (const place& p : places<Layout>()) {
        for (unsigned bit = 0; bit < p.field.bits; ++bit) {
            if (p.field.role != id::field_role::unused) used |= std::uint64_t{1} << (p.shift + bit);
        }
    }
    return used;
}

TEMPLATE_TEST_CASE("snowflake: fields lie side by side, and each bit is in one or is refused", "",
                   my_layout, sequence_on_top, node_on_top, scattered, only_time, time_on_top, tiny,
                   full) {
    using id_type = id::snowflake<TestType>;
    const std::uint64_t used = used_bits<TestType>();
    CHECK(id_type::max_value == used);
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t value = std::uint64_t{1} << bit;
        INFO(TestType::name << ", bit " << bit);
        if ((used & value) == 0) {
            const std::string wanted = "error: out of range at position 0";
            CHECK(outcome(id_type::from_value(value)) == wanted);
            CHECK(outcome(id_type::from_value(value | used)) == wanted);
            CHECK(outcome(id_type::parse(std::to_string(value))) == wanted);
            std::array<std::byte, 8> bytes{};
            bytes[7 - bit / 8] = std::byte{1} << bit % 8;
            CHECK(outcome(id_type::from_bytes(bytes)) == wanted);
            continue;
        }
        check_parts<TestType>(value);
        check_parts<TestType>(used & ~value);
        const parts<TestType> one(value);
        CHECK((one.units != 0) + (one.node != 0) + (one.sequence != 0) == 1);
    }
    check_parts<TestType>(0);
    check_parts<TestType>(used);
}

TEMPLATE_TEST_CASE("snowflake: random ids come apart and together again", "", my_layout,
                   sequence_on_top, node_on_top, scattered, only_time, time_on_top, tiny, full) {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 2'000; ++round) {
        const std::uint64_t value = random() & used_bits<TestType>();
        check_parts<TestType>(random() % 2 == 0 ? value : value & random());
    }
}

TEMPLATE_TEST_CASE("snowflake: each part is refused from the first value that does not fit", "",
                   my_layout, sequence_on_top, node_on_top, scattered, only_time, time_on_top, tiny,
                   full) {
    using id_type = id::snowflake<TestType>;
    const parts<TestType> most(used_bits<TestType>());
    const auto end = TestType::epoch +
                     milliseconds(static_cast<std::int64_t>(most.units) * unit_in_ms<TestType>) +
                     milliseconds(unit_in_ms<TestType> - 1);
    const sys_milliseconds epoch = TestType::epoch;
    const auto compose = [](sys_milliseconds t, std::uint64_t node, std::uint64_t sequence) {
        return outcome(id_type::compose(t, node, sequence));
    };
    const std::string before = "error: time before the id's epoch";
    const std::string after = "error: time after the end of the id's time field";
    const std::string node_error = "error: node does not fit the id's node field";
    const std::string sequence_error = "error: sequence does not fit the id's sequence field";

    CHECK(compose(epoch, 0, 0) == "0");
    CHECK(compose(end, most.node, most.sequence) == std::to_string(used_bits<TestType>()));
    CHECK(compose(epoch - milliseconds(1), 0, 0) == before);
    CHECK(compose(sys_milliseconds::min(), 0, 0) == before);
    if (end < sys_milliseconds::max()) CHECK(compose(end + milliseconds(1), 0, 0) == after);
    if (end < sys_milliseconds::max()) CHECK(compose(sys_milliseconds::max(), 0, 0) == after);
    CHECK(compose(epoch, most.node + 1, 0) == node_error);
    CHECK(compose(epoch, all, 0) == node_error);
    CHECK(compose(epoch, 0, most.sequence + 1) == sequence_error);
    CHECK(compose(epoch, 0, all) == sequence_error);
    // The time is looked at first, then the node.
    CHECK(compose(epoch - milliseconds(1), all, all) == before);
    CHECK(compose(epoch, all, all) == node_error);

    if constexpr (scans_by_time<id_type>) {
        CHECK(outcome(id_type::min_at(epoch - milliseconds(1))) == before);
        CHECK(outcome(id_type::max_at(epoch - milliseconds(1))) == before);
        CHECK(outcome(id_type::min_at(epoch)) == "0");
        CHECK(outcome(id_type::max_at(end)) == std::to_string(used_bits<TestType>()));
        if (end < sys_milliseconds::max()) {
            CHECK(outcome(id_type::min_at(end + milliseconds(1))) == after);
            CHECK(outcome(id_type::max_at(end + milliseconds(1))) == after);
        }
    }
}

TEMPLATE_TEST_CASE(
    "snowflake: min_at and max_at bracket every id of their unit of time and no other", "",
    my_layout, scattered, only_time, time_on_top, tiny, full) {
    using id_type = id::snowflake<TestType>;
    std::mt19937_64 random(seed());
    for (int round = 0; round < 2'000; ++round) {
        const id_type x = id_type::from_value(random() & used_bits<TestType>()).value();
        const auto offset = milliseconds(
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(unit_in_ms<TestType>)));
        const id_type first = id_type::min_at(x.timestamp() + offset).value();
        const id_type last = id_type::max_at(x.timestamp() + offset).value();
        INFO(TestType::name << " id " << x.value());
        REQUIRE(first <= x);
        REQUIRE(x <= last);
        REQUIRE(first.timestamp() == x.timestamp());
        REQUIRE(last.timestamp() == x.timestamp());
        const auto next = id_type::min_at(x.timestamp() + milliseconds(unit_in_ms<TestType>));
        if (next.has_value()) REQUIRE(last < *next);
        if (x.timestamp() > TestType::epoch) {
            REQUIRE(id_type::max_at(x.timestamp() - milliseconds(1)).value() < first);
        }
    }
}

}  // namespace

TEST_CASE("snowflake: a node of several fields is their bits side by side, the upper field first") {
    using split = id::snowflake<scattered>;
    const auto x = split::compose(scattered::epoch, 0b101'0000011, 0).value();
    CHECK(x.datacenter() == 0b101);
    CHECK(x.worker() == 0b0000011);
    CHECK(x.get<"datacenter">() == 0b101);
    CHECK(x.get<"worker">() == 0b0000011);
    CHECK(x.node() == 0b101'0000011);
    CHECK(x.value() == (std::uint64_t{5} << 23 | std::uint64_t{3} << 2));
    const auto y = split::compose(scattered::epoch, 0, 300).value();
    CHECK(y.increment() == 300);
    CHECK(y.sequence() == 300);
    CHECK(y.value() == std::uint64_t{300} << 9);
}

TEST_CASE(
    "snowflake: a unit of ten milliseconds rounds down from an epoch that is no multiple of it") {
    using coarse = id::snowflake<scattered>;
    const auto units = [](std::int64_t ms) {
        return coarse::compose(scattered::epoch + milliseconds(ms), 0, 0)->get<"timestamp">();
    };
    CHECK(units(0) == 0);
    CHECK(units(9) == 0);
    CHECK(units(10) == 1);
    CHECK(units(19) == 1);
    CHECK(units(20) == 2);
    CHECK(coarse::compose(scattered::epoch + milliseconds(19), 0, 0)->timestamp() ==
          scattered::epoch + milliseconds(10));
}

// --- parsing ---------------------------------------------------------------------------------------

TEMPLATE_TEST_CASE("snowflake: decimal texts parse as the slow parser says", "", my_layout,
                   scattered, tiny, time_on_top, full) {
    using id_type = id::snowflake<TestType>;
    const auto check = [](std::string_view text) {
        const auto slow = oracle::decimal(text, id_type::max_value);
        const auto got = id_type::parse(text);
        const std::string wanted =
            slow.has_value() ? std::to_string(*slow) : "error: " + coterie::to_string(slow.error());
        INFO(TestType::name << " text " << visible(text));
        REQUIRE(outcome(got) == wanted);
        if (slow.has_value()) REQUIRE(outcome(got) == text);
    };
    for (std::size_t length = 0; length <= 25; ++length) {
        for (const char filling : {'0', '1', '9', '!', '-', '\0', '\xFF'}) {
            check(std::string(length, filling));
            if (length > 1) check("1" + std::string(length - 1, filling));
            if (length > 1) check("-" + std::string(length - 1, filling));
            if (length > 1) check(std::string(length - 1, filling) + " ");
        }
    }
    for (const std::string_view text : {"18446744073709551614",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "18446744073709551617",
                                        "18446744073709551620",
                                        "18446744073709551700",
                                        "18446744073709552000",
                                        "18446744073710000000",
                                        "18446744080000000000",
                                        "18450000000000000000",
                                        "19000000000000000000",
                                        "20000000000000000000",
                                        "99999999999999999999",
                                        "10000000000000000000",
                                        "09999999999999999999",
                                        "36893488147419103232",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "00",
                                        "01",
                                        "0",
                                        "+1",
                                        "-0",
                                        " 1",
                                        "1 ",
                                        "1e3",
                                        "0x1",
                                        "1.0",
                                        "1'000",
                                        "1_000"}) {
        check(text);
    }
    // Around every power of two, and each with a zero in front.
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const std::uint64_t value : {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1}) {
            check(std::to_string(value));
            check("0" + std::to_string(value));
        }
    }
    // Every byte at every position.
    for (const std::string_view base : {"18446744073709551615", "12345", "7"}) {
        for (std::size_t position = 0; position < base.size(); ++position) {
            for (unsigned byte = 0; byte < 256; ++byte) {
                std::string text(base);
                text[position] = static_cast<char>(byte);
                check(text);
            }
        }
    }
    std::mt19937_64 random(seed());
    for (int round = 0; round < 5'000; ++round) {
        std::string text = std::to_string(random() >> random() % 64);
        if (random() % 4 == 0) text[random() % text.size()] = static_cast<char>(random() % 256);
        if (random() % 4 == 0) text.insert(0, 1, static_cast<char>('0' + random() % 10));
        check(text);
    }
}

TEST_CASE("snowflake: of several faults of a text the first in this order is named") {
    const auto parse = [](std::string_view text) { return outcome(mine::parse(text)); };
    // length, character, leading zero, range
    CHECK(parse("000000000000000000000") == "error: wrong length at position 20");
    CHECK(parse("!!!!!!!!!!!!!!!!!!!!!") == "error: wrong length at position 20");
    CHECK(parse("0000000000000000000x") == "error: invalid character at position 19");
    CHECK(parse("99999999999999999999x") == "error: wrong length at position 20");
    CHECK(parse("9999999999999999999x") == "error: invalid character at position 19");
    CHECK(parse("0999999999999999999x") == "error: invalid character at position 19");
    CHECK(parse("09223372036854775808") == "error: not in canonical form at position 0");
    CHECK(parse("09223372036854775807") == "error: not in canonical form at position 0");
    CHECK(parse("00000000000000000001") == "error: not in canonical form at position 0");
    CHECK(parse("99999999999999999999") == "error: out of range at position 0");
}

TEST_CASE("snowflake: parsing reads nothing beside the text") {
    const guarded_page page;
    for (std::size_t length = 0; length <= 25; ++length) {
        const std::string text(length, '1');
        for (const std::string_view guarded : {page.ending(text), page.beginning(text)}) {
            CHECK(full_id::parse(guarded).has_value() == (length >= 1 && length <= 20));
        }
    }
}

TEST_CASE("snowflake: printing writes the digits and nothing beside them") {
    const guarded_page page;
    for (const auto value : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{10}, all}) {
        char* const out = page.ending(22);
        std::fill_n(out, 22, '#');
        const std::string digits = std::to_string(value);
        char* const end = full_id::from_value(value)->to_chars(std::span<char, 20>(out + 1, 20));
        INFO("value " << value);
        CHECK(end == out + 1 + digits.size());
        CHECK(std::string_view(out, 22) == "#" + digits + std::string(21 - digits.size(), '#'));
    }
}

// --- order and hash --------------------------------------------------------------------------------

TEST_CASE("snowflake: order is by value and by bytes, and by time where the time is on top") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 10'000; ++round) {
        const auto a = mine::from_value((random() >> random() % 64) & mine::max_value).value();
        for (const auto& b :
             {mine::from_value((random() >> random() % 64) & mine::max_value).value(), a,
              mine::from_value(a.value() ^ std::uint64_t{1} << random() % 63).value()}) {
            const auto bytes_a = a.bytes(), bytes_b = b.bytes();
            INFO(a.value() << " and " << b.value());
            REQUIRE(((a <=> b) == (a.value() <=> b.value())));
            REQUIRE(
                ((a <=> b) == std::lexicographical_compare_three_way(
                                  bytes_a.begin(), bytes_a.end(), bytes_b.begin(), bytes_b.end())));
            REQUIRE(((a == b) == (a.value() == b.value())));
            if (a.timestamp() < b.timestamp()) REQUIRE(a < b);
            if (a.to_string().size() == b.to_string().size()) {
                REQUIRE(((a <=> b) == (a.to_string() <=> b.to_string())));
            }
        }
    }
}

TEST_CASE("snowflake: hashes of ids in sequence fall as evenly as chance") {
    const auto make = [](std::uint64_t value) { return full_id::from_value(value).value(); };
    CHECK(excess_of_collisions(
              [&](std::uint64_t i) { return make(1'541'815'603'606'036'480 + i); }) < 6);
    // One id a millisecond: the twenty-two low bits are always the same.
    CHECK(excess_of_collisions([&](std::uint64_t i) { return make((366'000'000'000 + i) << 22); }) <
          6);
    CHECK(excess_of_collisions([&](std::uint64_t i) { return make(i << 44); }) < 6);
}

TEST_CASE("snowflake: ids are keys of unordered containers") {
    std::unordered_set<mine> seen;
    for (std::uint64_t i = 0; i < 10'000; ++i)
        CHECK(seen.insert(mine::from_value(i << 22).value()).second);
    CHECK(seen.contains(mine()));
    CHECK_FALSE(seen.insert(mine()).second);
    CHECK_FALSE(seen.contains(mine::from_value(1).value()));
}
