// SPDX-License-Identifier: BSL-1.0

#include <coterie/sim/nemesis.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/text.hpp>
#include <coterie/sim/disk.hpp>
#include <coterie/sim/fault_kind.hpp>
#include <coterie/sim/fault_script.hpp>
#include <coterie/sim/link_change.hpp>
#include <coterie/sim/parse_fault_script.hpp>
#include <coterie/sim/world.hpp>

#include "sim/beating_cluster.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using namespace std::chrono_literals;
using sim::fault_kind;
using sim::node_state;
using test::beating_cluster;
using window = beating_cluster::window;

// How many beats of a hundred milliseconds get through, one more or less.
bool is_steady(int beats) { return beats >= 9 && beats <= 11; }

bool is_well(const window& w) {
    for (std::size_t from = 1; from <= 3; ++from)
        for (std::size_t to = 1; to <= 3; ++to)
            if (from != to && !is_steady(w(from, to))) return false;
    return true;
}

TEST_CASE("nothing is wrong before the first fault", "[sim]") {
    beating_cluster c(1);
    c.run("at 200ms crash n1", 95ms);
    CHECK(is_well(window(c, 195ms)));
    CHECK(c.world.at(0).state() == node_state::up);
    c.world.run_until(steady_time(200ms));
    CHECK(c.world.at(0).state() == node_state::down);
}

TEST_CASE("a partition lets no message across until it heals", "[sim]") {
    beating_cluster c(2);
    c.run("at 100ms partition n1 | n2 n3\nat 205ms heal", 102ms);
    const window parted(c, 203ms);
    CHECK(parted(1, 2) == 0);
    CHECK(parted(2, 1) == 0);
    CHECK(parted(3, 1) == 0);
    CHECK(is_steady(parted(2, 3)));
    CHECK(is_steady(parted(3, 2)));
    CHECK(is_well(window(c, 305ms)));
}

TEST_CASE("nodes that no group of a partition names are one more group", "[sim]") {
    beating_cluster c(2);
    c.run("at 100ms partition n2", 102ms);
    const window parted(c, 203ms);
    CHECK(parted(1, 2) == 0);
    CHECK(is_steady(parted(1, 3)));
}

TEST_CASE("a cut link is cut one way", "[sim]") {
    beating_cluster c(3);
    c.run("at 100ms cut n1 -> n2\nat 205ms release n1 -> n2", 102ms);
    const window cut(c, 203ms);
    CHECK(cut(1, 2) == 0);
    CHECK(is_steady(cut(2, 1)));
    CHECK(is_steady(cut(1, 3)));
    CHECK(is_well(window(c, 305ms)));
}

TEST_CASE("a held link loses nothing", "[sim]") {
    beating_cluster c(4);
    c.run("at 100ms hold n1 -> n2\nat 205ms release n1 -> n2", 102ms);
    const window held(c, 203ms);
    CHECK(held(1, 2) == 0);
    CHECK(is_steady(held(2, 1)));
    const window released(c, 303ms);
    CHECK(released(1, 2) >= 19);
}

TEST_CASE("one link is made bad, and well", "[sim]") {
    beating_cluster c(5);
    c.run("at 100ms link n1 -> n2 loss 100%\nat 205ms link n1 -> n2 well", 102ms);
    const window bad(c, 203ms);
    CHECK(bad(1, 2) == 0);
    CHECK(is_steady(bad(2, 1)));
    CHECK(is_well(window(c, 305ms)));
}

TEST_CASE("links delay, duplicate, damage, and are narrow", "[sim]") {
    beating_cluster c(6);
    c.run(
        "at 100ms link n1 -> n2 duplicate 100%\n"
        "at 100ms link n1 -> n3 delay 200ms\n"
        "at 100ms link n2 -> n1 corrupt 100%\n"
        "at 100ms link n2 -> n3 bandwidth 100B/s",
        102ms);
    const window bad(c, 203ms);
    CHECK(bad(1, 2) >= 18);
    CHECK(bad(1, 3) == 0);
    CHECK(is_steady(c.odd));
    CHECK(bad(2, 3) <= 3);
    CHECK(bad(2, 3) >= 1);
    CHECK(is_steady(bad(3, 1)));
}

TEST_CASE("a change of a link keeps earlier ones, and well is as it was at the start", "[sim]") {
    beating_cluster c(7);
    const sim::link_profile before = c.world.links().profile(0, 1);
    c.run("at 1s links duplicate 1%\nat 2s link n1 -> n2 loss 2%\nat 3s links well", 2500ms);
    CHECK(c.world.links().profile(0, 1).loss == 0.02);
    CHECK(c.world.links().profile(0, 1).duplication == 0.01);
    CHECK(c.world.links().profile(0, 1).delay == before.delay);
    CHECK(c.world.links().profile(1, 0).loss == 0);
    CHECK(c.world.links().profile(1, 2).duplication == 0.01);
    c.world.run_until(steady_time(3s));
    CHECK(c.world.links().profile(0, 1) == before);
    CHECK(c.world.links().profile(1, 2) == before);
}

