// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a generator remembers across restarts: a time that none of its ids has reached. The mark is
// written ahead, a second or so at a time, before any id beyond it is made; so one write serves thousands
// of ids, and a process that restarts after its clock went back begins beyond everything that it may have
// made. adapt/file_mark.hpp keeps one in a file; yours may be a row in a database.

#include <concepts>
#include <cstdint>
#include <expected>
#include <type_traits>

#include <coterie/id/bits128.hpp>
#include <coterie/id/error.hpp>

namespace coterie::inline v0::id {

/// Keeps a time across restarts. `load` gives what was stored last, or the minimum where nothing was;
/// `store` returns only when the time is durable. Both fail with id_errc::mark_failed.
///
/// A generator calls them from one thread at a time.
template <class M>
concept high_water_mark = requires(std::remove_reference_t<M>& mark, sys_milliseconds t) {
    { mark.load() } -> std::same_as<std::expected<sys_milliseconds, id_errc>>;
    { mark.store(t) } -> std::same_as<std::expected<void, id_errc>>;
};

/// No memory: after a restart nothing but the clock protects from repeating ids.
struct no_mark {
    static std::expected<sys_milliseconds, id_errc> load() noexcept {
        return sys_milliseconds::min();
    }
    static std::expected<void, id_errc> store(sys_milliseconds) noexcept { return {}; }
};

/// A mark in memory, for tests: it outlives the generator that it is lent to.
class memory_mark {
public:
    /// What was stored last, or the minimum.
    [[nodiscard]] std::expected<sys_milliseconds, id_errc> load() const noexcept { return t_; }
    /// Never fails.
    std::expected<void, id_errc> store(sys_milliseconds t) noexcept {
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

}  // namespace coterie::inline v0::id
