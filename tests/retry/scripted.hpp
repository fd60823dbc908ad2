// SPDX-License-Identifier: BSL-1.0
#pragma once

// Operations that fail as a script says, and an observer that writes down what the drivers decide.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/retry_call.hpp>

namespace coterie::test {

/// One attempt of a script: how long it takes, and how it fails, if it does.
struct step {
    std::chrono::nanoseconds takes{};
    std::optional<retry::failure> fails;
};

using script = std::vector<step>;
using scripted_result = std::expected<int, retry::failure>;

/// What comes of attempt number `n` of a script, whose last step stays.
inline scripted_result play(const script& s, std::uint32_t n) {
    const step& now = s[n <= s.size() ? n - 1 : s.size() - 1];
    if (now.fails) return std::unexpected(*now.fails);
    return static_cast<int>(n);
}

/// A script of up to 8 attempts, most of which fail.
inline script random_script(rng& random) {
    script s(uniform_between(random, std::size_t{1}, std::size_t{8}));
    for (step& x : s) {
        x.takes = std::chrono::milliseconds(uniform_between(random, 0, 500));
        if (bernoulli(random, 0.15)) continue;
        x.fails =
            retry::failure(bernoulli(random, 0.8)
                               ? static_cast<retry::error_class>(uniform_between(random, 0, 2))
                               : static_cast<retry::error_class>(uniform_between(random, 3, 5)));
        if (bernoulli(random, 0.3)) {
            x.fails->retry_after = std::chrono::milliseconds(uniform_between(random, -50, 3000));
        }
    }
    return s;
}

/// Everything that an observer is told, as lines of text.
struct decisions {
    std::vector<std::string> lines;

    void on_retry(std::uint32_t attempt, retry::error_class e, std::chrono::nanoseconds delay) {
        lines.push_back(std::to_string(attempt) + " " + to_string(e) + ", again in " +
                        std::to_string(delay.count()));
    }
    void on_stop(std::uint32_t attempt, retry::error_class e, retry::stop_reason r) {
        lines.push_back(std::to_string(attempt) + " " + to_string(e) + ": " + to_string(r));
    }
    void on_success(std::uint32_t attempt) {
        lines.push_back(std::to_string(attempt) + " succeeded");
    }
};

}  // namespace coterie::test
