// SPDX-License-Identifier: BSL-1.0

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include <coterie/adapt/fmt.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/entropy.hpp>
#include <coterie/core/os_entropy.hpp>
#include <coterie/core/random.hpp>
#include <coterie/core/sleeper.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/snowflake_generator.hpp>
#include <coterie/id/ulid_generator.hpp>
#include <coterie/id/uuid_v7_generator.hpp>

#include "common/time_text.hpp"
#include "tour/chapters.hpp"

namespace tour {
namespace {

using namespace coterie;
using namespace std::chrono_literals;
using examples::time_text;

using sleeper = manual_sleeper<manual_clock>;

constexpr std::uint64_t worker = 3;

/// Numbers from a seed, so that the tour prints the same every time; or, live, the operating system's.
class story_entropy {
public:
    explicit story_entropy(bool live) : live_(live) {}

    std::expected<void, entropy_errc> fill(std::span<std::byte> out) noexcept {
        if (live_) return real_.fill(out);
        for (auto& byte : out) byte = static_cast<std::byte>(seeded_());
        return {};
    }

private:
    bool live_;
    os_entropy real_;
    rng seeded_{2, "the tour's ids"};
};

/// When the story begins.
wall_time begin(bool live) {
    constexpr std::chrono::sys_days day{std::chrono::year{2026} / 2 / 3};
    return live ? system_clock::now() : wall_time(day) + 9h + 30min;
}

std::string clock_text(wall_time t) {
    return time_text(std::chrono::floor<std::chrono::milliseconds>(t)).substr(11, 12);
}

std::string duration_text(std::chrono::nanoseconds d) {
    if (d < 1s) return fmt::format("{:g} ms", std::chrono::duration<double, std::milli>(d).count());
    return fmt::format("{:g} s", std::chrono::duration<double>(d).count());
}

/// Three ids of one millisecond, and one of a later one.
template <class Generator>
void print_some(std::string_view what, Generator&& ids, manual_clock& clock) {
    fmt::print("   {}\n", what);
    for (int i = 0; i < 3; ++i) fmt::print("      {}\n", ids.next().value());
    clock.advance(1ms);
    fmt::print("      {}   a millisecond later\n", ids.next().value());
}

void some_of_each(bool live) {
    fmt::print(
        "A generator is a clock, a source of chance, and a rule for what happens when the clock\n"
        "disobeys. {}, three ids of one millisecond and one of the next:\n\n",
        live ? "Now" : "On 3 February 2026, 09:30");
    manual_clock clock(begin(live));
    story_entropy entropy(live);
    print_some("ULID, counted up by random steps, so that none tells its neighbours",
               id::ulid_generator<manual_clock&, story_entropy&>({}, clock, entropy), clock);
    print_some("ULID, counted up by one",
               id::ulid_generator<manual_clock&, story_entropy&>(
                   {.increment = id::tail_increment::one}, clock, entropy),
               clock);
    const auto v7 = [&](std::string_view what, id::uuid_v7_method method) {
        print_some(what,
                   id::uuid_v7_generator<manual_clock&, story_entropy&>({.method = method}, clock,
                                                                        entropy),
                   clock);
    };
    v7("UUIDv7, method 1: a counter in rand_a", id::uuid_v7_method::fixed_length_counter);
    v7("UUIDv7, method 2: all 74 bits are one random number", id::uuid_v7_method::monotonic_random);
    v7("UUIDv7, method 3: rand_a is the fraction of the millisecond",
       id::uuid_v7_method::increased_clock_precision);
    print_some("Snowflake, Twitter's layout, worker 3",
               id::snowflake_generator<id::layouts::twitter, manual_clock&>(
                   id::static_lease(worker), {}, clock),
               clock);
}

using twitter_generator = id::snowflake_generator<id::layouts::twitter, manual_clock&,
                                                  id::static_lease, no_mark, sleeper&>;

/// What a generator answers after something has happened to its clock.
struct scene {
    manual_clock clock;
    sleeper sleep{clock};
    twitter_generator ids;

    scene(bool live, const id::clock_policy& policy)
        : clock(std::chrono::floor<std::chrono::seconds>(begin(live))),
          ids(id::static_lease(worker), {.clock = policy}, clock, {}, sleep) {
        (void)ids.next();
    }

