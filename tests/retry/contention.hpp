// SPDX-License-Identifier: BSL-1.0
#pragma once

// Clients that contend for one row under optimistic concurrency: each reads the version, writes against it,
// and, where somebody else was faster, backs off and starts over. Each message takes |N(10, 2)| ms. Time is
// virtual. This is the model behind "Exponential Backoff And Jitter".

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <queue>
#include <vector>

#include <coterie/core/random.hpp>

namespace coterie::test {

struct contention_result {
    double time_ms = 0;  ///< until the last client knows that it is done
    double calls = 0;    ///< writes that reached the server
};

class contention_network {
public:
    explicit contention_network(rng& random) : random_(&random) {}

    double delay_ms() { return std::abs(10 + 2 * normal()); }

private:
    /// Box and Muller's transform.
    double normal() {
        const double radius = std::sqrt(-2 * std::log(1 - uniform_real(*random_)));
        return radius * std::cos(2 * std::numbers::pi * uniform_real(*random_));
    }

    rng* random_;
};

/// One run: `clients` of one policy until each has written once.
template <class Backoff>
contention_result contend(std::size_t clients, const Backoff& backoff, rng& random) {
    enum class step : std::uint8_t {
        read,
        read_reply,
        write,
        write_reply
    };
    struct message {
        double time;
        std::size_t client;
        step what;
        std::uint64_t value;  // the version that was read; of a write's reply whether it succeeded
        bool operator>(const message& other) const { return time > other.time; }
    };

    contention_network network(random);
    std::priority_queue<message, std::vector<message>, std::greater<>> queue;
    std::vector<typename Backoff::state_type> states(clients);
    std::uint64_t version = 0;
    contention_result result;
    for (std::size_t c = 0; c < clients; ++c) queue.push({network.delay_ms(), c, step::read, 0});

    while (!queue.empty()) {
        const message m = queue.top();
        queue.pop();
        result.time_ms = m.time;
        const auto send = [&](step what, std::uint64_t value, double wait_ms = 0) {
            queue.push({m.time + wait_ms + network.delay_ms(), m.client, what, value});
        };
        switch (m.what) {
            case step::read: send(step::read_reply, version); break;
            case step::read_reply: send(step::write, m.value); break;
            case step::write:
                result.calls += 1;
                send(step::write_reply, m.value == version ? 1 : 0);
                if (m.value == version) ++version;
                break;
            case step::write_reply:
                if (m.value == 1) break;
                const std::chrono::duration<double, std::milli> wait =
                    backoff.next(states[m.client], random);
                send(step::read, 0, wait.count());
                break;
        }
    }
    return result;
}

}  // namespace coterie::test