TEST_CASE("a crashed node is down until it is restarted", "[sim]") {
    beating_cluster c(8);
    c.run("at 100ms crash n1\nat 205ms restart n1", 102ms);
    const window down(c, 203ms);
    CHECK(down(1, 2) == 0);
    CHECK(down(2, 1) == 0);
    CHECK(c.world.at(0).incarnation() == 1);
    CHECK(is_well(window(c, 305ms)));
    CHECK(c.world.at(0).incarnation() == 2);
}

TEST_CASE("a paused node stands still until it is resumed, or for so long", "[sim]") {
    for (const auto* script :
         {"at 100ms pause n1\nat 205ms resume n1", "at 100ms pause n1 for 105ms"}) {
        INFO(script);
        beating_cluster c(9);
        c.run(script, 102ms);
        const window paused(c, 203ms);
        CHECK(paused(1, 2) == 0);
        CHECK(paused(2, 1) == 0);
        CHECK(c.world.at(0).state() == node_state::paused);
        const window resumed(c, 305ms);
        CHECK(is_steady(resumed(1, 2)));
        CHECK(resumed(2, 1) >= 19);  // what had come meanwhile as well
        CHECK(c.world.at(0).incarnation() == 1);
    }
}

TEST_CASE("a clock steps, drifts and stands still", "[sim]") {
    beating_cluster c(10);
    const auto wrong = [&](trace::node_id id) {
        return c.world.at(id).wall_now() - c.world.wall_now();
    };
    c.run("at 1s clock n1 step -2s\nat 1s clock n2 drift 200ppm\nat 1s clock n3 freeze for 500ms",
          1s);
    CHECK(wrong(0) == -2s);
    const int beats = c.beats[2];
    c.world.run_until(steady_time(1400ms));
    CHECK(wrong(2) == -400ms);
    CHECK(c.beats[2] == beats);
    c.world.run_until(steady_time(2s));
    CHECK(wrong(0) == -2s);
    CHECK(wrong(1) == 200us);
    CHECK(wrong(2) == -500ms);
    CHECK(c.beats[2] > beats);
    c.run("at 3s clock n3 freeze\nat 4s clock n3 thaw", 3500ms);
    CHECK(wrong(2) == -1s);
    c.world.run_until(steady_time(5s));
    CHECK(wrong(2) == -1500ms);
}

TEST_CASE("a disk is full, slow, failing, rotten, empty and well", "[sim]") {
    beating_cluster c(11);
    sim::disk& disk = c.world.at(0).disk();
    const std::vector<std::byte> data(100, std::byte{7});
    const auto write = [&] { return disk.append("wal", data); };
    REQUIRE(write().has_value());
    REQUIRE(disk.sync_now("wal").has_value());
    c.run(
        "at 1s disk n1 full\nat 2s disk n1 well\nat 3s disk n1 slow 100ms..1s\n"
        "at 4s disk n1 failing 100%\nat 5s disk n1 well\nat 6s disk n1 corrupt wal\n"
        "at 7s disk n1 wipe",
        1s);
    CHECK(write().error() == sim::disk_errc::full);
    c.world.run_until(steady_time(2s));
    CHECK(write().has_value());
    c.world.run_until(steady_time(3s));
    for (int i = 0; i < 20; ++i) {
        const auto sync = disk.draw_sync_time();
        CHECK(sync >= 100ms);
        CHECK(sync <= 1s);
    }
    c.world.run_until(steady_time(4s));
    CHECK(write().error() == sim::disk_errc::io_error);
    CHECK(disk.draw_sync_time() >= 100ms);
    c.world.run_until(steady_time(5s));
    CHECK(disk.profile() == sim::disk_profile{});
    c.world.run_until(steady_time(6s));
    const auto rotten = disk.read("wal");
    CHECK(std::count(rotten.begin(), rotten.end(), std::byte{7}) == 199);
    c.world.run_until(steady_time(7s));
    CHECK(disk.files().empty());
}

