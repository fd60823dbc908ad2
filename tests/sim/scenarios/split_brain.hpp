// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who leads? Nodes that elect a leader, and a store that the leader writes to. A node that has heard of no
// leader for a time claims the next term; who gets enough grants leads, and goes on claiming to keep it. The
// term is the fencing token of what a leader writes.
//
// A node that grants a claim may promise to grant no other for a time, and the leader then holds a lease:
// shorter by what clocks may differ, and from when it asked, not from when it was answered.
//
// Sources: Gray and Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file cache
// consistency", SOSP 1989; Ongaro, "Consensus: Bridging Theory and Practice", 2014, chapters 3 and 6.4;
// Kleppmann, "How to do distributed locking", 2016.

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/lock_model.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/unique_ids.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/nothing.hpp>
#include <coterie/core/random.hpp>
#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/tally.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/links.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/network.hpp>
#include <coterie/sim/node_clock.hpp>
#include <coterie/sim/scenario_setup.hpp>
#include <coterie/sim/world.hpp>
#include <coterie/trace/node_id.hpp>
#include <coterie/trace/trace.hpp>

#include "sim/scenarios/rough.hpp"

namespace coterie::test::split_brain {

/// What may be wrong with the program.
enum class mistake : std::uint8_t {
    none,
    vote_not_synced,       ///< a claim is granted before the grant is on the disk
    promise_forgotten,     ///< a node that restarts grants at once what it had promised not to
    lease_by_wall_clock,   ///< a lease is compared with the clock that steps
    lease_without_margin,  ///< a lease is as long as the promises
    lease_from_answer,     ///< a lease begins when it was granted, not when it was asked for
    token_not_checked,     ///< the store takes what comes
    token_not_kept,        ///< the store forgets the greatest token when it restarts
};

/// What the program is.
struct design {
    unsigned nodes = 5;
    /// A leader needs the grants of a majority; else its own will do.
    bool quorum = true;
    /// A leader leads for as long as it was promised; else until it hears of a later one.
    bool lease = true;
    mistake planted = mistake::none;
};

/// By how much clocks may go wrong, in parts per million.
inline constexpr std::int64_t worst_drift = 50'000;
inline constexpr std::chrono::milliseconds promise_time{200};
inline constexpr std::chrono::milliseconds lease_time =
    promise_time * (1'000'000 - worst_drift) / (1'000'000 + worst_drift);

enum class verb : std::uint8_t {
    claim,
    grant,
    deny,
    use,
    used
};

struct message {
    verb what;
    std::uint64_t term;
    std::uint64_t round;
    bool granted = false;

    void append_to(std::string& out) const {
        constexpr std::array<const char*, 5> names = {"claim", "grant", "deny", "use", "used"};
        out += names[static_cast<std::size_t>(what)];
        out += " " + std::to_string(term);
        if (what == verb::used) out += granted ? ": taken" : ": refused";
    }
};

using network = sim::network<message>;
using history = check::history_of<check::lock_model>;

/// Puts a small value in the place of a file, and gets it back.
template <class T>
[[nodiscard]] bool put(sim::disk& disk, std::string_view file, const T& value) {
    return disk.replace(file, std::bit_cast<std::array<std::byte, sizeof(T)>>(value)).has_value();
}
template <class T>
[[nodiscard]] T get(const sim::disk& disk, std::string_view file) {
    const sim::disk::bytes content = disk.read(file);
    std::array<std::byte, sizeof(T)> raw{};
    if (content.size() == raw.size()) std::copy(content.begin(), content.end(), raw.begin());
    return std::bit_cast<T>(raw);
}

/// What the leader writes to. It refuses what comes from a leader before the latest that it has heard of.
class store {
public:
    store(sim::node& self, network& net, const design& d) : self_(self), net_(net), design_(d) {
        if (d.planted != mistake::token_not_kept)
            greatest_ = get<std::uint64_t>(self.disk(), "token");
        net.on_message(self, [this](trace::node_id from, const message& m) { use(from, m); });
    }

private:
    void use(trace::node_id from, const message& m) {
        const bool taken = m.term >= greatest_ || design_.planted == mistake::token_not_checked;
        if (m.term > greatest_) {
            if (!put(self_.disk(), "token", m.term)) return;
            greatest_ = m.term;
        }
        self_.sync("token",
                   [this, from, answer = message{verb::used, m.term, m.round, taken}](auto synced) {
                       if (synced.has_value()) net_.send(self_, from, answer);
                   });
    }

