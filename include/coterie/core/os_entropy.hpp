// SPDX-License-Identifier: BSL-1.0
#pragma once

// The production source of secure bytes. `system_entropy` asks the operating system each time (about
// 400 ns for 16 bytes on Linux); `os_entropy` asks it for a key and expands that by ChaCha20 with fast
// key erasure: of each refill the first 32 bytes become the next key, and what was handed out is
// erased, so that whoever reads the memory later learns nothing about earlier ids. It reseeds after
// every 64 KiB, on `reseed()`, and in a child process, which inherits neither key nor buffer.
//
// Source: Bernstein, "Fast-key-erasure random-number generators", 2017; RFC 8439.

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <span>
#include <utility>

#if defined(__linux__)
#include <sys/random.h>
#elif defined(_WIN32)
// RtlGenRandom, by its exported name: no link to bcrypt, no <windows.h>.
extern "C" __declspec(dllimport) unsigned char __stdcall SystemFunction036(void*, unsigned long);
#pragma comment(lib, "advapi32")
#else
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif
#endif

#include <coterie/core/chacha20.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/core/fork.hpp>

namespace coterie::inline v0 {

/// The operating system's generator, asked for every fill: getrandom, getentropy or RtlGenRandom.
///
/// It never blocks: early in the boot of a machine the error is `not_ready`.
/// Complexity: a system call for each 256 bytes. Thread safety: any number of threads.
struct system_entropy {
    [[nodiscard]] static std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept;
};

/// A generator seeded and reseeded from `Source`, with fast key erasure.
///
/// Complexity: a small fill copies bytes that lie ready; one fill in about 100 of 16 bytes runs ChaCha20
/// over 2 KiB, and one in 4,000 asks the source. Allocates nothing until the first fill, then a page.
/// Errors: those of the source, whenever a seed is due, and out_of_memory. There is no weaker fallback.
/// Thread safety: none; give each thread its own. fork() is safe: the child starts with a new seed.
/// After a virtual machine was cloned or restored, both copies hold one key: call `reseed()` there.
template <entropy_source Source>
class fast_key_erasure {
public:
    fast_key_erasure() = default;
    explicit fast_key_erasure(Source source) noexcept : source_(std::forward<Source>(source)) {}

    /// Writes secure bytes over all of `out`.
    std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
        state* const s = state_.get();
        if (s != nullptr && out.size() <= s->left) [[likely]] {
            take(*s, out);
            return {};
        }
        return fill_slowly(out);
    }

    /// Forgets key and buffer: the next fill asks the source.
    void reseed() noexcept {
        if (state* const s = state_.get()) erase(s, sizeof(state));
    }

private:
    static constexpr std::size_t key_size = 32;
    static constexpr std::size_t batch_size = 2 * detail::chacha20_batch;
    static constexpr std::size_t stream_size = 2 * batch_size;
    static constexpr std::uint64_t reseed_interval = 64 * 1024;

    // All zero bytes: no key, nothing left. That is also what a child process finds.
    struct state {
        std::size_t left;     // bytes at stream[key_size .. key_size + left) not handed out yet
        std::uint64_t spent;  // bytes produced since the last seed
        bool keyed;
        std::byte stream[stream_size];  // the first key_size bytes are the next key
    };

    static void erase(void* bytes, std::size_t size) noexcept {
        std::memset(bytes, 0, size);
#if defined(__GNUC__)
        __asm__ __volatile__("" : : "r"(bytes) : "memory");  // the compiler may not leave it out
#endif
    }

    static void take(state& s, std::span<std::byte> out) noexcept {
        if (out.empty()) return;
        std::byte* const from = s.stream + key_size + s.left - out.size();
        std::memcpy(out.data(), from, out.size());
        erase(from, out.size());
        s.left -= out.size();
    }

    std::expected<void, entropy_errc> fill_slowly(std::span<std::byte> out) noexcept;
    std::expected<void, entropy_errc> refill(state& s) noexcept;

    [[no_unique_address]] Source source_{};
    fork_wiped<state> state_;
};

/// The production default wherever the library needs secure bytes.
using os_entropy = fast_key_erasure<system_entropy>;

// --- details ---------------------------------------------------------------------------------------

template <entropy_source Source>
std::expected<void, entropy_errc> fast_key_erasure<Source>::fill_slowly(
    std::span<std::byte> out) noexcept {
    state* const s = state_.acquire();
    if (s == nullptr) return std::unexpected(entropy_errc::out_of_memory);
    while (!out.empty()) {
        if (s->left == 0) {
            if (const auto refilled = refill(*s); !refilled) return refilled;
        }
        const std::size_t size = out.size() < s->left ? out.size() : s->left;
        take(*s, out.first(size));
        out = out.subspan(size);
    }
    return {};
}

template <entropy_source Source>
std::expected<void, entropy_errc> fast_key_erasure<Source>::refill(state& s) noexcept {
    if (!s.keyed || s.spent >= reseed_interval) {
        if (const auto seeded = source_.fill(std::span(s.stream, key_size)); !seeded) {
            erase(&s, sizeof(state));
            return seeded;
        }
        s.keyed = true;
        s.spent = 0;
    }
    std::byte key[key_size];
    std::memcpy(key, s.stream, key_size);
    constexpr std::byte nonce[12] = {};
    std::uint32_t counter = 0;
    for (std::size_t at = 0; at < stream_size; at += batch_size, counter += 16) {
        detail::chacha20_sixteen_blocks(
            {.key = key, .nonce = nonce, .counter = counter},
            std::span<std::byte, batch_size>(s.stream + at, batch_size));
    }
    erase(key, key_size);
    s.left = stream_size - key_size;
    s.spent += s.left;
    return {};
}

inline std::expected<void, entropy_errc> system_entropy::fill(std::span<std::byte> out) noexcept {
    constexpr std::size_t most = 256;  // at most this much comes whole, whatever the system
    while (!out.empty()) {
        const std::size_t size = out.size() < most ? out.size() : most;
#if defined(__linux__)
        const auto got = ::getrandom(out.data(), size, GRND_NONBLOCK);
        if (got < 0) {
            if (errno == EINTR) continue;
            return std::unexpected(errno == EAGAIN ? entropy_errc::not_ready
                                                   : entropy_errc::unavailable);
        }
        out = out.subspan(static_cast<std::size_t>(got));
#elif defined(_WIN32)
        if (SystemFunction036(out.data(), static_cast<unsigned long>(size)) == 0) {
            return std::unexpected(entropy_errc::unavailable);
        }
        out = out.subspan(size);
#else
        if (::getentropy(out.data(), size) != 0) return std::unexpected(entropy_errc::unavailable);
        out = out.subspan(size);
#endif
    }
    return {};
}

}  // namespace coterie::inline v0
