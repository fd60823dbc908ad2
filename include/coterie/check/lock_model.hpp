// SPDX-License-Identifier: BSL-1.0
#pragma once

// A lock that hands out fencing tokens, and the resource that it guards, as a model of linearizable(). Each grant has
// a token greater than all before it, and the resource refuses what comes with a smaller one than it has seen: so a
// client that was paused beyond its lease does no harm.
//
//   check::history_of<check::lock_model> h;
//   h.complete(h.invoke(0, {check::lock_call::acquire}, t0), {.granted = true, .token = 7}, t1);
//   h.complete(h.invoke(0, {check::lock_call::use, 7}, t2), {.granted = true}, t3);
//
// Source: Kleppmann, "How to do distributed locking", 2016.

#include <cstddef>
#include <cstdint>
#include <string>

#include <coterie/core/bits.hpp>

namespace coterie::inline v0::check {

/// What is asked of the lock, and of the resource.
enum class lock_call : std::uint8_t {
    acquire,  ///< granted with a token if nobody holds it, else refused
    release,  ///< frees it if the token is the holder's
    expire,   ///< the service itself frees it, whoever holds it
    use,      ///< the resource takes it if it has seen no greater token
};

/// A call; the token of a release or a use.
struct lock_input {
    lock_call kind = lock_call::acquire;
    std::uint64_t token = 0;

    friend bool operator==(const lock_input&, const lock_input&) = default;
};

/// What it gave; the token of a grant.
struct lock_output {
    bool granted = false;
    std::uint64_t token = 0;

    friend bool operator==(const lock_output&, const lock_output&) = default;
};

/// A lock that is free at first. Tokens are greater than 0. Where it is not known whether an acquire was granted,
/// neither is the token: whatever later token is released may have been that one.
struct lock_model {
    /// Who holds it, as a token, and the greatest tokens granted and used.
    struct state {
        enum class holder : std::uint8_t {
            nobody,
            token,
            unknown_token
        };
        holder held_by = holder::nobody;
        std::uint64_t granted = 0;
        std::uint64_t used = 0;

        friend bool operator==(const state&, const state&) = default;
    };
    using input = lock_input;
    using output = lock_output;

    /// The state at first.
    [[nodiscard]] constexpr state initial() const noexcept { return {}; }

    /// What a call does; returns whether it can give that.
    [[nodiscard]] constexpr bool step(state& s, const input& in, const output* out) const noexcept {
        switch (in.kind) {
            case lock_call::acquire: return acquire(s, out);
            case lock_call::expire: s.held_by = state::holder::nobody; return true;
            case lock_call::release: return release(s, in.token, out);
            case lock_call::use: break;
        }
        const bool is_taken = in.token >= s.used;
        if (is_taken) s.used = in.token;
        return out == nullptr || out->granted == is_taken;
    }

    /// For the state, which std::hash does not know.
    [[nodiscard]] constexpr std::size_t hash(const state& s) const noexcept {
        using coterie::detail::mix64;
        const auto held_by = static_cast<std::uint64_t>(s.held_by);
        return static_cast<std::size_t>(mix64(mix64(s.granted) + 4 * s.used + held_by));
    }

    /// A call as in a report.
    [[nodiscard]] std::string text(const input& in, const output* out) const {
        static constexpr const char* names[] = {"acquire", "release ", "expire", "use "};
        std::string call = names[static_cast<std::size_t>(in.kind)];
        if (in.kind == lock_call::expire) return call;
        if (in.kind != lock_call::acquire) call += std::to_string(in.token);
        if (out == nullptr) return call + ": ?";
        if (!out->granted) return call + ": refused";
        return in.kind == lock_call::acquire ? call + ": " + std::to_string(out->token) : call;
    }

private:
    static constexpr bool acquire(state& s, const output* out) noexcept {
        const bool is_free = s.held_by == state::holder::nobody;
        if (out == nullptr) {
            if (is_free) s.held_by = state::holder::unknown_token;
            return true;
        }
        if (out->granted != is_free) return false;
        if (!is_free) return true;
        const bool grows = out->token > s.granted;
        s.held_by = state::holder::token;
        s.granted = out->token;
        return grows;
    }

    static constexpr bool release(state& s, std::uint64_t token, const output* out) noexcept {
        const bool may_be_later = s.held_by == state::holder::unknown_token && token > s.granted;
        const bool is_holder = s.held_by == state::holder::token && token == s.granted;
        if (out != nullptr && !out->granted) return !is_holder;
        if (out != nullptr && !is_holder && !may_be_later) return false;
        if (may_be_later) s.granted = token;
        if (is_holder || may_be_later) s.held_by = state::holder::nobody;
        return true;
    }
};

}  // namespace coterie::inline v0::check
