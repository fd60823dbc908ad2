// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a generator of ids or timestamps remembers across restarts: a time that nothing it made has
// reached. The mark is written ahead, a second or so at a time, before anything beyond it is made; so one
// write serves thousands, and a process that restarts after its clock went back begins beyond everything
// that it may have made. adapt/file_mark.hpp keeps one in a file; yours may be a row in a database.

#include <concepts>
#include <cstdint>
#include <expected>
#include <type_traits>

#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>

namespace coterie::inline v0 {

/// Why a mark is not what it should be.
enum class mark_errc : std::uint8_t {
    load_failed,   ///< it is not there, or could not be read, or what is there is no mark
    store_failed,  ///< it could not be made durable
};

[[nodiscard]] constexpr const char* describe(mark_errc code) noexcept {
    switch (code) {
        case mark_errc::load_failed: return "high-water mark cannot be read";
        case mark_errc::store_failed: return "high-water mark cannot be written";
    }
    return "unknown mark error";
}

/// Keeps a time across restarts. `load` gives what was stored last, or the minimum where it is known that
/// nothing was; `store` returns only when the time is durable. A mark that cannot be found is load_failed: read
/// as the minimum it would let ids repeat.
///
/// Who holds one calls it from one thread at a time.
template <class M>
concept high_water_mark = requires(std::remove_reference_t<M>& mark, sys_milliseconds t) {
    { mark.load() } -> std::same_as<std::expected<sys_milliseconds, mark_errc>>;
    { mark.store(t) } -> std::same_as<std::expected<void, mark_errc>>;
};

/// No memory: after a restart nothing but the clock protects from repeating.
struct no_mark {
    static std::expected<sys_milliseconds, mark_errc> load() noexcept {
        return sys_milliseconds::min();
    }
    static std::expected<void, mark_errc> store(sys_milliseconds) noexcept { return {}; }
};

/// A mark in memory, for tests: it outlives the generator that it is lent to.
class memory_mark {
public:
    /// What was stored last, or the minimum.
    [[nodiscard]] std::expected<sys_milliseconds, mark_errc> load() const noexcept { return t_; }
    /// Never fails.
    std::expected<void, mark_errc> store(sys_milliseconds t) noexcept {
        t_ = t;
        ++stores_;
        return {};
    }

    /// How often it was written.
    [[nodiscard]] std::uint64_t stores() const noexcept { return stores_; }

private:
    sys_milliseconds t_ = sys_milliseconds::min();
    std::uint64_t stores_ = 0;
};

}  // namespace coterie::inline v0
