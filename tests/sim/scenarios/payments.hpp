// SPDX-License-Identifier: BSL-1.0
#pragma once

// Payments over a network that loses and repeats, to a bank that crashes between doing and answering. A client
// asks again until it knows, always with the same key; the bank writes a payment and its answer in one record,
// and answers when that is on disk. Each payment is made exactly once, if its client heard that it was, and
// at most once if it did not.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/crc32c.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/deadline.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/idempotency_table.hpp>
#include <coterie/retry/retry_async.hpp>
#include <coterie/retry/retry_call.hpp>
#include <coterie/retry/retry_state.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/task.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/chaos.hpp"
#include "sim/scenarios/witness.hpp"

namespace coterie::test {

struct payments {
    enum class mistakes : std::uint8_t {
        none,
        no_key,              ///< each attempt is a call of its own
        key_reused,          ///< a client's next payment goes under the key of its last one
        parameters_ignored,  ///< as before, and the bank does not look whether it is the same call
        recorded_apart,      ///< the payment is on disk first, and then what was answered
        recorded_in_memory,  ///< what was answered is forgotten in a crash
        answered_too_early,  ///< the answer leaves before the payment is on disk
        refusal_retried,     ///< what is refused for good is asked again
    };
    mistakes mistake = mistakes::none;

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return draw_setup(
            seed, 4, 200,
            {.faults = 30, .clock_error = std::chrono::seconds(100), .drift = sim::ppm(100'000)});
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;
};

namespace detail {

enum class bank_error : std::uint8_t {
    silence,    ///< no answer in time: paid or not, nobody knows
    busy,       ///< the same payment is under way
    forbidden,  ///< this payment is not made, now or later
};

/// A payment, or the answer to one.
struct bank_message {
    std::uint64_t key = 0;
    std::uint64_t payment = 0;  ///< which one it is: known to the test, and not to the bank
    std::uint64_t amount = 0;
    std::uint32_t attempt = 0;
    std::optional<bank_error> refusal = std::nullopt;

    void append_to(std::string& out) const { out += "pay " + std::to_string(payment); }
};

/// What happened, as only the test knows.
struct payment_log {
    std::map<std::uint64_t, std::uint64_t> done;  // by payment: how often, as on disk
    std::map<std::uint64_t, std::uint64_t>
        refused;  // how often its client heard that it is refused
    std::map<std::uint64_t, bool> confirmed;
    std::map<std::uint64_t, std::string> given_up;
};

/// One line of the bank's journal: the payment, and what was answered.
using journal_line = std::array<std::uint64_t, 3>;  // key, payment, amount

class bank {
public:
    bank(sim::node& self, sim::network<bank_message>& net, const payments::mistakes& mistake)
        : self_(self), net_(net), mistake_(mistake) {
        recover();
        net.on_message(self,
                       [this](trace::node_id from, const bank_message& m) { on_call(from, m); });
    }

    /// The payments on a disk.
    static std::vector<journal_line> lines(const sim::disk& disk, const char* file,
                                           std::size_t* valid = nullptr) {
        std::vector<journal_line> all;
        const auto bytes = disk.read(file);
        std::span<const std::byte> rest(bytes);
        while (rest.size() >= line_size) {
            reader in(rest.first(line_size));
            journal_line line{in.fixed<std::uint64_t>(), in.fixed<std::uint64_t>(),
                              in.fixed<std::uint64_t>()};
            if (in.fixed<std::uint32_t>() != crc32c(rest.first(line_size - 4))) break;
            all.push_back(line);
            rest = rest.subspan(line_size);
        }
        if (valid != nullptr) *valid = all.size() * line_size;
        return all;
    }

private:
    using table = retry::idempotency_table<std::uint64_t, std::uint64_t>;
    static constexpr std::size_t line_size = 28;

    /// What the disk has, without the torn end of what was being written.
    void recover() {
        const bool is_apart = mistake_ == payments::mistakes::recorded_apart;
        for (const char* file : {"ledger", "answers"}) {
            std::size_t valid = 0;
            const auto found = lines(self_.disk(), file, &valid);
            auto bytes = self_.disk().read(file);
            bytes.resize(valid);
            (void)self_.disk().replace(file, bytes);
            (void)self_.disk().sync_now(file);
            if (mistake_ == payments::mistakes::recorded_in_memory) continue;
            if (is_apart != (std::string(file) == "answers")) continue;
            for (const journal_line& line : found) {
                const auto claim = calls_.begin(line[0], fingerprint(line[2]), self_.now());
                (void)calls_.complete(line[0], claim.token, line[2], self_.now());
            }
        }
    }

    [[nodiscard]] std::uint64_t fingerprint(std::uint64_t amount) const {
        return mistake_ == payments::mistakes::parameters_ignored ? 0 : amount;
    }

    void on_call(trace::node_id from, const bank_message& m) {
        if (m.amount % 10 == 0) return answer(from, m, bank_error::forbidden);
        const auto claim = calls_.begin(m.key, fingerprint(m.amount), self_.now());
        switch (claim.verdict) {
            case retry::claim_verdict::run: return pay(from, m, claim.token);
            case retry::claim_verdict::replay: return answer(from, m, std::nullopt);
            case retry::claim_verdict::mismatch: return answer(from, m, bank_error::forbidden);
            default: return answer(from, m, bank_error::busy);
        }
    }

    void pay(trace::node_id from, const bank_message& m, std::uint64_t token) {
        if (!append("ledger", m)) return (void)calls_.abandon(m.key, token);
        if (mistake_ == payments::mistakes::answered_too_early) answer(from, m, std::nullopt);
        sync("ledger", [this, from, m, token] {
            if (mistake_ != payments::mistakes::recorded_apart) return finish(from, m, token);
            if (append("answers", m))
                sync("answers", [this, from, m, token] { finish(from, m, token); });
        });
    }

    /// It is on disk: now it may be told.
    void finish(trace::node_id from, const bank_message& m, std::uint64_t token) {
        (void)calls_.complete(m.key, token, m.amount, self_.now());
        answer(from, m, std::nullopt);
    }

    bool append(const char* file, const bank_message& m) {
        std::vector<std::byte> line;
        const auto put = [&line](std::uint64_t x, int bytes) {
            for (int i = 0; i < bytes; ++i) line.push_back(static_cast<std::byte>(x >> (8 * i)));
        };
        put(m.key, 8);
        put(m.payment, 8);
        put(m.amount, 8);
        put(crc32c(line), 4);
        return self_.disk().append(file, line).has_value();
    }

    template <class Then>
    void sync(const char* file, Then then) {
        self_.sync(file, [then](std::expected<void, sim::disk_errc>) mutable { then(); });
    }

    void answer(trace::node_id to, bank_message m, std::optional<bank_error> refusal) {
        m.refusal = refusal;
        net_.send(self_, to, m);
    }

    sim::node& self_;
    sim::network<bank_message>& net_;
    const payments::mistakes& mistake_;
    table calls_;
};

/// Awaits a node's timers, as retry_async wants it.
struct node_sleeper {
    sim::node& self;
    [[nodiscard]] sim::task<bool> sleep_until(steady_time t) const {
        co_await self.sleep_until(t);
        co_return true;
    }
};

using paid = std::expected<std::uint64_t, bank_error>;

/// One attempt: asks, and waits for its own answer.
inline sim::task<paid> ask_bank(sim::node& self, sim::network<bank_message>& net, bank_message m) {
    const steady_time until = self.now() + std::chrono::milliseconds(500);
    net.send(self, 0, m);
    while (self.now() < until) {
        const auto got = co_await net.receive(self, until - self.now());
        if (!got) break;
        const bank_message& a = got->message;
        if (a.key != m.key || a.payment != m.payment) continue;
        if (a.refusal) co_return std::unexpected(*a.refusal);
        co_return a.amount;
    }
    co_return std::unexpected(bank_error::silence);
}

inline retry::failure classify_bank_error(bank_error e, payments::mistakes mistake) {
    if (e == bank_error::silence) return retry::error_class::ambiguous;
    if (e == bank_error::forbidden && mistake != payments::mistakes::refusal_retried)
        return retry::error_class::permanent;
    return retry::error_class::transient;
}

/// Makes its payments one after the other. Which it has begun it writes down nowhere: one that crashes leaves
/// its last payment made or not, and goes on with the next.
inline sim::task<> pay_all(sim::node& self, sim::network<bank_message>& net,
                           payments::mistakes mistake, payment_log& log, std::uint64_t count) {
    const auto clock = self.steady_clock();
    const node_sleeper sleeper{self};
    const retry::retry_policy policy{
        .backoff = retry::exponential_backoff{.base = std::chrono::milliseconds(50),
                                              .cap = std::chrono::seconds(2)},
        .max_attempts = 100,
        .is_idempotent = true};
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t payment = std::uint64_t{self.id()} << 40 | self.incarnation() << 20 | i;
        const std::uint64_t amount = uniform_between(self.random(), std::uint64_t{1}, 100);
        const auto key_of = [&](std::uint32_t attempt) {
            const bool is_reused = mistake == payments::mistakes::key_reused ||
                                   mistake == payments::mistakes::parameters_ignored;
            if (mistake == payments::mistakes::no_key) return payment << 8 | attempt;
            return (is_reused ? payment / 2 * 2 : payment) << 8;
        };
        const retry::retry_environment here{clock, sleeper, self.random()};
        const auto done = co_await retry::retry_async<sim::task, paid>(
            policy, retry::deadline::in(std::chrono::seconds(30), self.now()), here,
            [&](retry::attempt a) {
                return ask_bank(self, net, {key_of(a.number), payment, amount, a.number});
            },
            [&](bank_error e) {
                if (e == bank_error::forbidden) ++log.refused[payment];
                return classify_bank_error(e, mistake);
            });
        if (done.has_value())
            log.confirmed[payment] = true;
        else if (amount % 10 != 0)
            log.given_up[payment] = retry::describe(done.error().reason);
        co_await self.sleep(std::chrono::milliseconds(uniform_below(self.random(), 500)));
    }
}

}  // namespace detail

inline sim::scenario_result payments::run(const sim::scenario_setup& s,
                                          trace::trace* recorder) const {
    sim::world world(s.seed);
    world.record_to(recorder);
    sim::network<detail::bank_message> net(world, "bank");
    detail::payment_log log;
    world.links().set_profile({.delay = sim::latency::uniform(std::chrono::milliseconds(1),
                                                              std::chrono::milliseconds(80)),
                               .loss = 0.1,
                               .duplication = 0.1});
    world.at(world.add<detail::bank>("n1", net, mistake))
        .disk()
        .set_profile({.sync = sim::latency::uniform(std::chrono::milliseconds(1),
                                                    std::chrono::milliseconds(100))});
    const std::uint64_t each = s.operations / s.nodes;
    for (std::uint32_t i = 1; i < s.nodes; ++i)
        world.add("n" + std::to_string(i + 1), [&, this](sim::node& self) {
            return detail::pay_all(self, net, mistake, log, each);
        });
    unleash(world, s.faults, std::chrono::seconds(20));
    world.run_for(std::chrono::seconds(60));

    for (const auto& line : detail::bank::lines(world.at(0).disk(), "ledger")) ++log.done[line[1]];
    witness w;
    w.require(!log.confirmed.empty(), [] { return "nothing was paid"; });
    for (const auto& [payment, times] : log.done)
        w.require(times == 1, [&] {
            return "made twice: payment " + std::to_string(payment) + " was made " +
                   std::to_string(times) + " times";
        });
    for (const auto& [payment, is_confirmed] : log.confirmed)
        w.require(log.done.contains(payment), [&] {
            return "lost: payment " + std::to_string(payment) + " was confirmed and not made";
        });
    for (const auto& [payment, why] : log.given_up)
        w.require(false, [&] {
            return "given up: payment " + std::to_string(payment) + " was given up: " + why;
        });
    for (const auto& [payment, times] : log.refused)
        w.require(times == 1, [&] {
            return "asked again: payment " + std::to_string(payment) + " was refused " +
                   std::to_string(times) + " times";
        });
    return w.verdict(world);
}

}  // namespace coterie::test