    sim::node& self_;
    network& net_;
    const design& design_;
    std::uint64_t greatest_ = 0;
};

/// A node that may lead. The store is the node after all of them.
class elector {
public:
    elector(sim::node& self, network& net, const design& d, history& uses, std::uint64_t& left)
        : self_(self),
          net_(net),
          design_(d),
          uses_(uses),
          left_(left),
          everyone_(quorum::node_set::all(d.nodes)) {
        vote_ = get<vote>(self.disk(), "vote");
        round_ = self.incarnation() << 32;
        heard_until_ = self.now() + promise_time;
        if (!wrong(mistake::promise_forgotten)) promised_until_ = self.now() + promise_time;
        promised_to_ = trace::no_node;
        net.on_message(self, [this](trace::node_id from, const message& m) { receive(from, m); });
        tick_later();
    }

    /// Whether it leads, by what it knows.
    [[nodiscard]] bool leads() const {
        return leading_ && (!design_.lease || lease_clock() < lease_until_);
    }
    [[nodiscard]] std::uint64_t term() const { return leading_term_; }

private:
    struct vote {
        std::uint64_t term;
        std::uint64_t voted_for;
    };

    [[nodiscard]] bool wrong(mistake m) const { return design_.planted == m; }

    [[nodiscard]] std::chrono::nanoseconds lease_clock() const {
        return wrong(mistake::lease_by_wall_clock) ? self_.wall_now().time_since_epoch()
                                                   : self_.now().time_since_epoch();
    }

    void tick() {
        if (leading_ && !leads()) step_down();
        if (leading_) {
            use_store();
            if (self_.now() >= claim_again_) claim();
        } else if (self_.now() >= heard_until_) {
            // Long enough that two who claim at once do not do so again.
            heard_until_ = self_.now() + any_time(2 * promise_time);
            leading_term_ = vote_.term + 1;
            claim();
        }
        tick_later();
    }

    void tick_later() {
        self_.after(std::chrono::milliseconds(2) + any_time(std::chrono::milliseconds(10)),
                    [this] { tick(); });
    }

    [[nodiscard]] std::chrono::nanoseconds any_time(std::chrono::nanoseconds most) {
        return std::chrono::nanoseconds(
            uniform_between(self_.random(), std::int64_t{0}, most.count()));
    }

    void claim() {
        votes_ = {rule(), everyone_};
        asked_at_ = lease_clock();
        claim_again_ = self_.now() + promise_time / 5;
        ++round_;
        for (const unsigned node : everyone_)
            net_.send(self_, node, {verb::claim, leading_term_, round_});
    }

    [[nodiscard]] quorum::count_of rule() const {
        return design_.quorum
                   ? quorum::majority_of(everyone_)
                   : quorum::count_of{1, quorum::node_set(std::uint64_t{1} << self_.id())};
    }

    void receive(trace::node_id from, const message& m) {
        switch (m.what) {
            case verb::claim: return answer(from, m);
            case verb::grant: return granted(from, m);
            case verb::deny: return denied(from, m);
            case verb::used: return used(m);
            case verb::use: break;
        }
    }

    void answer(trace::node_id from, const message& m) {
        const bool promised_another =
            design_.lease && promised_to_ != from && self_.now() < promised_until_;
        const bool voted_another = vote_.term == m.term && vote_.voted_for != from;
        if (m.term < vote_.term || voted_another || promised_another)
            return net_.send(self_, from, {verb::deny, vote_.term, m.round});
        const message yes = {verb::grant, m.term, m.round};
        if (vote_.term != m.term) {
            const vote next = {m.term, from};
            if (!put(self_.disk(), "vote", next)) return;
            vote_ = next;
            if (wrong(mistake::vote_not_synced)) net_.send(self_, from, yes);
        }
        if (from != self_.id()) {
            if (m.term > leading_term_) step_down();
            heard_until_ = self_.now() + promise_time + any_time(promise_time / 4);
        }
        promised_to_ = from;
        promised_until_ = self_.now() + promise_time;
        self_.sync("vote", [this, from, yes](auto synced) {
            if (synced.has_value()) net_.send(self_, from, yes);
        });
    }