TEST_CASE("calm is calm", "[sim]") {
    beating_cluster c(12);
    const sim::link_profile before = c.world.links().profile(0, 1);
    c.run(
        "at 10ms partition n1 | n2 n3\nat 11ms hold n2 -> n3\nat 12ms links loss 50% delay 1s\n"
        "at 13ms crash n1\nat 14ms pause n2\nat 15ms clock n3 freeze\nat 16ms disk n1 full\n"
        "at 17ms disk n2 failing 100%\nat 18ms clock n1 drift 1000ppm\nat 18ms crash n2\n"
        "at 19ms pause n3 for 10s\nfrom 100ms calm",
        100ms);
    CHECK(is_well(window(c, 200ms)));
    for (trace::node_id id = 0; id < 3; ++id) {
        CHECK(c.world.at(id).state() == node_state::up);
        CHECK(c.world.at(id).disk().profile() == sim::disk_profile{});
        CHECK(c.world.links().profile(id, (id + 1) % 3) == before);
        CHECK(c.world.links().state_of(id, (id + 1) % 3) == sim::links::state::open);
        const auto wrong = c.world.at(id).wall_now() - c.world.wall_now();
        c.world.run_for(10s);
        CHECK(c.world.at(id).wall_now() - c.world.wall_now() == wrong);
    }
    CHECK(c.world.at(2).incarnation() == 1);
}

TEST_CASE("what names a node that is not there does nothing, and a partition goes by the others",
          "[sim]") {
    beating_cluster c(13);
    sim::nemesis nemesis(c.world);
    const auto apply = [&](std::string_view what) {
        return nemesis.apply(sim::parse_fault_script(what).value().faults[0]);
    };
    CHECK(!apply("at 0s crash n4"));
    CHECK(!apply("at 0s cut n1 -> n4"));
    CHECK(!apply("at 0s cut n4 -> n1"));
    CHECK(apply("at 0s crash n3"));
    CHECK(apply("at 0s partition n1 n9 | n8 | n2"));
    CHECK(c.world.links().state_of(0, 1) == sim::links::state::cut);
}

TEST_CASE("a node that was added later is well as by default", "[sim]") {
    beating_cluster c(14);
    sim::nemesis nemesis(c.world);
    const trace::node_id late = c.world.add("late", [](sim::node&) {});
    c.world.links().set_profile(0, late, {.loss = 1});
    nemesis.apply({.kind = fault_kind::calm});
    CHECK(c.world.links().profile(0, late) == sim::link_profile{});
    CHECK(c.world.links().profile(0, 1).delay == sim::latency::constant(1ms));
}

TEST_CASE("faults happen in order of time, whatever the order in the script", "[sim]") {
    beating_cluster c(15);
    c.run("at 200ms restart n1\nat 100ms crash n1\nat 300ms crash n2\nat 300ms restart n2", 150ms);
    CHECK(c.world.at(0).state() == node_state::down);
    c.world.run_until(steady_time(300ms));
    CHECK(c.world.at(0).state() == node_state::up);
    CHECK(c.world.at(1).state() == node_state::up);
    c.run("at 1ms crash n3", 300ms);  // the past is now
    CHECK(c.world.at(2).state() == node_state::down);
}

std::vector<std::string> names_of(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= count; ++i) names.push_back("n" + std::to_string(i));
    return names;
}

TEST_CASE("a drawn script keeps to its profile", "[sim]") {
    rng random(test::seed(), "drawn scripts");
    sim::nemesis_profile profile{.duration = 20s, .between = 200ms, .corrupt = sim::percent(1)};
    std::set<fault_kind> seen;
    for (int round = 0; round < 200; ++round) {
        const std::size_t count = 1 + uniform_below(random, 7);
        const auto names = names_of(count);
        const sim::fault_script script = sim::draw_script(profile, names, random);
        INFO(to_string(script));
        REQUIRE(sim::parse_fault_script(to_string(script), names) == script);
        CHECK(script.faults.back() == sim::fault{.at = 20s, .kind = fault_kind::calm});
        std::chrono::nanoseconds before{};
        std::map<std::string, std::chrono::nanoseconds> out;
        for (const sim::fault& f : script.faults) {
            seen.insert(f.kind);
            CHECK(f.at >= before);
            CHECK(f.at <= 20s);
            before = f.at;
            if (f.kind == fault_kind::crash) out[f.node] = 1h;
            if (f.kind == fault_kind::restart) out[f.node] = f.at;
            if (f.kind == fault_kind::pause || f.kind == fault_kind::freeze)
                out[f.node] = f.at + f.amount;
            const auto down = std::count_if(out.begin(), out.end(),
                                            [&](const auto& o) { return o.second > f.at; });
            CHECK(static_cast<std::size_t>(down) * 2 < count);
            if (f.kind == fault_kind::step) CHECK((f.amount <= 2s && f.amount >= -2s));
            if (f.kind == fault_kind::drift)
                CHECK((f.rate <= sim::ppm(500) && f.rate >= sim::ppm(-500)));
            if (f.change.loss) CHECK(*f.change.loss <= profile.loss);
            if (f.change.duplicate) CHECK(*f.change.duplicate <= profile.duplicate);
            if (f.change.corrupt) CHECK(*f.change.corrupt <= profile.corrupt);
            if (f.change.delay) CHECK(f.change.delay->high <= profile.delay);
            CHECK(f.failing <= profile.disk_failing);
            CHECK(f.sync.high <= profile.sync);
        }
    }
    // All but those that a random script has no use for.
    for (const auto kind : {fault_kind::partition, fault_kind::heal,      fault_kind::cut,
                            fault_kind::hold,      fault_kind::release,   fault_kind::link,
                            fault_kind::link_well, fault_kind::links,     fault_kind::links_well,
                            fault_kind::crash,     fault_kind::restart,   fault_kind::pause,
                            fault_kind::step,      fault_kind::drift,     fault_kind::freeze,
                            fault_kind::disk_full, fault_kind::disk_slow, fault_kind::disk_failing,
                            fault_kind::disk_well, fault_kind::calm})
        CHECK(seen.contains(kind));
}

