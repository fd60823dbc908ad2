// SPDX-License-Identifier: BSL-1.0
#include <coterie/retry/sequence_window.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/seed.hpp"

using namespace coterie;
using retry::producer_sequencer;
using retry::sequence_errc;
using retry::sequence_number;
using retry::sequence_verdict;
using retry::sequence_window;

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

/// What Kafka's rule says, of a list of all that was accepted.
sequence_verdict expected_verdict(const std::vector<sequence_number>& accepted,
                                  const sequence_number& n, std::size_t retained) {
    if (accepted.empty() || n.epoch > accepted.back().epoch)
        return n.sequence == 0 ? sequence_verdict::accepted : sequence_verdict::gap;
    if (n.epoch < accepted.back().epoch) return sequence_verdict::fenced;
    if (n.sequence == accepted.back().sequence + 1) return sequence_verdict::accepted;
    for (std::size_t i = 0; i < accepted.size(); ++i) {
        if (accepted[i] != n) continue;
        return accepted.size() - i <= retained ? sequence_verdict::duplicate
                                               : sequence_verdict::forgotten;
    }
    return sequence_verdict::gap;
}

constexpr bool in_a_constant() {
    sequence_window<> w;
    return w.accept({3, 0}) == sequence_verdict::accepted &&
           w.accept({3, 2}) == sequence_verdict::gap &&
           w.accept({3, 0}) == sequence_verdict::duplicate &&
           w.accept({2, 0}) == sequence_verdict::fenced;
}
static_assert(in_a_constant() && sizeof(sequence_window<>) == 16);

}  // namespace

TEST_CASE("every sequence of numbers is judged by Kafka's rule") {
    // All 12^5 sequences of five numbers of three epochs.
    constexpr int kinds = 12, length = 5;
    int total = 1;
    for (int i = 0; i < length; ++i) total *= kinds;
    for (int code = 0; code < total; ++code) {
        sequence_window<2> window;
        std::vector<sequence_number> accepted;
        int rest = code;
        for (int i = 0; i < length; ++i, rest /= kinds) {
            const sequence_number n{static_cast<std::uint64_t>(rest % 3),
                                    static_cast<std::uint64_t>(rest % kinds / 3)};
            const auto expected = expected_verdict(accepted, n, 2);
            REQUIRE(window.judge(n) == expected);
            REQUIRE(window.accept(n) == expected);
            if (expected == sequence_verdict::accepted) accepted.push_back(n);
        }
    }
}

TEST_CASE("as many duplicates are known as Kafka's brokers retain") {
    std::ifstream file(test::data_dir() / "retry_rules.json");
    const auto retained = nlohmann::json::parse(file)
                              .at("kafka_dedup")
                              .at("num_batches_to_retain")
                              .get<std::uint64_t>();
    sequence_window<> window;
    for (std::uint64_t i = 0; i < 20; ++i)
        CHECK(window.accept({1, i}) == sequence_verdict::accepted);
    for (std::uint64_t i = 0; i < 20; ++i)
        CHECK(window.judge({1, i}) ==
              (i + retained >= 20 ? sequence_verdict::duplicate : sequence_verdict::forgotten));
}

TEST_CASE("a network that loses, repeats and reorders delivers each message once and in order") {
    rng random(test::seed(), "network");
    for (int run = 0; run < 50; ++run) {
        producer_sequencer<int> numbers(1);
        sequence_window<> window;
        std::vector<sequence_number> unacknowledged, delivered;
        std::deque<sequence_number> network;
        for (int i = 0; i < 2000; ++i) {
            if (unacknowledged.size() < 5 && bernoulli(random, 0.5))
                unacknowledged.push_back(numbers.next(0).value());
            for (const auto& n : unacknowledged)
                if (bernoulli(random, 0.5)) network.push_back(n);  // again and again
            if (network.empty()) continue;
            const auto which = uniform_below(random, network.size());
            std::swap(network[which], network.back());
            const auto n = network.back();
            if (bernoulli(random, 0.8)) network.pop_back();
            const auto verdict = window.accept(n);
            CHECK(verdict != sequence_verdict::fenced);
            if (verdict == sequence_verdict::accepted) delivered.push_back(n);
            if (verdict == sequence_verdict::accepted || verdict == sequence_verdict::duplicate)
                std::erase(unacknowledged, n);
        }
        CHECK(delivered.size() > 30);
        for (std::size_t i = 0; i < delivered.size(); ++i) CHECK(delivered[i].sequence == i);
    }
}

