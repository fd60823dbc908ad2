// SPDX-License-Identifier: BSL-1.0
#pragma once

// Places in a program where something rare may be made to happen: a short read, a full queue, a slow
// path taken for once. The program names them; a simulated run decides, from its seed, which of them are
// alive and how often they fire; and in production they are constants that the compiler removes.
//
//   template <fault_point_source Faults = no_fault_points>
//   class store {
//       void flush() {
//           if (faults_.fires("store.flush_early")) return flush_half();
//           ...
//       }
//       [[no_unique_address]] Faults faults_;
//   };
//   store production;                                        // costs nothing
//   fault_points points(world.random("fault points"));
//   store<fault_points&> simulated(points);
//
// Source: Zhou et al., "FoundationDB: A Distributed Unbundled Transactional Key Value Store", SIGMOD
// 2021, section 4: buggification.

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include <coterie/core/random.hpp>

namespace coterie::inline v0::sim {

/// Something that says whether a named fault happens now.
template <class F>
concept fault_point_source = requires(std::remove_reference_t<F>& faults, std::string_view name) {
    { faults.fires(name) } -> std::same_as<bool>;
};

/// None ever does.
struct no_fault_points {
    [[nodiscard]] static constexpr bool fires(std::string_view) noexcept { return false; }
};

/// Fault points of one run.
///
/// Each name is alive or not for the whole run, so that runs differ in which faults they see together.
/// Complexity: a look-up by name. Thread safety: none.
class fault_points {
public:
    /// A name is alive with the first probability, and one that is fires with the second.
    explicit fault_points(rng random, double alive = 0.25, double firing = 0.05) noexcept
        : random_(random), alive_(alive), firing_(firing) {}

    /// Whether the fault of that name happens now.
    [[nodiscard]] bool fires(std::string_view name) {
        point& p = find(name);
        ++p.asked;
        if (silenced_ || !p.alive || !bernoulli(p.random, p.firing)) return false;
        ++p.fired;
        return true;
    }

    /// From now on this point is alive, and fires with that probability.
    void set(std::string_view name, double firing) {
        point& p = find(name);
        p.alive = true;
        p.firing = firing;
    }

    /// From now on nothing fires: the calm at the end of a run.
    void silence() noexcept { silenced_ = true; }

    /// How often a point was asked, and how often it fired: what was never asked was never tested.
    [[nodiscard]] std::uint64_t asked(std::string_view name) const { return counted(name).asked; }
    [[nodiscard]] std::uint64_t fired(std::string_view name) const { return counted(name).fired; }

private:
    struct point {
        rng random{0};
        bool alive = false;
        double firing = 0;
        std::uint64_t asked = 0;
        std::uint64_t fired = 0;
    };

    // Each has a stream of its own, so that asking at one shifts no other.
    point& find(std::string_view name) {
        const auto found = points_.find(name);
        if (found != points_.end()) return found->second;
        rng own(rng(random_)(), name);
        const bool alive = bernoulli(own, alive_);
        return points_.emplace(std::string(name), point{own, alive, firing_, 0, 0}).first->second;
    }

    [[nodiscard]] point counted(std::string_view name) const {
        const auto found = points_.find(name);
        return found == points_.end() ? point{} : found->second;
    }

    rng random_;
    double alive_;
    double firing_;
    bool silenced_ = false;
    std::map<std::string, point, std::less<>> points_;
};

}  // namespace coterie::inline v0::sim