    void granted(trace::node_id from, const message& m) {
        if (m.round != round_ || votes_.state() != quorum::verdict::possible) return;
        if (votes_.answered(from) != quorum::verdict::reached) return;
        if (leading_ && !leads()) return step_down();
        // And a claim that was overtaken is not taken up at all.
        if (vote_.term != leading_term_) return;
        leading_ = true;
        const auto begin = wrong(mistake::lease_from_answer) ? lease_clock() : asked_at_;
        lease_until_ = begin + (wrong(mistake::lease_without_margin) ? promise_time : lease_time);
    }

    void denied(trace::node_id from, const message& m) {
        if (m.term > leading_term_) step_down();
        if (m.term > vote_.term) vote_ = {m.term, trace::no_node};
        if (m.round == round_) (void)votes_.failed(from);
    }

    void use_store() {
        if (left_ == 0 || (!waiting_.empty() && self_.now() < use_again_)) return;
        --left_;
        use_again_ = self_.now() + std::chrono::milliseconds(50);
        const check::client_id me = self_.incarnation() << 32 | self_.id();
        const auto id =
            uses_.invoke(me, {check::lock_call::use, leading_term_}, self_.world().now());
        const std::uint64_t request = self_.incarnation() << 32 | id;
        waiting_.emplace(request, id);
        net_.send(self_, design_.nodes, {verb::use, leading_term_, request});
    }

    void used(const message& m) {
        const auto found = waiting_.find(m.round);
        if (found == waiting_.end()) return;
        uses_.complete(found->second, {.granted = m.granted}, self_.world().now());
        waiting_.erase(found);
        if (!m.granted && m.term == leading_term_) step_down();
    }

    // A term is led once: answers to what was claimed count no more.
    void step_down() {
        leading_ = false;
        ++round_;
    }

    sim::node& self_;
    network& net_;
    const design& design_;
    history& uses_;
    std::uint64_t& left_;
    quorum::node_set everyone_;

    // As a voter.
    vote vote_{};
    trace::node_id promised_to_ = trace::no_node;
    steady_time promised_until_{};
    steady_time heard_until_{};

    // As a leader, or one who would be.
    bool leading_ = false;
    std::uint64_t leading_term_ = 0;
    std::uint64_t round_ = 0;
    quorum::tally<quorum::count_of> votes_{{}, {}};
    std::chrono::nanoseconds asked_at_{};
    std::chrono::nanoseconds lease_until_{};
    steady_time claim_again_{};
    steady_time use_again_{};
    std::map<std::uint64_t, check::operation_id> waiting_;
};

/// Somebody who sees all nodes at once, and writes down who leads as if it were a lock.
class observer {
public:
    observer(sim::world& w, unsigned nodes) : world_(w), holding_(nodes) {}

    void look() {
        for (trace::node_id i = 0; i < holding_.size(); ++i)
            if (holding_[i] != 0 && leads(i) != holding_[i]) {
                add(i, {check::lock_call::release, holding_[i]}, {.granted = true});
                holding_[i] = 0;
            }
        for (trace::node_id i = 0; i < holding_.size(); ++i)
            if (const std::uint64_t term = leads(i); term != holding_[i]) {
                if (term != 0)
                    terms_.complete(terms_.invoke(i, {}, world_.now()), term, world_.now());
                add(i, {check::lock_call::acquire, 0}, {.granted = true, .token = term});
                holding_[i] = term;
            }
    }

    /// Who led, as a lock; and each term when it began to be led.
    [[nodiscard]] const history& leaders() const { return leaders_; }
    [[nodiscard]] const check::history<nothing, std::uint64_t>& terms() const { return terms_; }

private:
    [[nodiscard]] std::uint64_t leads(trace::node_id i) const {
        const auto* const e = world_.program<elector>(i);
        return e != nullptr && e->leads() ? e->term() : 0;
    }

