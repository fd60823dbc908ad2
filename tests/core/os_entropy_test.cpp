// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/os_entropy.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/chacha20_reference.hpp"
#include "core/child.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

using coterie::entropy_errc;
using coterie::fast_key_erasure;
using coterie::os_entropy;
using coterie::system_entropy;
using coterie::test::chacha20_reference;
using coterie::test::in_child;
using coterie::test::to_hex;
using coterie::test::write_all;

namespace {

// The archetype of a source, for tests: it counts, remembers what it was asked for, and fails on demand.
class fake_source {
public:
    std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
        ++calls;
        sizes += std::to_string(out.size()) + " ";
        if (failing) {
            // A source that fails may have written: what it left must not be used.
            std::fill(out.begin(), out.end(), std::byte{0x5A});
            return std::unexpected(error);
        }
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<std::byte>((static_cast<std::size_t>(calls) * 37 + i) & 0xFF);
        }
        return {};
    }

    static std::vector<std::byte> seed_number(int call) {
        fake_source source;
        source.calls = call - 1;
        std::vector<std::byte> out(32);
        (void)source.fill(out);
        return out;
    }

    int calls = 0;
    std::string sizes;
    bool failing = false;
    entropy_errc error = entropy_errc::unavailable;
};

// Fast key erasure once more, from its description: a batch of 2048 bytes, of which the first 32 are
// the next key and the rest is handed out from its end; a new seed once 64 KiB have been made from one.
class expected_stream {
public:
    std::string take(std::size_t size) {
        std::string out;
        while (size > 0) {
            if (pool_.empty()) refill();
            const std::size_t part = std::min(size, pool_.size());
            const auto begin = pool_.end() - static_cast<std::ptrdiff_t>(part);
            out += to_hex(std::vector<std::byte>(begin, pool_.end()));
            pool_.erase(begin, pool_.end());
            size -= part;
        }
        return out;
    }
    void reseed() {
        key_.clear();
        pool_.clear();
    }
    [[nodiscard]] int seeds() const { return seeds_; }

private:
    void refill() {
        if (key_.empty() || made_ >= 64 * 1024) {
            key_ = fake_source::seed_number(++seeds_);
            made_ = 0;
        }
        const std::vector<std::byte> nonce(12);
        pool_ = chacha20_reference::stream(key_, nonce, 0, 32);
        key_.assign(pool_.begin(), pool_.begin() + 32);
        pool_.erase(pool_.begin(), pool_.begin() + 32);
        made_ += pool_.size();
    }

    std::vector<std::byte> key_;
    std::vector<std::byte> pool_;
    std::size_t made_ = 0;
    int seeds_ = 0;
};

using generator = fast_key_erasure<fake_source&>;

template <class Generator>
std::string take(Generator& source, std::size_t size) {
    std::vector<std::byte> out(size);
    const auto filled = source.fill(out);
    if (!filled.has_value()) return describe(filled.error());
    return to_hex(out);
}

// An explicit instantiation may name private members: how a test looks at the memory that
// fast_key_erasure promises to have erased.
auto& state_of(generator& g);
template <auto State>
struct reveal {
    friend auto& state_of(generator& g) { return g.*State; }
};
template struct reveal<&generator::state_>;

bool holds(const std::byte* memory, std::size_t size, std::span<const std::byte> what) {
    return std::search(memory, memory + size, what.begin(), what.end()) != memory + size;
}

