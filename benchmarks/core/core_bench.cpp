// SPDX-License-Identifier: BSL-1.0

// The floor of the library beside what the machine can do: a clock read, a copy, a system call.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <random>
#include <span>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/hash.hpp>
#include <coterie/core/os_entropy.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/wire.hpp>

#include "support/measure.hpp"

namespace {

using bench::measure;
using bench::measure_call;

void measure_clocks() {
    measure_call("clock_gettime_realtime", "", [t = timespec()]() mutable {
        ::clock_gettime(CLOCK_REALTIME, &t);
        return t;
    });
    measure_call("system_clock_now", "clock_gettime_realtime", coterie::system_clock::now);
    measure_call("steady_clock_now", "clock_gettime_realtime", coterie::steady_clock::now);
    measure_call("coarse_clock_now", "clock_gettime_realtime", coterie::coarse_clock::now);
}

template <std::size_t Size>
void measure_entropy(const char* name) {
    measure(name, "system_entropy_16_bytes", [](benchmark::State& state) {
        coterie::os_entropy entropy;
        std::array<std::byte, Size> bytes{};
        for (auto _ : state) {
            benchmark::DoNotOptimize(entropy.fill(bytes).has_value());
            benchmark::ClobberMemory();
        }
    });
}

void measure_randomness() {
    measure_call("mt19937_64_draw", "", std::mt19937_64(1));
    measure_call("rng_draw", "mt19937_64_draw", coterie::rng(1));
    measure_call("rng_uniform_below", "rng_draw", [random = coterie::rng(1)]() mutable {
        return coterie::uniform_below(random, 1000);
    });
    measure_call("system_entropy_16_bytes", "", [bytes = std::array<std::byte, 16>()]() mutable {
        return coterie::system_entropy::fill(bytes).has_value();
    });
    measure_entropy<4>("os_entropy_4_bytes");
    measure_entropy<8>("os_entropy_8_bytes");
    measure_entropy<10>("os_entropy_10_bytes");
    measure_entropy<16>("os_entropy_16_bytes");
}

/// 1024 numbers of 1 to 64 bits, so of 1 to 10 bytes as varints.
const std::vector<std::uint64_t>& numbers() {
    static const auto values = [] {
        coterie::rng random(1, "numbers");
        std::vector<std::uint64_t> drawn(1024);
        for (auto& value : drawn) value = random() >> coterie::uniform_below(random, 64);
        return drawn;
    }();
    return values;
}

void measure_bytes() {
    measure_call("copy_8_kib", "", [to = std::vector<std::uint64_t>(1024)]() mutable {
        std::memcpy(to.data(), numbers().data(), numbers().size() * sizeof(std::uint64_t));
        return to.data();
    });
    measure_call("hash64_8_kib", "copy_8_kib",
                 [] { return coterie::hash64(std::as_bytes(std::span(numbers()))); });
    measure_call("wire_write_1024_varints", "copy_8_kib",
                 [bytes = std::vector<std::byte>()]() mutable {
                     bytes.clear();
                     coterie::writer(bytes).varint_column(numbers());
                     return bytes.data();
                 });
    measure_call("wire_read_1024_varints", "copy_8_kib", [bytes = coterie::encode(numbers())] {
        return coterie::reader(bytes).varint_column().size();
    });
    measure_call("wire_write_1024_fixed", "copy_8_kib",
                 [bytes = std::vector<std::byte>()]() mutable {
                     bytes.clear();
                     coterie::writer(bytes).fixed_column<std::uint64_t>(numbers());
                     return bytes.data();
                 });
    std::vector<std::byte> fixed;
    coterie::writer(fixed).fixed_column<std::uint64_t>(numbers());
    measure_call("wire_read_1024_fixed", "copy_8_kib",
                 [fixed] { return coterie::reader(fixed).fixed_column<std::uint64_t>().size(); });
}

[[maybe_unused]] const bool registered = [] {
    measure_clocks();
    measure_randomness();
    measure_bytes();
    return true;
}();

}  // namespace
