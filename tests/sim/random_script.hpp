// SPDX-License-Identifier: BSL-1.0
#pragma once

// Any script at all, of every kind of fault.

#include <chrono>
#include <cstdint>
#include <string>

#include <coterie/core/random.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/link_change.hpp>

namespace coterie::test {

inline std::chrono::nanoseconds random_duration(rng& random) {
    static constexpr std::int64_t units[] = {1, 1'000, 1'000'000, 1'000'000'000, 60'000'000'000};
    return std::chrono::nanoseconds(uniform_between(random, std::int64_t{0}, 999) *
                                    units[uniform_below(random, 5)]);
}

inline sim::delay_range random_range(rng& random) {
    const auto low = random_duration(random);
    return {low, low + random_duration(random)};
}

inline sim::probability random_probability(rng& random) {
    return {uniform_between(random, std::uint32_t{0}, 1'000'000)};
}

inline sim::link_change random_change(rng& random) {
    sim::link_change c;
    while (c == sim::link_change{}) {
        if (bernoulli(random, 0.5)) c.loss = random_probability(random);
        if (bernoulli(random, 0.5)) c.delay = random_range(random);
        if (bernoulli(random, 0.5)) c.duplicate = random_probability(random);
        if (bernoulli(random, 0.5)) c.corrupt = random_probability(random);
        if (bernoulli(random, 0.5))
            c.bytes_per_second = 1 + uniform_below(random, 1'000'000'000'000);
    }
    return c;
}

inline sim::fault random_fault(rng& random) {
    using kind = sim::fault_kind;
    sim::fault f{.at = random_duration(random),
                 .kind = static_cast<kind>(
                     uniform_below(random, static_cast<std::uint64_t>(kind::calm) + 1))};
    switch (f.kind) {
        case kind::heal:
        case kind::calm:
        case kind::links_well: return f;
        case kind::links: f.change = random_change(random); return f;
        case kind::partition: {
            int name = 0;
            f.groups.resize(uniform_between(random, 1U, 4U));
            for (auto& group : f.groups)
                for (auto n = uniform_between(random, 1, 4); n > 0; --n)
                    group.push_back("node-" + std::to_string(++name));
            return f;
        }
        default: f.node = "n" + std::to_string(uniform_below(random, 9)); break;
    }
    switch (f.kind) {
        case kind::cut:
        case kind::hold:
        case kind::release:
        case kind::link_well: f.to = "m"; break;
        case kind::link:
            f.to = "m";
            f.change = random_change(random);
            break;
        case kind::pause:
        case kind::freeze: f.amount = random_duration(random); break;
        case kind::step: f.amount = random_duration(random) - random_duration(random); break;
        case kind::drift:
            f.rate = {uniform_between(random, std::int64_t{-400'000'000}, 400'000'000)};
            break;
        case kind::disk_slow: f.sync = random_range(random); break;
        case kind::disk_failing: f.failing = random_probability(random); break;
        case kind::disk_corrupt: f.file = "file.1/log"; break;
        default: break;
    }
    return f;
}

inline sim::fault_script random_script(rng& random) {
    sim::fault_script script;
    for (auto n = uniform_below(random, 20); n > 0; --n)
        script.faults.push_back(random_fault(random));
    return script;
}

}  // namespace coterie::test
