// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a scenario is: a struct with `result run(const setup&, trace::trace*) const`, which builds a world from the
// seed, lets it break, and says whether what must hold did. And a helper to keep what went wrong first.

#include <cstdint>
#include <string>
#include <utility>

#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>

namespace coterie::test {

/// Of what size a run is. The same setup gives the same run.
struct setup {
    std::uint64_t seed = 1;
    std::uint32_t nodes = 4;
    std::uint32_t operations = 200;
    /// How many faults are drawn; or which they are, if they are told.
    std::uint32_t faults = 20;
    const sim::fault_script* script = nullptr;
};

using result = sim::scenario_result;

/// Keeps the first thing that went wrong.
class witness {
public:
    /// Says that something must hold, and what it means if it does not.
    template <class Text>
    void require(bool holds, Text&& text) {
        if (!holds && failure_.empty()) failure_ = std::forward<Text>(text)();
    }
    [[nodiscard]] bool is_content() const noexcept { return failure_.empty(); }
    [[nodiscard]] result verdict(const sim::world& w) const {
        return {failure_.empty(), failure_, w.hash(), w.events()};
    }

private:
    std::string failure_;
};

}  // namespace coterie::test
