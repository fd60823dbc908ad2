// SPDX-License-Identifier: BSL-1.0
#include <coterie/check/recorded.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <coterie/check/history.hpp>
#include <coterie/check/key_value_model.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/seed.hpp"

using namespace coterie;

namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string log_line(std::string_view event) {
    return "INFO  jepsen.util - " + std::string(event) + "\n";
}

check::recorded_error error_of(const std::string& log) {
    const auto h = check::parse_register_log(log);
    REQUIRE_FALSE(h.has_value());
    return h.error();
}

template <class Model, class History>
void check_verdict(const History& h, const Model& m, bool is_linearizable) {
    REQUIRE(h.has_value());
    const check::verdict v = check::linearizable(*h, m);
    CHECK(describe(v.answer) == std::string(is_linearizable ? "yes" : "no"));
    if (is_linearizable) return;
    // The part alone must be bad, and good as soon as one outcome is not known.
    const auto with_outcomes_of = [&](const auto& ids) {
        auto part = typename History::value_type();
        for (check::operation_id id = 0; id < h->size(); ++id) {
            const auto& op = (*h)[id];
            const auto copy = part.invoke(op.client, op.input, op.invoked);
            if (op.result == check::outcome::failed) part.fail(copy, op.ended);
            if (std::find(ids.begin(), ids.end(), id) != ids.end())
                part.complete(copy, *op.output, op.ended);
        }
        return part;
    };
    CHECK(check::linearizable(with_outcomes_of(v.offending), m).answer == check::answer::no);
    if (v.reason.find("larger") != std::string::npos) return;
    for (const auto id : v.offending) {
        auto fewer = v.offending;
        fewer.erase(std::find(fewer.begin(), fewer.end(), id));
        CHECK(check::linearizable(with_outcomes_of(fewer), m).answer == check::answer::yes);
    }
}

}  // namespace

TEST_CASE("recorded histories have the verdicts that others found") {
    const auto folder = test::data_dir() / "histories";
    const auto verdicts = nlohmann::json::parse(read_file(folder / "verdicts.json")).at("verdicts");
    REQUIRE(verdicts.size() > 0);
    for (const auto& [name, is_linearizable] : verdicts.items()) {
        INFO(name);
        const std::string text = read_file(folder / name);
        if (text.starts_with('{'))
            check_verdict(check::parse_key_value_log(text), check::key_value_model(),
                          is_linearizable);
        else
            check_verdict(check::parse_register_log(text), check::recorded_register(),
                          is_linearizable);
    }
}

TEST_CASE("a register log becomes operations") {
    const auto h = check::parse_register_log(
        log_line("3 :invoke :cas [1 -2]") + "\n" + log_line("0 :invoke :read nil") +
        log_line("3 :fail :cas [1 -2]") + log_line("0 :fail :read :timed-out") +
        log_line("3 :invoke :write 7") + log_line("3 :info :write :timed-out") +
        "INFO jepsen.util - 3\t:invoke\t:read\tnil\r\n" + log_line("3 :ok :read 7"));
    REQUIRE(h.has_value());
    REQUIRE(h->size() == 4);
    const auto line = [](int n) { return steady_time(std::chrono::nanoseconds(n)); };
    const auto& swap = (*h)[0];
    CHECK(swap.client == 3);
    CHECK(swap.input == check::register_input<std::int64_t>{check::register_call::cas, -2, 1});
    CHECK(swap.result == check::outcome::completed);
    CHECK_FALSE(swap.output->swapped);
    CHECK(swap.invoked == line(1));
    CHECK(swap.ended == line(4));
    CHECK((*h)[1].result == check::outcome::failed);
    CHECK((*h)[2].result == check::outcome::unknown);
    CHECK((*h)[3].output->value == 7);
}

TEST_CASE("a key-value log becomes operations") {
    const auto h = check::parse_key_value_log(
        "{:process 0, :type :invoke, :f :append, :key \"a b\", :value \"q\\\"\"}\n"
        "{:process 0, :type :ok, :f :append, :key \"a b\", :value \"q\\\"\"}\n"
        "{:process 0, :type :invoke, :f :get, :key \"a b\", :value nil}\n"
        "{:process 0, :type :ok, :f :get, :key \"a b\", :value \"q\\\"\"}");
    REQUIRE(h.has_value());
    REQUIRE(h->size() == 2);
    CHECK((*h)[0].input == check::key_value_input{check::key_value_call::append, "a b", "q\""});
    CHECK((*h)[1].output == "q\"");
    CHECK(check::linearizable(*h, check::key_value_model()));
}

TEST_CASE("what is wrong with a log is said with its line") {
    using enum check::recorded_errc;
    const std::string good = log_line("3 :invoke :write 7");
    const auto of = [](check::recorded_errc code, std::size_t line) {
        return check::recorded_error{code, line};
    };
    CHECK(error_of(good + "\n" + good) == of(already_open, 3));
    CHECK(error_of(log_line("3 :ok :write 7")) == of(nothing_open, 1));
    CHECK(error_of(good + log_line("4 :ok :write 7")) == of(nothing_open, 2));
    CHECK(error_of(good + log_line("3 :ok :write 8")) == of(wrong_operation, 2));
    CHECK(error_of(good + log_line("3 :ok :read 7")) == of(wrong_operation, 2));
    CHECK(error_of(good + log_line("3 :info :cas :timed-out")) == of(wrong_operation, 2));
    CHECK(error_of(log_line("3 :invoke :write 9223372036854775808")) == of(out_of_range, 1));
    for (const char* bad :
         {"3 :invoke :write", "3 :invoke :write 7 8", "3 :invoke :cas [1]", "3 :invoke :cas [1 2",
          "-3 :invoke :read nil", "x :invoke :read nil", "3 :begin :read nil", "3 :invoke :rad nil",
          "3 :invoke :write x", "3 :ok :read :timed-out"}) {
        INFO(bad);
        CHECK(error_of(log_line(bad)) == of(not_an_event, 1));
    }
    CHECK(to_string(of(already_open, 3)) == "line 3: the process has an operation open already");
    CHECK(check::parse_key_value_log("{:process 0, :type :invoke, :f :get, :key \"a").error() ==
          of(not_an_event, 1));
    CHECK(check::parse_key_value_log("\n" + good).error() == of(not_an_event, 2));
}

TEST_CASE("any bytes are read or refused") {
    rng random(test::seed(), "hostile");
    const std::string good =
        log_line("3 :invoke :cas [1 2]") + log_line("3 :ok :cas [1 2]") +
        "{:process 0, :type :invoke, :f :append, :key \"a\", :value \"\\b\"}\n";
    int read = 0, refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = good.substr(0, uniform_below(random, good.size() + 1));
        for (auto changes = uniform_below(random, 3); changes-- > 0 && !text.empty();)
            text[uniform_below(random, text.size())] = static_cast<char>(random());
        ++(check::parse_register_log(text).has_value() ? read : refused);
        ++(check::parse_key_value_log(text).has_value() ? read : refused);
    }
    CHECK(read > 0);
    CHECK(refused > 0);
}
