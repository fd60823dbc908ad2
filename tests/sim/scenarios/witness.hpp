// SPDX-License-Identifier: BSL-1.0
#pragma once

// A helper of scenarios that look at what must hold while they run.

#include <string>
#include <utility>

#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>

namespace coterie::test {

/// Keeps the first thing that went wrong.
class witness {
public:
    /// Says that something must hold, and what it means if it does not.
    template <class Text>
    void require(bool holds, Text&& text) {
        if (!holds && failure_.empty()) failure_ = std::forward<Text>(text)();
    }
    [[nodiscard]] sim::scenario_result verdict(const sim::world& w) const {
        return {failure_.empty(), failure_, w.hash(), w.events()};
    }

private:
    std::string failure_;
};

}  // namespace coterie::test
