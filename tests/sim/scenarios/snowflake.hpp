// SPDX-License-Identifier: BSL-1.0
#pragma once

// Snowflake workers in a world whose clocks step and drift, and whose machines crash and stand still. No id is made
// twice. `numbered_workers` have their numbers for ever, and a mark on disk; `leased_workers` have them from a
// coordinator, for a while.
//
// What the lease must guarantee: two holders of a number make ids of different times. An id says a time by its
// maker's clock, so that a coordinator who waits until a lease is over by *his* clock has not done enough: the
// next holder's clock may be behind the last one's. Either he says from when on the new lease holds, which is
// where the old one ended (the mark of the number), and clocks may do what they like; or nobody's clock is
// further from his than half of the lease's margin.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/id/error.hpp>
#include <coterie/id/layout.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/snowflake_generator.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/chaos.hpp"
#include "sim/scenarios/disk_mark.hpp"
#include "sim/scenarios/witness.hpp"

namespace coterie::test {

/// Few ids in a millisecond, so that they run out.
struct small_layout {
    static constexpr std::string_view name = "small";
    using unit = std::chrono::milliseconds;
    static constexpr sys_milliseconds epoch{std::chrono::sys_days(std::chrono::year(2025) / 1 / 1)};
    static constexpr std::array fields{id::field::timestamp(41), id::field::node("worker", 4),
                                       id::field::sequence(4)};
};

/// All ids that were made, and by whom.
class issued_ids {
public:
    void add(sim::node& by, std::uint64_t id, witness& w) {
        by.world().observe(id);
        const auto [at, is_new] = made_.try_emplace(id, by.id());
        w.require(is_new, [&] {
            return "duplicate: id " + std::to_string(id) + " made by " + by.name() + " and by " +
                   by.world().at(at->second).name();
        });
        last_made_[by.id()] = by.world().now();
    }
    /// Whether a node has made ids since.
    [[nodiscard]] bool has_since(trace::node_id n, steady_time since) const {
        const auto at = last_made_.find(n);
        return at != last_made_.end() && at->second >= since;
    }

private:
    std::unordered_map<std::uint64_t, trace::node_id> made_;
    std::unordered_map<trace::node_id, steady_time> last_made_;
};

inline constexpr std::chrono::seconds storm{20}, lull{10};

/// Asks a source for ids, in bursts, as long as it lives.
template <class Source>
void make_ids(sim::node& self, Source& source, issued_ids& issued, witness& w) {
    const std::uint64_t burst = uniform_below(self.random(), 24);
    for (std::uint64_t i = 0; i < burst; ++i) {
        const std::optional<std::uint64_t> id = source.next();
        if (!id.has_value()) break;
        issued.add(self, *id, w);
    }
    const std::chrono::milliseconds pause(uniform_between(self.random(), 1, 300));
    self.after(pause, [&] { make_ids(self, source, issued, w); });
}

// --- numbers for ever -----------------------------------------------------------------------------------------------

struct numbered_workers {
    enum class mistakes : std::uint8_t {
        none,
        equality_on_clock,    ///< counts on if the clock says what it said last, else from zero
        mark_not_kept,        ///< a restarted worker knows nothing of what it made before
        number_taken_by_two,  ///< two workers are given one number
    };
    mistakes mistake = mistakes::none;

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return draw_setup(seed, 4, 200,
                          {.duration = storm,
                           .partitions = false,
                           .freezes = true,
                           .clock_error = std::chrono::seconds(5),
                           .drift = sim::ppm(100'000)});
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;
};

namespace detail {

/// The classic generator, with the classic mistake: `==` where `>=` is needed.
class naive_generator {
public:
    naive_generator(std::uint64_t worker, sim::node& self) : worker_(worker), self_(self) {}
    std::optional<std::uint64_t> next() {
        const auto ms = std::chrono::floor<std::chrono::milliseconds>(self_.wall_now())
                            .time_since_epoch()
                            .count();
        sequence_ = ms == last_ ? sequence_ + 1 : 0;
        last_ = ms;
        if (sequence_ > 15) return std::nullopt;
        return static_cast<std::uint64_t>(ms) << 8 | worker_ << 4 | sequence_;
    }

private:
    std::uint64_t worker_;
    sim::node& self_;
    std::int64_t last_ = 0;
    std::uint64_t sequence_ = 0;
};

/// Where a mark is kept, or only seems to be.
class perhaps_disk_mark {
public:
    perhaps_disk_mark(sim::node& self, bool keeps) : mark_(self), keeps_(keeps) {}
    [[nodiscard]] std::expected<sys_milliseconds, mark_errc> load() const {
        if (!keeps_) return sys_milliseconds::min();
        return mark_.load();
    }
    std::expected<void, mark_errc> store(sys_milliseconds t) {
        if (!keeps_) return {};
        return mark_.store(t);
    }

private:
    disk_mark mark_;
    bool keeps_;
};

using wall_clock_of_node = decltype(std::declval<sim::node&>().wall_clock());

class numbered_worker {
public:
    numbered_worker(sim::node& self, const numbered_workers::mistakes& mistake, issued_ids& issued,
                    witness& w)
        : number_(number_of(self, mistake)),
          ids_(id::static_lease(number_), {}, self.wall_clock(),
               perhaps_disk_mark(self, mistake != numbered_workers::mistakes::mark_not_kept)),
          naive_(number_, self),
          is_naive_(mistake == numbered_workers::mistakes::equality_on_clock) {
        make_ids(self, *this, issued, w);
    }

    std::optional<std::uint64_t> next() {
        if (is_naive_) return naive_.next();
        const auto id = ids_.try_next();
        return id.has_value() ? std::optional(id->value()) : std::nullopt;
    }

private:
    static std::uint64_t number_of(const sim::node& self, numbered_workers::mistakes mistake) {
        const bool is_shared = mistake == numbered_workers::mistakes::number_taken_by_two;
        return is_shared && self.id() == 1 ? 0 : self.id();
    }

    std::uint64_t number_;
    id::snowflake_generator<small_layout, wall_clock_of_node, id::static_lease, perhaps_disk_mark>
        ids_;
    naive_generator naive_;
    bool is_naive_;
};

}  // namespace detail

inline sim::scenario_result numbered_workers::run(const sim::scenario_setup& s,
                                                  trace::trace* recorder) const {
    sim::world world(s.seed);
    world.record_to(recorder);
    witness w;
    issued_ids issued;
    for (std::uint32_t i = 0; i < s.nodes; ++i) {
        const auto n =
            world.add<detail::numbered_worker>("n" + std::to_string(i + 1), mistake, issued, w);
        world.at(n).disk().set_profile({.failure = 0.1});
    }
    unleash(world, s.faults, storm);
    world.run_for(storm + lull);
    for (std::uint32_t i = 0; i < s.nodes; ++i)
        w.require(issued.has_since(i, world.now() - std::chrono::seconds(5)), [&] {
            return "no progress: " + world.at(i).name() + " makes no ids in the calm";
        });
    return w.verdict(world);
}

// --- numbers for a while --------------------------------------------------------------------------------------------

struct leased_workers {
    enum class mistakes : std::uint8_t {
        none,
        leases_forgotten,   ///< the coordinator answers before its table is on disk
        judged_when_taken,  ///< the lease is looked at when it comes, and not when an id is made
        start_not_said,     ///< a new lease does not say where the old one ended
    };
    mistakes mistake = mistakes::none;
    /// How wrong clocks may be. With half of the lease's margin or less, starts need not be said.
    std::chrono::nanoseconds clock_error = std::chrono::seconds(5);
    sim::drift drift = sim::ppm(100'000);
    /// Whether clocks may stand still, which makes them wrong by as much.
    bool freezes = true;

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return draw_setup(
            seed, 4, 200,
            {.duration = storm, .freezes = freezes, .clock_error = clock_error, .drift = drift});
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;
};

namespace detail {

inline constexpr std::chrono::milliseconds lease_time{2000}, lease_margin{500};

/// A question about a number, or its answer. A token of zero takes any number that is free.
struct lease_message {
    std::uint64_t number = 0;
    std::uint64_t token = 0;
    wall_time from{};
    wall_time expires{};
    std::uint64_t incarnation = 0;
    bool is_new = false;

    void append_to(std::string& out) const {
        out += token == 0 ? "take" : "lease " + std::to_string(number);
    }
};

/// What the coordinator knows of a number.
struct lease_row {
    std::uint64_t token = 0;
    wall_time expires{};
};

}  // namespace detail

}  // namespace coterie::test

template <>
struct coterie::codec<coterie::test::detail::lease_row> {
    static void encode(writer& w, const test::detail::lease_row& r) {
        w.varint(r.token);
        w.svarint(r.expires.time_since_epoch().count());
    }
    static std::expected<test::detail::lease_row, decode_error> decode(reader& in) {
        const std::uint64_t token = in.varint();
        const wall_time expires{std::chrono::nanoseconds(in.svarint())};
        return in.result(test::detail::lease_row{token, expires});
    }
};

namespace coterie::test {

namespace detail {

/// Gives each number to one at a time, by its own clock. Its table is on disk before it answers.
class coordinator {
public:
    coordinator(sim::node& self, sim::network<lease_message>& net,
                const leased_workers::mistakes& mistake, const std::uint32_t& numbers)
        : self_(self), net_(net), mistake_(mistake), rows_(numbers) {
        load();
        net.on_message(self, [this](trace::node_id from, const lease_message& m) {
            if (auto answer = m.token == 0 ? take() : renew(m)) {
                answer->incarnation = m.incarnation;
                send_when_durable(from, *answer);
            }
        });
    }

private:
    using row = lease_row;

    std::optional<lease_message> take() {
        for (std::uint64_t number = 0; number < rows_.size(); ++number) {
            row& r = rows_[number];
            if (r.expires > self_.wall_now()) continue;
            const wall_time from = r.expires;
            r.expires = self_.wall_now() + lease_time;
            return lease_message{number, ++r.token, from, r.expires, 0, true};
        }
        return std::nullopt;
    }

    std::optional<lease_message> renew(const lease_message& m) {
        row& r = rows_[m.number];
        if (r.token != m.token) return std::nullopt;
        r.expires = std::max(r.expires, self_.wall_now() + lease_time);
        return lease_message{m.number, m.token, {}, r.expires};
    }

    void send_when_durable(trace::node_id to, const lease_message& answer) {
        if (!self_.disk().replace("leases", encode(rows_)).has_value()) return;
        if (mistake_ == leased_workers::mistakes::leases_forgotten)
            return net_.send(self_, to, answer);
        self_.sync("leases", [this, to, answer](std::expected<void, sim::disk_errc> done) {
            if (done.has_value()) net_.send(self_, to, answer);
        });
    }

    void load() {
        auto found = decode<std::vector<row>>(self_.disk().read("leases"));
        if (found.has_value()) rows_ = *std::move(found);
    }

    sim::node& self_;
    sim::network<lease_message>& net_;
    const leased_workers::mistakes& mistake_;
    std::vector<row> rows_;
};

/// Where ids of a lease begin.
struct start_of_lease {
    sys_milliseconds from;
    [[nodiscard]] std::expected<sys_milliseconds, mark_errc> load() const noexcept { return from; }
    static std::expected<void, mark_errc> store(sys_milliseconds) noexcept { return {}; }
};

/// Takes a lease, renews it, and takes another when it is over. Knows nothing after a restart.
class leased_worker {
public:
    leased_worker(sim::node& self, sim::network<lease_message>& net,
                  const leased_workers::mistakes& mistake, issued_ids& issued, witness& w)
        : self_(self), net_(net), mistake_(mistake) {
        net.on_message(self, [this](trace::node_id, const lease_message& m) { on_answer(m); });
        ask();
        make_ids(self, *this, issued, w);
    }

    std::optional<std::uint64_t> next() {
        if (!ids_) return std::nullopt;
        const auto id = ids_->try_next();
        if (id.has_value()) return id->value();
        if (id.error().code == id::id_errc::lease_expired) give_up();
        return std::nullopt;
    }

private:
    using generator = id::snowflake_generator<small_layout, wall_clock_of_node,
                                              id::renewable_lease&, start_of_lease>;

    void give_up() {
        ids_.reset();
        lease_.reset();
    }

    void ask() {
        const auto held = lease_ ? lease_->current() : id::worker_lease{};
        net_.send(self_, 0,
                  {held.worker, lease_ ? held.fencing_token : 0, {}, {}, self_.incarnation()});
        self_.after(std::chrono::milliseconds(400), [this] { ask(); });
    }

    void on_answer(const lease_message& m) {
        if (m.incarnation != self_.incarnation()) return;
        const bool trusts = mistake_ == leased_workers::mistakes::judged_when_taken;
        const wall_time expires =
            trusts && m.expires > self_.wall_now() ? wall_time::max() : m.expires;
        if (lease_) {
            const bool is_ours =
                lease_->current().fencing_token == m.token && lease_->current().worker == m.number;
            if (is_ours && !trusts) lease_->renew(expires);
            return;
        }
        if (!m.is_new) return;  // a renewal that comes too late
        lease_ =
            std::make_unique<id::renewable_lease>(id::worker_lease{m.number, expires, m.token});
        const bool is_start_said = mistake_ != leased_workers::mistakes::start_not_said;
        ids_ = std::make_unique<generator>(
            *lease_, id::snowflake_options{.lease_margin = lease_margin}, self_.wall_clock(),
            start_of_lease{is_start_said ? std::chrono::ceil<std::chrono::milliseconds>(m.from)
                                         : sys_milliseconds::min()});
    }

    sim::node& self_;
    sim::network<lease_message>& net_;
    const leased_workers::mistakes& mistake_;
    std::unique_ptr<id::renewable_lease> lease_;
    std::unique_ptr<generator> ids_;
};

}  // namespace detail

inline sim::scenario_result leased_workers::run(const sim::scenario_setup& s,
                                                trace::trace* recorder) const {
    sim::world world(s.seed);
    world.record_to(recorder);
    sim::network<detail::lease_message> net(world, "leases");
    witness w;
    issued_ids issued;
    world.links().set_profile({.delay = sim::latency::uniform(std::chrono::milliseconds(1),
                                                              std::chrono::milliseconds(50)),
                               .loss = 0.05,
                               .duplication = 0.05});
    world.add<detail::coordinator>("n1", net, mistake, s.nodes);
    for (std::uint32_t i = 1; i < s.nodes; ++i)
        world.add<detail::leased_worker>("n" + std::to_string(i + 1), net, mistake, issued, w);
    unleash(world, s.faults, storm);
    world.run_for(storm + lull + clock_error);
    for (std::uint32_t i = 1; i < s.nodes; ++i)
        w.require(issued.has_since(i, world.now() - std::chrono::seconds(5)), [&] {
            return "no progress: " + world.at(i).name() + " makes no ids in the calm";
        });
    return w.verdict(world);
}

}  // namespace coterie::test