    std::string answer() {
        const wall_time asked = clock.now();
        const auto next = ids.next();
        if (!next.has_value()) {
            const auto& error = next.error();
            const bool back = error.code == id::id_errc::clock_regressed;
            return fmt::format("error: {}, {}", back ? "regressed" : "exhausted",
                               duration_text(error.retry_after));
        }
        const auto waited = clock.now() - asked;
        const auto ahead = wall_time(next->timestamp()) - clock.now();
        if (waited.count() > 0) return fmt::format("waits {}", duration_text(waited));
        if (ahead.count() > 0) return fmt::format("goes on, {} ahead", duration_text(ahead));
        return "goes on";
    }
};

void what_each_policy_does(bool live) {
    struct policy_row {
        std::string_view name;
        id::clock_policy policy;
    };
    const policy_row rows[] = {
        {"the default: hold 10 s, wait", {}},
        {"hold 1 s, wait", {.tolerance = 1s}},
        {"wait, wait", {.regression = id::on_regression::wait, .max_wait = 10s}},
        {"fail, fail",
         {.regression = id::on_regression::fail, .exhaustion = id::on_exhaustion::fail}},
        {"hold 10 s, borrow 5 ms", {.exhaustion = id::on_exhaustion::borrow, .max_borrow = 5ms}},
    };
    const auto fill_millisecond = [](scene& s) {
        for (int i = 1; i < 4096; ++i) (void)s.ids.next();
    };

    fmt::print(
        "\nThe clock is then treated badly, and each policy asked for one more Snowflake. The "
        "first\n"
        "word of a policy is for a clock that is behind the last id, the second for a millisecond "
        "that\n"
        "has no more ids (4096, here). What an error says is how long it will take.\n\n"
        "   {:<30} {:<23} {:<24} {:<12} {}\n",
        "policy", "5 s back", "still, and 4096 made", "1 h forward", "4096 made, 5 s back");
    for (const policy_row& row : rows) {
        scene back(live, row.policy);
        back.clock.step_back(5s);
        scene still(live, row.policy);
        fill_millisecond(still);
        scene forward(live, row.policy);
        forward.clock.advance(1h);
        scene full(live, row.policy);
        fill_millisecond(full);
        full.clock.step_back(5s);
        fmt::print("   {:<30} {:<23} {:<24} {:<12} {}\n", row.name, back.answer(), still.answer(),
                   forward.answer(), full.answer());
    }
    fmt::print(
        "\nNo policy repeats an id. Even the first id after an hour forward and back again is new, "
        "since\n"
        "the next id is max(now, last + 1), never a question whether now is last:\n\n");
    scene s(live, {.tolerance = 2h});
    s.clock.advance(1h);
    const auto before = s.ids.next().value();
    s.clock.step_back(1h);
    const auto after = s.ids.next().value();
    fmt::print("   {}  at {}\n   {}  at {}\n", before, clock_text(s.clock.now() + 1h), after,
               clock_text(s.clock.now()));
}

/// Runs `f()` in a child process, and gives the text that it returned there.
template <class F>
std::string from_child(F&& f) {
    int ends[2] = {};
    if (::pipe(ends) != 0) return {};
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string said = f();
        const bool is_written = ::write(ends[1], said.data(), said.size()) >= 0;
        ::_exit(is_written ? 0 : 1);
    }
    ::close(ends[1]);
    std::string said;
    char buffer[4096];
    for (;;) {
        const auto got = ::read(ends[0], buffer, sizeof(buffer));
        if (got <= 0) break;
        said.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    if (child > 0) ::waitpid(child, nullptr, 0);
    return said;
}

void the_process_forks(bool live) {
    constexpr std::size_t each = 1000;
    manual_clock clock(begin(live));
    id::ulid_generator<manual_clock&> ulids({}, clock);
    sleeper sleep(clock);
    twitter_generator snowflakes(id::static_lease(worker), {}, clock, {}, sleep);
    (void)ulids.next();
    (void)snowflakes.next();

    const std::string theirs = from_child([&] {
        std::string all;
        for (std::size_t i = 0; i < each; ++i) all += ulids.next().value().to_string();
        return all;
    });
    std::set<std::string> seen;
    for (std::size_t i = 0; i < each; ++i) seen.insert(ulids.next().value().to_string());
    constexpr std::size_t size = id::ulid::max_text_size;
    for (std::size_t i = 0; i + size <= theirs.size(); i += size)
        seen.insert(theirs.substr(i, size));

    const std::string story = from_child([&] {
        std::string told;
        const auto note = [&told](std::string_view call, const auto& result) {
            told +=
                fmt::format("      {:<28} {}\n", call,
                            result.has_value() ? "works" : "error: " + to_string(result.error()));
        };
        note("next()", snowflakes.next());
        note("adopt(static_lease(3))", snowflakes.adopt(id::static_lease(worker)));
        note("adopt(static_lease(4))", snowflakes.adopt(id::static_lease(worker + 1)));
        note("next()", snowflakes.next());
        return told;
    });
    fmt::print(
        "\nThe process forks, in one millisecond of a clock that stands still. Parent and child "
        "make {}\n"
        "ULIDs each; {} of them are different. A Snowflake's worker id cannot be shared, so there "
        "the\n"
        "child has to get one of its own first:\n\n{}",
        each, seen.size(), story);
}

void the_process_restarts(bool live) {
    manual_clock clock(begin(live));
    memory_mark mark;
    const auto start = [&] {
        return id::snowflake_generator<id::layouts::twitter, manual_clock&, id::static_lease,
                                       memory_mark&>(id::static_lease(worker), {}, clock, mark)
            .next()
            .value();
    };
    const auto before = start();
    clock.step_back(5s);
    const auto after = start();
    fmt::print(
        "\nThe process restarts after the clock went back by 5 s. A high-water mark, written ahead "
        "once a\n"
        "second, puts the new ids beyond all that may have been made:\n\n"
        "   before   {}  of {}\n"
        "   after    {}  of {}\n",
        before, time_text(before.timestamp()), after, time_text(after.timestamp()));
}

}  // namespace

void ids_minted(const telling& how) {
    some_of_each(how.live);
    what_each_policy_does(how.live);
    the_process_forks(how.live);
    the_process_restarts(how.live);
}

}  // namespace tour
