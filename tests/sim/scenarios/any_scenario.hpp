// SPDX-License-Identifier: BSL-1.0
#pragma once

// Any scenario (sim/scenario_setup.hpp) behind one type, so that what tries scenarios is compiled once.

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

#include <coterie/sim/scenario_setup.hpp>
#include <coterie/trace/trace.hpp>

namespace coterie::test {

/// A scenario whose type is not told. Copies share it.
class any_scenario {
public:
    template <sim::scenario S>
        requires(!std::same_as<S, any_scenario>)
    any_scenario(S s)  // NOLINT(google-explicit-constructor)
        : held_(std::make_shared<holder<S>>(std::move(s))) {}

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const { return held_->setup(seed); }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const {
        return held_->run(s, recorder);
    }

private:
    struct base {
        base() = default;
        base(const base&) = delete;
        base& operator=(const base&) = delete;
        virtual ~base() = default;
        [[nodiscard]] virtual sim::scenario_setup setup(std::uint64_t seed) const = 0;
        [[nodiscard]] virtual sim::scenario_result run(const sim::scenario_setup& s,
                                                       trace::trace* recorder) const = 0;
    };

    template <class S>
    struct holder final : base {
        explicit holder(S scenario) : s(std::move(scenario)) {}
        [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const override {
            return s.setup(seed);
        }
        [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& setup,
                                               trace::trace* recorder) const override {
            return s.run(setup, recorder);
        }
        S s;
    };

    std::shared_ptr<const base> held_;
};

}  // namespace coterie::test
