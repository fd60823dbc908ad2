// SPDX-License-Identifier: BSL-1.0

// The main() of every test program. It prints the seed in use; COTERIE_TEST_SEED=<that number> runs the
// same again, RapidCheck's properties and Catch2's generators included.

#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#define COTERIE_TEST_CATCH_MAJOR 3
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#define COTERIE_TEST_CATCH_MAJOR 2
#endif

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <system_error>

#include "support/seed.hpp"

namespace {

std::uint64_t choose_seed() {
    const char* const given = std::getenv("COTERIE_TEST_SEED");
    if (given == nullptr) {
        std::random_device device;
        return std::uint64_t{device()} << 32 | device();
    }
    const std::string_view text = given;
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc{} || end != text.data() + text.size()) {
        std::fprintf(stderr, "COTERIE_TEST_SEED is not a decimal number of 64 bits: %s\n", given);
        std::exit(2);
    }
    return seed;
}

}  // namespace

std::uint64_t coterie::test::seed() {
    static const std::uint64_t chosen = choose_seed();
    return chosen;
}

int main(int argc, char** argv) {
    const std::uint64_t seed = coterie::test::seed();
    const std::string text = std::to_string(seed);
    ::setenv("RC_PARAMS", ("seed=" + text).c_str(), 0);

    Catch::Session session;
    session.configData().rngSeed = static_cast<std::uint32_t>(seed);
#if COTERIE_TEST_CATCH_MAJOR == 3
    session.configData().allowZeroTests = true;  // as in version 2
#endif
    if (const int failed = session.applyCommandLine(argc, argv); failed != 0) return failed;

    std::fprintf(stderr, "COTERIE_TEST_SEED=%s\n", text.c_str());
    return session.run();
}