    void add(trace::node_id i, const check::lock_input& in, const check::lock_output& out) {
        leaders_.complete(leaders_.invoke(i, in, world_.now()), out, world_.now());
    }

    sim::world& world_;
    std::vector<std::uint64_t> holding_;
    history leaders_;
    check::history<nothing, std::uint64_t> terms_;
};

/// What is claimed of the program.
enum class claim : std::uint8_t {
    one_leader,      ///< no two lead at once, by their own clocks
    leader_of_term,  ///< no term has two leaders
    one_writer,      ///< what the store takes, it takes in the order of terms
};

[[nodiscard]] constexpr const char* describe(claim c) noexcept {
    switch (c) {
        case claim::one_leader: return "two leaders at once";
        case claim::leader_of_term: return "two leaders in one term";
        case claim::one_writer: return "a deposed leader wrote";
    }
    return "unknown claim";
}

/// Faults that a lease allows for: clocks drift and step, but none stands still.
[[nodiscard]] inline sim::nemesis_profile rough_for_leases() {
    sim::nemesis_profile rough = rough_for(std::chrono::seconds(2));
    rough.between = std::chrono::milliseconds(150);
    rough.lasting = std::chrono::milliseconds(250);
    rough.drift = sim::ppm(worst_drift);
    rough.weights.freeze = 0;
    return rough;
}

/// The program under faults, and what is claimed of it.
struct scenario {
    design program;
    split_brain::claim claim = claim::one_leader;
    sim::nemesis_profile rough = rough_for_leases();

    /// The nodes are those that may lead, and the store.
    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return {seed, program.nodes + 1, 100,
                sim::draw_script(rough, names(program.nodes), rng(seed, "faults"))};
    }

    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const;

private:
    [[nodiscard]] static std::vector<std::string> names(unsigned nodes) {
        std::vector<std::string> all;
        append_names(all, "node", nodes);
        all.emplace_back("store");
        return all;
    }

    [[nodiscard]] check::verdict judge(const history& uses, const observer& seen) const {
        switch (claim) {
            case claim::one_leader: return check::linearizable(seen.leaders(), check::lock_model());
            case claim::leader_of_term: return check::unique_ids(seen.terms());
            case claim::one_writer: break;
        }
        return check::linearizable(uses, check::lock_model());
    }
};

// Runs through faults, and then through a calm, in which somebody must lead and write.
inline sim::scenario_result scenario::run(const sim::scenario_setup& s,
                                          trace::trace* recorder) const {
    using namespace std::chrono_literals;
    design d = program;
    d.nodes = s.nodes > 1 ? s.nodes - 1 : 1;
    history uses;
    std::uint64_t left = s.operations;
    sim::world w(s.seed);
    w.record_to(recorder);
    network net(w);
    w.links().set_profile(any_links(w));
    for (const std::string& name : names(d.nodes)) {
        if (name == "store")
            w.add<store>(name, net, d);
        else
            w.add<elector>(name, net, d, uses, left);
    }
    rng random = w.random("drifts");
    for (trace::node_id i = 0; i < w.node_count(); ++i)
        w.set_drift(i, sim::ppm(bernoulli(random, 0.5) ? worst_drift : -worst_drift));
    sim::run_script(w, s.faults);

    observer everything(w, d.nodes);
    const auto run_for = [&](std::chrono::nanoseconds time) {
        const steady_time end = w.now() + time;
        while (w.now() < end && w.step()) everything.look();
    };
    run_for(2100ms);
    w.links().set_profile(sim::link_profile{});
    const std::size_t before = uses.size();
    left = 10;
    run_for(2s);
    const bool progress =
        std::any_of(uses.begin() + static_cast<std::ptrdiff_t>(before), uses.end(),
                    [](const auto& op) { return op.output && op.output->granted; });
    return judged(w, progress, describe(claim), judge(uses, everything));
}

}  // namespace coterie::test::split_brain