TEST_CASE("a kind without weight is never drawn", "[sim]") {
    sim::nemesis_profile profile;
    profile.weights = {.partition = 0,
                       .cut = 0,
                       .hold = 0,
                       .bad_link = 0,
                       .bad_links = 0,
                       .crash = 1,
                       .pause = 0,
                       .step = 0,
                       .drift = 0,
                       .freeze = 0,
                       .disk_full = 0,
                       .disk_slow = 0,
                       .disk_failing = 0};
    const auto script = sim::draw_script(profile, names_of(5), rng(1));
    CHECK(script.faults.size() > 20);
    for (const sim::fault& f : script.faults)
        CHECK((f.kind == fault_kind::crash || f.kind == fault_kind::restart ||
               f.kind == fault_kind::calm));
    profile.weights.crash = 0;
    CHECK(sim::draw_script(profile, names_of(5), rng(1)).faults.size() == 1);
}

TEST_CASE("more than a minority is down only if it may be", "[sim]") {
    sim::nemesis_profile profile{.between = 100ms, .lasting = 5s, .minority_down = false};
    const auto script = sim::draw_script(profile, names_of(3), rng(1));
    std::set<std::string> down;
    std::size_t most = 0;
    for (const sim::fault& f : script.faults) {
        if (f.kind == fault_kind::crash) down.insert(f.node);
        if (f.kind == fault_kind::restart) down.erase(f.node);
        most = std::max(most, down.size());
    }
    CHECK(most >= 2);
}

TEST_CASE("faults are as frequent and as long as the profile says", "[sim]") {
    sim::nemesis_profile profile{.duration = 1h, .between = 10s, .lasting = 1s};
    const auto script = sim::draw_script(profile, names_of(9), rng(5));
    std::size_t begun = 0;
    std::chrono::nanoseconds sum{};
    std::int64_t crashes = 0;
    std::map<std::string, std::chrono::nanoseconds> since;
    for (const sim::fault& f : script.faults) {
        const bool ends = f.kind == fault_kind::heal || f.kind == fault_kind::release ||
                          f.kind == fault_kind::link_well || f.kind == fault_kind::links_well ||
                          f.kind == fault_kind::restart || f.kind == fault_kind::disk_well ||
                          (f.kind == fault_kind::drift && f.rate == sim::drift{});
        begun += ends ? 0 : 1;
        if (f.kind == fault_kind::crash) since[f.node] = f.at;
        if (f.kind == fault_kind::restart) {
            sum += f.at - since[f.node];
            ++crashes;
        }
    }
    // 360 on average, and six standard deviations of the Poisson distribution either way.
    CHECK(begun > 246);
    CHECK(begun < 474);
    CHECK(crashes > 20);
    CHECK(sum / crashes > 400ms);
    CHECK(sum / crashes < 2s);
}

TEST_CASE("a drawn script is the same for the same seed on every machine", "[sim]") {
    std::uint64_t hash = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed)
        for (const char c : to_string(sim::draw_script({}, names_of(5), rng(seed))))
            hash = hash * 31 + static_cast<unsigned char>(c);
    CHECK(hash == 0x8f248bd919933595);
}

TEST_CASE("whatever happens, the calm brings a cluster back", "[sim]") {
    rng random(test::seed(), "calm");
    for (int round = 0; round < 20; ++round) {
        beating_cluster c(random());
        sim::nemesis_profile profile{
            .duration = 2s, .between = 50ms, .lasting = 500ms, .minority_down = false};
        const auto script = sim::draw_script(profile, c.names, random);
        INFO(to_string(script));
        c.run(to_string(script), 4s);
        CHECK(is_well(window(c, 4100ms)));
    }
}

}  // namespace