TEST_CASE("a new epoch begins at 0 in every partition, and fences the old one") {
    producer_sequencer<std::string> numbers(7);
    CHECK(numbers.next("a") == sequence_number{7, 0});
    CHECK(numbers.next("a") == sequence_number{7, 1});
    CHECK(numbers.next("b") == sequence_number{7, 0});
    CHECK(numbers.begin_epoch(7).error() == sequence_errc::exhausted);
    CHECK(numbers.begin_epoch(9).has_value());
    CHECK(numbers.epoch() == 9);
    CHECK(numbers.next("a") == sequence_number{9, 0});
    CHECK(numbers.next("b") == sequence_number{9, 0});

    sequence_window<> a;
    CHECK(a.accept({7, 0}) == sequence_verdict::accepted);
    CHECK(a.accept({9, 1}) == sequence_verdict::gap);  // and the old epoch stays in force
    CHECK(a.accept({7, 1}) == sequence_verdict::accepted);
    CHECK(a.accept({9, 0}) == sequence_verdict::accepted);
    CHECK(a.accept({7, 2}) == sequence_verdict::fenced);
}

TEST_CASE("the largest number does not wrap") {
    std::vector<std::byte> bytes;
    writer w(bytes);
    w.version(0);
    w.varint(1);
    w.varint(largest);  // next
    auto window = decode<sequence_window<>>(bytes).value();
    CHECK(window.accept({1, largest}) == sequence_verdict::gap);
    CHECK(window.accept({1, largest - 1}) == sequence_verdict::duplicate);
    CHECK(window.accept({1, 0}) == sequence_verdict::forgotten);
    CHECK(window.accept({2, 0}) == sequence_verdict::accepted);
}

TEST_CASE("a window has one encoding, and damaged bytes are refused") {
    rng random(test::seed(), "codec");
    for (int i = 0; i < 200; ++i) {
        sequence_window<> window;
        const std::uint64_t epoch = random() >> uniform_between(random, 0, 63);
        for (int n = uniform_between(random, 0, 300); n > 0; --n)
            (void)window.accept({epoch, static_cast<std::uint64_t>(n % 2 == 0 ? 1000 : 0)});
        const auto bytes = encode(window);
        CHECK(decode<sequence_window<>>(bytes) == window);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut)
            CHECK(!decode<sequence_window<>>(std::span(bytes).first(cut)).has_value());
    }
    const std::byte no_sequence[] = {std::byte{0}, std::byte{5}, std::byte{0}};
    CHECK(decode<sequence_window<>>(no_sequence).error().code == decode_errc::invalid_value);
    const std::byte newer[] = {std::byte{1}, std::byte{5}, std::byte{1}};
    CHECK(decode<sequence_window<>>(newer).error().code == decode_errc::unsupported_version);
}

TEST_CASE("verdicts have texts") {
    CHECK(to_string(sequence_verdict::accepted) == "accepted");
    CHECK(to_string(sequence_verdict::duplicate) == "duplicate");
    CHECK(to_string(sequence_verdict::forgotten) == "duplicate, forgotten");
    CHECK(to_string(sequence_verdict::gap) == "gap in the sequence");
    CHECK(to_string(sequence_verdict::fenced) == "fenced by a newer epoch");
    CHECK(to_string(static_cast<sequence_verdict>(9)) == "not a sequence verdict");
    CHECK(to_string(sequence_errc::exhausted) == "sequence numbers exhausted");
    CHECK(to_string(static_cast<sequence_errc>(9)) == "not a sequence error");
}

TEST_CASE("a producer goes on with the numbers that it has stored") {
    using sequencer = retry::producer_sequencer<std::string>;
    sequencer x(7);
    for (const char* p : {"orders", "a", "orders", "", "orders"}) REQUIRE(x.next(p).has_value());
    const auto bytes = encode(x);
    auto back = decode<sequencer>(bytes).value();
    CHECK(back == x);
    CHECK(back.next("orders") == retry::sequence_number{7, 3});
    CHECK(back.next("new") == retry::sequence_number{7, 0});
    // In whatever order partitions were met, the bytes are the same.
    sequencer y(7);
    for (const char* p : {"", "orders", "orders", "a", "orders"}) REQUIRE(y.next(p).has_value());
    CHECK(encode(y) == bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(decode<sequencer>(std::span(bytes).first(size)).has_value());
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (unsigned v = 0; v < 256; ++v) {
            auto changed = bytes;
            changed[at] = static_cast<std::byte>(v);
            const auto other = decode<sequencer>(changed);
            if (other.has_value()) REQUIRE(encode(*other) == changed);
        }
    }
}
