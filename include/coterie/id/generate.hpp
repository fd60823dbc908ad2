// SPDX-License-Identifier: BSL-1.0
#pragma once

// Ids in one line, for who has no generator at hand:
//
//   std::expected<id::ulid, id::id_error> order = id::generate_ulid();
//
// Behind each stands a generator that belongs to the calling thread, with the default policies, the
// machine's clock and the operating system's entropy: ids of one thread only grow, and a child of
// fork() shares nothing with its parent. Who wants another policy, clock or source holds a generator.

#include <array>
#include <cstddef>
#include <expected>
#include <span>

#include <coterie/core/os_entropy.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/ulid_generator.hpp>
#include <coterie/id/uuid.hpp>
#include <coterie/id/uuid_v7_generator.hpp>

namespace coterie::inline v0::id {

/// A ULID of now. Errors and complexity: as ulid_generator. Thread safety: any number of threads.
[[nodiscard]] inline std::expected<ulid, id_error> generate_ulid();

/// A version 7 UUID of now, by method 2 of RFC 9562. Errors and complexity: as uuid_v7_generator.
/// Thread safety: any number of threads.
[[nodiscard]] inline std::expected<uuid, id_error> generate_uuid_v7();

/// A version 4 UUID: 122 secure random bits. Errors: no_entropy. Thread safety: any number of threads.
[[nodiscard]] inline std::expected<uuid, id_error> generate_uuid_v4();

/// After a virtual machine was cloned or restored: the calling thread's generators begin anew.
inline void reseed_this_thread() noexcept;

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// What belongs to a thread. A destructor of another thread_local may run after this one's: it gets null.
template <class T>
T* of_this_thread() {
    struct owner {
        T object;
        T*& mine;
        bool& is_over;
        ~owner() {
            mine = nullptr;
            is_over = true;
        }
    };
    // Both need no destructor, and so can be looked at until the thread has ended.
    thread_local T* mine = nullptr;
    thread_local bool is_over = false;
    if (mine == nullptr && !is_over) [[unlikely]] {
        thread_local owner o{T(), mine, is_over};
        mine = &o.object;
    }
    return mine;
}

/// `call` with the thread's own T; at the very end of the thread, with a new one.
template <class T, class Call>
auto with_this_threads(Call&& call) {
    if (T* const mine = of_this_thread<T>()) [[likely]]
        return call(*mine);
    T another;
    return call(another);
}

inline std::expected<uuid, id_error> make_uuid_v4(os_entropy& entropy) noexcept {
    std::array<std::byte, 16> bytes{};
    if (!entropy.fill(bytes).has_value()) return std::unexpected(id_error{id_errc::no_entropy});
    return uuid::compose_v4(bytes);
}

}  // namespace detail

inline std::expected<ulid, id_error> generate_ulid() {
    return detail::with_this_threads<ulid_generator<>>([](auto& ids) { return ids.next(); });
}

inline std::expected<uuid, id_error> generate_uuid_v7() {
    return detail::with_this_threads<uuid_v7_generator<>>([](auto& ids) { return ids.next(); });
}

inline std::expected<uuid, id_error> generate_uuid_v4() {
    return detail::with_this_threads<os_entropy>(detail::make_uuid_v4);
}

inline void reseed_this_thread() noexcept {
    const auto reseed = [](auto& source) { source.reseed(); };
    detail::with_this_threads<ulid_generator<>>(reseed);
    detail::with_this_threads<uuid_v7_generator<>>(reseed);
    detail::with_this_threads<os_entropy>(reseed);
}

}  // namespace coterie::inline v0::id
