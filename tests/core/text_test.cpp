// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/text.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <coterie/id/ulid.hpp>

#include "support/catch.hpp"

namespace {

// One type for each of the three ways to have a text.
struct bounded {
    static constexpr std::size_t max_text_size = 5;
    std::size_t size = 0;
    constexpr char* to_chars(std::span<char, max_text_size> out) const noexcept {
        for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i);
        return out.data() + size;
    }
};

struct appendable {
    std::string_view text;
    constexpr void append_to(std::string& out) const { out.append(text); }
};

enum class described {
    red,
    green
};
constexpr const char* describe(described x) noexcept {
    return x == described::red ? "red" : x == described::green ? "green" : "colourless";
}

// Has two of the three: the text that needs no allocation is taken.
struct both : bounded {
    constexpr void append_to(std::string& out) const { out.append("appended"); }
};

struct without_text {};
struct may_throw {
    static constexpr std::size_t max_text_size = 5;
    char* to_chars(std::span<char, max_text_size> out) const;
};
struct without_size {
    char* to_chars(std::span<char, 5> out) const noexcept;
};
struct cannot_be_const {
    void append_to(std::string& out);
};

}  // namespace

TEST_CASE("each way to have a text is recognised, and nothing else") {
    STATIC_REQUIRE(coterie::bounded_text<bounded>);
    STATIC_REQUIRE(coterie::bounded_text<coterie::id::ulid>);
    STATIC_REQUIRE(coterie::appendable_text<appendable>);
    STATIC_REQUIRE(coterie::described_enum<described>);
    STATIC_REQUIRE(coterie::text_form<bounded>);
    STATIC_REQUIRE(coterie::text_form<appendable>);
    STATIC_REQUIRE(coterie::text_form<described>);
    STATIC_REQUIRE(coterie::text_form<both>);

    STATIC_REQUIRE_FALSE(coterie::bounded_text<appendable>);
    STATIC_REQUIRE_FALSE(coterie::bounded_text<may_throw>);
    STATIC_REQUIRE_FALSE(coterie::bounded_text<without_size>);
    STATIC_REQUIRE_FALSE(coterie::text_form<cannot_be_const>);
    STATIC_REQUIRE_FALSE(coterie::text_form<without_text>);
    STATIC_REQUIRE_FALSE(coterie::text_form<int>);
    STATIC_REQUIRE_FALSE(coterie::text_form<const char*>);
    STATIC_REQUIRE_FALSE(coterie::text_form<std::string>);
    STATIC_REQUIRE_FALSE(coterie::text_form<std::string_view>);
}

TEST_CASE("to_string gives the text of each kind") {
    CHECK(coterie::to_string(bounded{0}).empty());
    CHECK(coterie::to_string(bounded{3}) == "abc");
    CHECK(coterie::to_string(bounded{5}) == "abcde");
    CHECK(coterie::to_string(appendable{""}).empty());
    CHECK(coterie::to_string(appendable{"some text"}) == "some text");
    CHECK(coterie::to_string(described::green) == "green");
    CHECK(coterie::to_string(static_cast<described>(9)) == "colourless");
    CHECK(coterie::to_string(both{{2}}) == "ab");
    CHECK(coterie::to_string(appendable{std::string_view("a\0b", 3)}) == std::string("a\0b", 3));
}

TEST_CASE("a text without a string in between works in constant expressions") {
    STATIC_REQUIRE(coterie::with_text(bounded{3}, [](std::string_view t) { return t == "abc"; }));
    STATIC_REQUIRE(coterie::with_text(bounded{0}, [](std::string_view t) { return t.empty(); }));
    STATIC_REQUIRE(
        coterie::with_text(described::red, [](std::string_view t) { return t == "red"; }));
}

TEST_CASE("with_text returns what its callee returns") {
    CHECK(coterie::with_text(bounded{4}, [](std::string_view text) { return text.size(); }) == 4);
    CHECK(coterie::with_text(appendable{"xyz"}, [](std::string_view t) { return t.back(); }) ==
          'z');
    int target = 0;
    auto&& same =
        coterie::with_text(described::red, [&](std::string_view) -> int& { return target; });
    STATIC_REQUIRE(std::is_same_v<decltype(same), int&>);
    CHECK(&same == &target);
    int calls = 0;
    coterie::with_text(bounded{1}, [&](std::string_view) { ++calls; });
    CHECK(calls == 1);
}
