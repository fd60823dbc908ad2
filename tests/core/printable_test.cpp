// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/printable.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie;

namespace {

std::string printable(std::string_view text) {
    std::string out;
    append_printable(out, text);
    return out;
}

std::string xml(std::string_view text) {
    std::string out;
    append_xml(out, text);
    return out;
}

std::string json(std::string_view text) {
    std::string out;
    append_json(out, text);
    return out;
}

const std::string replacement = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("What prints on a line stays as it is") {
    for (const char* text :
         {"", "prepare(3)", "a \"b\" <c> & d\\e", "é ü ß", "仮名", "🙂", "\xF4\x8F\xBF\xBD"})
        CHECK(printable(text) == text);
}

TEST_CASE("What breaks lines or steers terminals is escaped") {
    CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
    CHECK(printable(std::string_view("\0\x1B[31m\x7F", 7)) == "\\x00\\x1B[31m\\x7F");
    CHECK(printable("\xC2\x85") == "\\x85");
    CHECK(printable("\xE2\x80\xA8\xE2\x80\xAE\xE2\x81\xA6") == "\\u{2028}\\u{202E}\\u{2066}");
    CHECK(printable("\xEF\xBB\xBF\xEF\xBF\xBF") == "\\u{FEFF}\\u{FFFF}");
    CHECK(printable("\xF4\x8F\xBF\xBF") == "\\u{10FFFF}");
    CHECK(printable("\xE2\x80\xA7\xE2\x80\xAF\xC2\xA0") == "\xE2\x80\xA7\xE2\x80\xAF\xC2\xA0");
}

TEST_CASE("A byte that is no UTF-8 becomes the replacement character") {
    CHECK(printable("\x80") == replacement);
    CHECK(printable("a\xC3") == "a" + replacement);
    CHECK(printable("\xC3(") == replacement + "(");
    CHECK(printable("\xC0\xAF") == replacement + replacement);                    // overlong
    CHECK(printable("\xE0\x9F\xBF") == replacement + replacement + replacement);  // overlong
    CHECK(printable("\xF0\x8F\xBF\xBF") == replacement + replacement + replacement + replacement);
    CHECK(printable("\xED\xA0\x80") == replacement + replacement + replacement);  // a surrogate
    CHECK(printable("\xF4\x90\x80\x80") == replacement + replacement + replacement + replacement);
    CHECK(printable("\xF5") == replacement);
    CHECK(printable("\xE2\x82") == replacement + replacement);
}

TEST_CASE("XML and JSON get what they need") {
    CHECK(xml("a<b>&\"c\"\n\xFF") == "a&lt;b&gt;&amp;&quot;c&quot;\\n" + replacement);
    CHECK(json("a\"b\\c") == R"("a\"b\\c")");
    CHECK(json("\n") == R"("\\n")");
}

TEST_CASE("Random bytes become JSON that holds one printable line") {
    std::mt19937_64 random(coterie::test::seed());
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (std::size_t n = random() % 12; n > 0; --n)
            text.push_back(static_cast<char>(random() % 2 == 0 ? random() : 0xC0 | random() % 64));
        const std::string line = printable(text);
        REQUIRE(line == printable(line));
        REQUIRE(line.find('\n') == std::string::npos);
        REQUIRE(nlohmann::json::parse(json(text)).get<std::string>() == line);
    }
}

TEST_CASE("Columns are what a terminal shows") {
    CHECK(columns(std::string_view("abc")) == 3);
    CHECK(columns(std::string_view("a\\b")) == 3);
    CHECK(columns(std::string_view("é")) == 1);
    CHECK(columns(std::string_view("仮名")) == 4);
    CHECK(columns(std::string_view("🙂")) == 2);
    CHECK(columns(std::string_view("\n\x01\xFF")) == 2 + 4 + 1);
}

TEST_CASE("A clipped text ends in an ellipsis") {
    CHECK(clipped("prepare", 7) == "prepare");
    CHECK(clipped("prepare", 6) == "prepa…");
    CHECK(clipped("prepare", 1) == "…");
    CHECK(clipped("", 1).empty());
    CHECK(clipped("仮名仮名", 8) == "仮名仮名");
    CHECK(clipped("仮名仮名", 7) == "仮名仮…");
    CHECK(clipped("仮名仮名", 6) == "仮名…");
    CHECK(clipped("ab\n", 3) == "ab…");
    CHECK(clipped("ab\n", 4) == "ab\\n");
    CHECK(clipped("仮a仮b", 4) == "仮a…");
}