template <class State>
bool all_zero(const State* state, std::size_t except_last = 0) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(state);
    return std::all_of(bytes, bytes + sizeof(State) - except_last,
                       [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

TEST_CASE("system entropy fills any size, and differs each time") {
    system_entropy source;
    for (const std::size_t size : {0U, 1U, 31U, 255U, 256U, 257U, 512U, 4096U, 100'000U}) {
        CAPTURE(size);
        std::vector<std::byte> a(size + 2, std::byte{0xEE});
        std::vector<std::byte> b(size);
        REQUIRE(source.fill(std::span(a).subspan(1, size)).has_value());
        REQUIRE(source.fill(b).has_value());
        CHECK(a.front() == std::byte{0xEE});
        CHECK(a.back() == std::byte{0xEE});
        if (size < 31) continue;
        // Any 31 bytes in a row differ: so also the last ones of a large fill were written.
        CHECK_FALSE(std::equal(b.end() - 31, b.end(), a.end() - 32));
        CHECK_FALSE(std::equal(b.begin(), b.begin() + 31, a.begin() + 1));
        CHECK(std::any_of(b.end() - 31, b.end(), [](std::byte x) { return x != std::byte{0}; }));
    }
    STATIC_REQUIRE(std::is_empty_v<system_entropy>);
}

TEST_CASE("every bit of system and os entropy is set about half the time") {
    const auto check = [](auto source) {
        std::vector<std::byte> bytes(80'000);
        REQUIRE(source.fill(bytes).has_value());
        for (unsigned bit = 0; bit < 8; ++bit) {
            long set = 0;
            for (const std::byte b : bytes) set += std::to_integer<long>(b >> bit & std::byte{1});
            CAPTURE(bit, set);
            // Eight standard deviations: odds of 1 in 10^15.
            CHECK(std::labs(set - 40'000) < 8 * 142);
        }
    };
    check(system_entropy());
    check(os_entropy());
}

TEST_CASE(
    "fast key erasure asks its source for 32 bytes, and only at the first fill that needs any") {
    fake_source source;
    generator random(source);
    CHECK(source.calls == 0);
    CHECK(take(random, 0).empty());
    CHECK(source.calls == 0);
    (void)take(random, 1);
    CHECK(source.sizes == "32 ");
    (void)take(random, 2015);
    (void)take(random, 2016);
    CHECK(source.sizes == "32 ");
}

TEST_CASE("fast key erasure gives exactly the ChaCha20 stream of its keys") {
    coterie::rng sizes(coterie::test::seed(), "fast_key_erasure");
    fake_source source;
    generator random(source);
    expected_stream expected;
    for (const std::size_t size :
         {1U, 16U, 16U, 0U, 31U, 1952U, 1U, 2015U, 1U, 2016U, 2017U, 4096U, 100'000U}) {
        CAPTURE(size);
        REQUIRE(take(random, size) == expected.take(size));
    }
    for (int i = 0; i < 2000; ++i) {
        const std::size_t size =
            uniform_below(sizes, 100) == 0 ? uniform_below(sizes, 5000) : uniform_below(sizes, 64);
        CAPTURE(i, size);
        REQUIRE(take(random, size) == expected.take(size));
        if (uniform_below(sizes, 300) == 0) {
            random.reseed();
            expected.reseed();
        }
    }
    CHECK(source.calls == expected.seeds());
    CHECK(source.calls > 3);
}

TEST_CASE("fast key erasure reseeds after 64 KiB, and at most one batch later") {
    fake_source source;
    generator random(source);
    std::size_t handed_out = 0;
    while (source.calls < 2) {
        (void)take(random, 16);
        handed_out += 16;
        REQUIRE(handed_out < 70'000);
    }
    CHECK(handed_out > 65'536);
    CHECK(handed_out <= 65'536 + 2048);
    const std::size_t first = handed_out;
    while (source.calls < 3) {
        (void)take(random, 16);
        handed_out += 16;
    }
    CHECK(handed_out - first <= 65'536 + 2048);
    // One large fill reseeds on its way.
    generator fresh(source);
    source.calls = 0;
    (void)take(fresh, 1'000'000);
    CHECK(source.calls == 16);
}

TEST_CASE("reseed forgets what lay ready, and asks the source at the next fill") {
    fake_source source;
    generator random(source);
    random.reseed();  // before the first fill there is nothing to forget
    CHECK(source.calls == 0);
    (void)take(random, 16);
    random.reseed();
    CHECK(source.calls == 1);
    random.reseed();
    const std::string after = take(random, 16);
    CHECK(source.calls == 2);
    expected_stream expected;
    (void)expected.take(16);
    expected.reseed();
    CHECK(after == expected.take(16));
}

TEST_CASE("a failing source is an error and never a weaker one, until it recovers") {
    fake_source source;
    source.failing = true;
    source.error = entropy_errc::not_ready;
    generator random(source);
    std::array<std::byte, 16> out{};

    CHECK(random.fill(out).error() == entropy_errc::not_ready);
    source.error = entropy_errc::unavailable;
    CHECK(random.fill(out).error() == entropy_errc::unavailable);
    CHECK(to_hex(out) == std::string(32, '0'));
    CHECK(source.calls == 2);
    // Nothing was asked for, so nothing failed.
    CHECK(random.fill({}).has_value());

    source.failing = false;
    source.calls = 0;
    expected_stream expected;
    CHECK(take(random, 100) == expected.take(100));
    CHECK(source.calls == 1);

    // What lies ready may still be used; after that the failure shows, and goes on showing.
    (void)take(random, 2016 * 33 - 100 - 8);
    source.failing = true;
    CHECK(take(random, 8).size() == 16);
    CHECK(source.calls == 1);
    CHECK(random.fill(out).error() == entropy_errc::unavailable);
    CHECK(random.fill(std::span(out).first(1)).error() == entropy_errc::unavailable);
    CHECK(source.calls == 3);
    source.failing = false;
    CHECK(take(random, 16).size() == 32);
    CHECK(source.calls == 4);
}

TEST_CASE("a source that fails in the middle of a large fill fails the fill, and leaves no key") {
    fake_source source;
    generator random(source);
    std::vector<std::byte> out(66'000);
    REQUIRE(random.fill(out).has_value());
    source.failing = true;
    CHECK(random.fill(out).error() == entropy_errc::unavailable);
    CHECK(all_zero(state_of(random).get()));
    source.failing = false;
    REQUIRE(random.fill(out).has_value());
    // The source was asked for the 1st, the 2nd (failed), and the 3rd seed.
    CHECK(source.calls == 3);
}

TEST_CASE("what was handed out is erased, and so is the key that made it") {
    fake_source source;
    generator random(source);
    (void)take(random, 1);
    auto* const state = state_of(random).get();
    REQUIRE(state != nullptr);
    const auto* const memory = reinterpret_cast<const std::byte*>(state);
    const std::vector<std::byte> seed = fake_source::seed_number(1);
    CHECK_FALSE(holds(memory, sizeof(*state), seed));

    // The stream lies ready where the test looks for it: so a miss below means something.
    const std::vector<std::byte> ready(state->stream + 32 + state->left - 16,
                                       state->stream + 32 + state->left);
    CHECK(take(random, 16) == to_hex(ready));
    CHECK_FALSE(holds(memory, sizeof(*state), ready));

    const std::size_t left = state->left;
    CHECK(std::all_of(state->stream + 32 + left, state->stream + sizeof(state->stream),
                      [](std::byte b) { return b == std::byte{0}; }));
    (void)take(random, left);
    CHECK(std::all_of(state->stream + 32, state->stream + sizeof(state->stream),
                      [](std::byte b) { return b == std::byte{0}; }));

    // A refill replaces the key.
    const std::vector<std::byte> key(state->stream, state->stream + 32);
    (void)take(random, 1);
    CHECK_FALSE(holds(memory, sizeof(*state), key));
}

TEST_CASE("reseed erases everything") {
    fake_source source;
    generator random(source);
    (void)take(random, 16);
    auto* const state = state_of(random).get();
    CHECK_FALSE(all_zero(state));
    random.reseed();
    CHECK(all_zero(state));
}

TEST_CASE("os entropy fills any size, and nothing beside it") {
    os_entropy random;
    for (const std::size_t size : {0U, 1U, 31U, 2015U, 2016U, 2017U, 4096U, 100'000U}) {
        CAPTURE(size);
        std::vector<std::byte> out(size + 2, std::byte{0xEE});
        REQUIRE(random.fill(std::span(out).subspan(1, size)).has_value());
        CHECK(out.front() == std::byte{0xEE});
        CHECK(out.back() == std::byte{0xEE});
        if (size >= 31) {
            CHECK_FALSE(std::equal(out.begin() + 1, out.begin() + 32,
                                   std::vector<std::byte>(31, std::byte{0xEE}).begin()));
            CHECK_FALSE(std::equal(out.end() - 32, out.end() - 1,
                                   std::vector<std::byte>(31, std::byte{0xEE}).begin()));
        }
    }
    STATIC_REQUIRE(std::is_nothrow_default_constructible_v<os_entropy>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<os_entropy>);
    STATIC_REQUIRE(sizeof(os_entropy) == sizeof(void*));
}

TEST_CASE("no two of a million draws are equal") {
    os_entropy random;
    std::vector<std::uint64_t> draws(1'000'000);
    for (auto& draw : draws) {
        std::array<std::byte, 8> out{};
        REQUIRE(random.fill(out).has_value());
        std::memcpy(&draw, out.data(), 8);
    }
    std::ranges::sort(draws);
    // 64 bits each: an honest collision has odds of 1 in 37 million.
    CHECK(std::ranges::adjacent_find(draws) == draws.end());
}

TEST_CASE("a moved generator goes on, and what it was moved from starts afresh") {
    fake_source source;
    generator a(source);
    expected_stream expected;
    CHECK(take(a, 16) == expected.take(16));
    generator b(std::move(a));
    CHECK(take(b, 16) == expected.take(16));
    CHECK(source.calls == 1);
    const std::string afresh = take(a, 16);
    CHECK(source.calls == 2);
    CHECK(afresh != take(b, 16));

    os_entropy c;
    os_entropy d;
    const std::string last = take(c, 16);
    d = std::move(c);
    CHECK(take(d, 16) != last);
    CHECK(take(c, 16) != take(d, 16));
}

TEST_CASE("parent, child and grandchild never share bytes") {
    os_entropy random;
    (void)take(random, 16);  // now 2000 bytes lie ready, of which the child must not see one
    const auto child = in_child([&](int descriptor) {
        std::string text = take(random, 2048);
        const auto grandchild = in_child([&](int inner) {
            const std::string bytes = take(random, 2048);
            write_all(inner, bytes.data(), bytes.size());
        });
        text += take(random, 2048);
        text += grandchild.output;
        write_all(descriptor, text.data(), text.size());
    });
    REQUIRE(child.exited_with(0));
    REQUIRE(child.output.size() == 3 * 4096);
    const std::string all = child.output + take(random, 4096);
    // Every aligned run of 8 bytes, from all four, occurs once.
    std::vector<std::string> runs;
    for (std::size_t i = 0; i + 16 <= all.size(); i += 16) runs.push_back(all.substr(i, 16));
    std::ranges::sort(runs);
    CHECK(std::ranges::adjacent_find(runs) == runs.end());
}

TEST_CASE("a child asks the source for its own seed, and its parent goes on undisturbed") {
    fake_source source;
    generator random(source);
    expected_stream expected;
    CHECK(take(random, 100) == expected.take(100));
    const auto child = in_child([&](int descriptor) {
        const std::string bytes = take(random, 16);
        expected_stream second;
        (void)second.take(1);
        second.reseed();
        const std::string text =
            std::to_string(source.calls) + (bytes == second.take(16) ? " seeded" : " inherited");
        write_all(descriptor, text.data(), text.size());
    });
    CHECK(child.output == "2 seeded");
    CHECK(take(random, 100) == expected.take(100));
    CHECK(source.calls == 1);
}

TEST_CASE("a child whose source fails gets nothing") {
    fake_source source;
    generator random(source);
    (void)take(random, 100);
    const auto child = in_child([&](int descriptor) {
        source.failing = true;
        const std::string text = take(random, 1);
        write_all(descriptor, text.data(), text.size());
    });
    CHECK(child.output == describe(entropy_errc::unavailable));
}

TEST_CASE("without memory for its state, entropy fails, and recovers once there is some") {
    const auto child = in_child([](int descriptor) {
        os_entropy random;
        std::array<std::byte, 16> out{};
        rlimit before{};
        ::getrlimit(RLIMIT_AS, &before);
        const rlimit none{0, before.rlim_max};
        if (::setrlimit(RLIMIT_AS, &none) != 0) ::_exit(1);
        const auto refused = random.fill(out);
        ::setrlimit(RLIMIT_AS, &before);
        const std::string text = std::string(refused ? "filled" : describe(refused.error())) +
                                 (random.fill(out).has_value() ? ", recovered" : ", lost");
        write_all(descriptor, text.data(), text.size());
    });
    CHECK(child.output == std::string(describe(entropy_errc::out_of_memory)) + ", recovered");
}

#if defined(__linux__) && defined(SYS_getrandom)

namespace {

// From now on, getrandom fails in this process with the given error. Returns: false if that is forbidden.
bool fail_getrandom(int error) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{.len = 4, .filter = program};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

std::string when_getrandom_fails(int error) {
    return in_child([error](int descriptor) {
               os_entropy warm;
               (void)take(warm, 1);
               if (!fail_getrandom(error)) ::_exit(1);
               system_entropy system;
               os_entropy cold;
               const std::string text =
                   take(system, 16) + "; " + take(cold, 16) + "; " +
                   (take(warm, 16).size() == 32 ? "what lay ready" : "nothing");
               write_all(descriptor, text.data(), text.size());
           })
        .output;
}

}  // namespace

TEST_CASE("the system's failures are errors: unseeded early in the boot, forbidden by a sandbox") {
    CHECK(when_getrandom_fails(EAGAIN) ==
          "the system's random generator is not seeded yet; "
          "the system's random generator is not seeded yet; what lay ready");
    for (const int error : {ENOSYS, EPERM}) {
        CHECK(when_getrandom_fails(error) ==
              "no source of secure random bytes; no source of secure random bytes; what lay ready");
    }
}

#endif

TEST_CASE("each thread has its own generator, and no two of their draws are equal",
          "[concurrent]") {
    constexpr std::size_t each = 100'000;
    std::array<std::vector<std::uint64_t>, 4> draws;
    std::array<bool, 4> failed{};
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < draws.size(); ++t) {
            threads.emplace_back([&mine = draws[t], &bad = failed[t]] {
                os_entropy random;
                system_entropy shared;
                for (std::size_t i = 0; i < each; ++i) {
                    std::array<std::byte, 8> out{};
                    const bool filled =
                        i % 1000 == 0 ? shared.fill(out).has_value() : random.fill(out).has_value();
                    bad = bad || !filled;
                    std::uint64_t draw = 0;
                    std::memcpy(&draw, out.data(), 8);
                    mine.push_back(draw);
                }
            });
        }
    }
    CHECK(failed == std::array<bool, 4>{});
    std::vector<std::uint64_t> all;
    for (const auto& mine : draws) all.insert(all.end(), mine.begin(), mine.end());
    CHECK(all.size() == 4 * each);
    std::ranges::sort(all);
    CHECK(std::ranges::adjacent_find(all) == all.end());
}

TEST_CASE("a child forked by one of several threads starts with a new seed", "[concurrent]") {
    os_entropy random;
    const std::string before = take(random, 16);
    std::array<std::string, 2> outputs;
    {
        std::vector<std::jthread> threads;
        for (auto& output : outputs) {
            threads.emplace_back([&output] {
                os_entropy mine;
                (void)take(mine, 16);
                const auto child = in_child([&mine](int descriptor) {
                    std::array<std::byte, 64> bytes{};
                    if (!mine.fill(bytes).has_value()) ::_exit(1);
                    write_all(descriptor, bytes.data(), bytes.size());
                });
                std::array<std::byte, 64> bytes{};
                if (mine.fill(bytes).has_value()) {
                    output.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                }
                output += child.output;
            });
        }
    }
    std::vector<std::string> runs;
    for (const auto& output : outputs) {
        REQUIRE(output.size() == 128);
        for (std::size_t i = 0; i < output.size(); i += 8) runs.push_back(output.substr(i, 8));
    }
    std::ranges::sort(runs);
    CHECK(std::ranges::adjacent_find(runs) == runs.end());
}
