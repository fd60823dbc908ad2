// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/pbs.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <coterie/core/random.hpp>
#include <coterie/quorum/answer_time.hpp>
#include <coterie/quorum/delay.hpp>
#include <coterie/quorum/nrw.hpp>

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/seed.hpp"

using namespace coterie::quorum;
using namespace std::chrono_literals;

namespace {

using fit = mixture<pareto, exponential>;
using fitted = wars<fit, fit, fit, fit>;

constexpr fit ssd{.9122, {delay(.235), 10}, {1.66}};
constexpr fit disk{.38, {delay(1.05), 1.51}, {.183}};
constexpr fitted on_ssd{ssd, ssd, ssd, ssd};
constexpr fitted on_disk{disk, ssd, ssd, ssd};

constexpr double run_by_the_compiler() {
    return simulate({2, 1, 1}, on_disk, 20, coterie::rng(1)).consistency(0ms).value;
}
static_assert(run_by_the_compiler() > 0);

constexpr std::size_t trials = 150'000;

template <class Model>
staleness run(const nrw& c, const Model& model, std::size_t count = trials) {
    coterie::rng random(coterie::test::seed());
    return simulate(c, model, count, random);
}

/// Whether a number is the estimated one, or as far off as chance makes it once in 10,000,000 runs, or `slack`
/// of the number for the error that it has itself.
template <class T>
bool agrees(const estimate<T>& e, T expected, double slack) {
    const double widths = 5.3 / 1.96;
    return expected >= e.value - widths * (e.value - e.low) - slack * expected &&
           expected <= e.value + widths * (e.high - e.value) + slack * expected;
}

bool within(double value, double expected, double tolerance) {
    return std::abs(value - expected) <= tolerance;
}

/// The definition of the model, trial by trial, without any economy.
struct reference {
    std::vector<double> write, read, stale;
};

template <class Model>
reference by_definition(const nrw& c, const Model& model, std::size_t count) {
    coterie::rng random(coterie::test::seed());
    reference all;
    for (std::size_t trial = 0; trial < count; ++trial) {
        std::vector<replica_delays> replicas(c.n);
        const std::span<replica_delays> every(replicas);
        model.draw(random, every);
        std::vector<double> acks;
        std::vector<std::pair<double, std::size_t>> replies;
        for (std::size_t i = 0; i < c.n; ++i) {
            acks.push_back((replicas[i].write + replicas[i].acknowledge).count());
            replies.emplace_back((replicas[i].read + replicas[i].respond).count(), i);
        }
        std::sort(acks.begin(), acks.end());
        std::sort(replies.begin(), replies.end());
        const double w = acks[c.w - 1];
        // At a time that is this long after the write, one of the first R replies has seen it.
        double seen_at = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < c.r; ++i) {
            const replica_delays& d = replicas[replies[i].second];
            seen_at = std::min(seen_at, d.write.count() - w - d.read.count());
        }
        all.write.push_back(w);
        all.read.push_back(replies[c.r - 1].first);
        all.stale.push_back(std::max(0.0, seen_at));
    }
    for (auto* const v : {&all.write, &all.read, &all.stale}) std::sort(v->begin(), v->end());
    return all;
}

}  // namespace

TEST_CASE("the simulation does what the model says, for all N up to 4 and across distance") {
    constexpr std::size_t count = 500;
    const auto check = [&](const nrw& c, const auto& model) {
        const staleness seen = run(c, model, count);
        const reference expected = by_definition(c, model, count);
        REQUIRE(seen.trials() == count);
        for (std::size_t i = 0; i < count; ++i) {
            const double q = (static_cast<double>(i) + .5) / static_cast<double>(count);
            REQUIRE(seen.read_latency(q).value.count() == Approx(expected.read[i]));
            REQUIRE(seen.write_latency(q).value.count() == Approx(expected.write[i]));
            REQUIRE(seen.time_to(q).value.count() == Approx(expected.stale[i]).margin(1e-12));
        }
        for (const double t : {0.0, .01, .3, 1.0, 10.0, 1e4}) {
            const auto within_t =
                std::upper_bound(expected.stale.begin(), expected.stale.end(), t + 1e-12) -
                expected.stale.begin();
            REQUIRE(seen.consistency(delay(t)).value ==
                    Approx(static_cast<double>(within_t) / static_cast<double>(count)));
        }
        if (c.reads_meet_writes()) REQUIRE(seen.consistency(0ms).value == 1);
    };
    for (unsigned n = 1; n <= 4; ++n) {
        for (unsigned r = 1; r <= n; ++r) {
            for (unsigned w = 1; w <= n; ++w) {
                check({n, r, w}, on_disk);
                check({n, r, w}, wan{on_disk, 75ms});
            }
        }
    }
    check({64, 20, 30}, on_ssd);
}

TEST_CASE("messages across the distance take longer, and only those") {
    struct still {
        static void draw(coterie::rng&, std::span<replica_delays> replicas) {
            std::fill(replicas.begin(), replicas.end(), replica_delays{1ms, 2ms, 3ms, 4ms});
        }
    };
    coterie::rng random(coterie::test::seed());
    std::map<std::pair<std::size_t, std::size_t>, int> pairs;
    for (int i = 0; i < 2000; ++i) {
        std::array<replica_delays, 3> all{};
        wan{still{}, 75ms}.draw(random, all);
        std::vector<std::size_t> writers, readers;
        for (std::size_t r = 0; r < 3; ++r) {
            REQUIRE((all[r].write == 1ms) == (all[r].acknowledge == 2ms));
            REQUIRE((all[r].read == 3ms) == (all[r].respond == 4ms));
            if (all[r].write == 1ms)
                writers.push_back(r);
            else
                REQUIRE((all[r].write == 76ms && all[r].acknowledge == 77ms));
            if (all[r].read == 3ms)
                readers.push_back(r);
            else
                REQUIRE((all[r].read == 78ms && all[r].respond == 79ms));
        }
        REQUIRE((writers.size() == 1 && readers.size() == 1));
        ++pairs[{writers[0], readers[0]}];
    }
    CHECK(pairs.size() == 9);
    for (const auto& [pair, count] : pairs)
        CHECK(within(count, 2000.0 / 9, 75));  // five deviations
}

TEST_CASE("a seed gives the same simulation everywhere") {
    coterie::rng random(42);
    const staleness seen = simulate({3, 1, 1}, on_disk, 1000, random);
    CHECK(seen.consistency(0ms).value == 0.45100000000000001);
    CHECK(seen.time_to(.9).value.count() == 0x1.04976e80dc2fp+3);
    CHECK(seen.read_latency(.5).value.count() == 0x1.f466e932ad646p-2);
    CHECK(seen.write_latency(.99).value.count() == 0x1.a8ff02e6e94cap+2);
}

TEST_CASE("of the intervals nineteen in twenty have the true number in them") {
    // Two replicas and one random delay. The write is acknowledged by the earlier one, after an exponential
    // delay of twice the rate. The other has it later, by an exponential delay; a read asks either.
    const wars model{exponential{1}, constant_delay{}, constant_delay{}, constant_delay{}};
    coterie::rng random(coterie::test::seed());
    constexpr int runs = 3000;
    int median_right = 0, tail_right = 0, curve_right = 0, time_right = 0;
    for (int i = 0; i < runs; ++i) {
        const staleness seen = simulate({2, 1, 1}, model, 400, random);
        const auto has = [](const auto& e, auto truth) {
            REQUIRE((e.low <= e.value && e.value <= e.high));
            return e.low <= truth && truth <= e.high ? 1 : 0;
        };
        median_right += has(seen.write_latency(.5), delay(std::log(2.0) / 2));
        tail_right += has(seen.write_latency(.95), delay(std::log(20.0) / 2));
        curve_right += has(seen.consistency(1ms), 1 - .5 * std::exp(-1.0));
        time_right += has(seen.time_to(.9), delay(std::log(5.0)));
    }
    // Five deviations, and three in a hundred since counts are whole.
    const double tolerance = 5 * std::sqrt(.95 * .05 * runs) + .03 * runs;
    for (const int right : {median_right, tail_right, curve_right, time_right})
        CHECK(within(right, .95 * runs, tolerance));
}

TEST_CASE("an interval says where there are too few trials") {
    const staleness seen = run({1, 1, 1}, on_disk, 100);
    CHECK(seen.write_latency(.999).high == delay(std::numeric_limits<double>::infinity()));
    CHECK(seen.write_latency(.001).low == 0ms);
    CHECK(seen.write_latency(.5).high < seen.write_latency(.999).value);
    CHECK(seen.consistency(0ms).value == 1);
    CHECK(seen.consistency(0ms).high >= 1);
    CHECK(seen.consistency(0ms).low == Approx(100 / (100 + 1.96 * 1.96)).epsilon(1e-4));
    const staleness once = run({2, 1, 1}, on_disk, 1);
    CHECK(once.write_latency(.01).value == once.write_latency(.99).value);
}

TEST_CASE("versions and time together, and reads that go back") {
    const staleness seen = run({3, 1, 1}, on_disk, 20'000);
    const double missed = 1 - seen.consistency(1ms).value;
    CHECK(seen.within_versions(0, 1ms) == 0);
    CHECK(seen.within_versions(1, 1ms) == Approx(1 - missed));
    CHECK(seen.within_versions(3, 1ms) == Approx(1 - missed * missed * missed));
    CHECK(older_read_probability({3, 1, 1}, 0) == Approx(2.0 / 3));
    CHECK(older_read_probability({3, 1, 1}, 1) == Approx(4.0 / 9));
    CHECK(older_read_probability({3, 1, 1}, 2.5) == Approx(std::pow(2.0 / 3, 3.5)));
    CHECK(older_read_probability({3, 2, 2}, 1) == 0);
}

// --- published numbers ---------------------------------------------------------------------------------

namespace {

using nlohmann::json;

/// The sizes that "R2W1" names, of as many replicas as the file says.
nrw configuration(const json& file, const std::string& name) {
    return {file.at("table_lat_stale").at("N"), static_cast<unsigned>(name.at(1) - '0'),
            static_cast<unsigned>(name.at(3) - '0')};
}

fit read_fit(const json& f) {
    const auto& p = f.at("pareto");
    return {
        p.at("p"), {delay(p.at("xm").get<double>()), p.at("alpha")}, {f.at("exp").at("lambda")}};
}

/// The fit of a letter: under a key like "A=R=S", as itself or as the name of another model.
fit find_fit(const json& fits, const std::string& model, char letter) {
    for (const auto& [key, f] : fits.at(model).items()) {
        const bool is_fit = key.find_first_not_of("WARS=") == std::string::npos;
        if (!is_fit || key.find(letter) == std::string::npos) continue;
        return f.is_string() ? find_fit(fits, f, letter) : read_fit(f);
    }
    throw std::runtime_error("no fit of " + std::string(1, letter) + " in " + model);
}

fitted read_model(const json& fits, const std::string& model) {
    return {find_fit(fits, model, 'W'), find_fit(fits, model, 'A'), find_fit(fits, model, 'R'),
            find_fit(fits, model, 'S')};
}

json read_file() {
    std::ifstream file(coterie::test::data_dir() / "pbs.json");
    return json::parse(file);
}

}  // namespace

TEST_CASE("the paper's latencies, within its own error") {
    const json file = read_file();
    int rows = 0;
    for (const auto& [name, table] : file.at("table_lat_stale").at("rows").items()) {
        const fitted model = read_model(file.at("fits_ms"), name);
        for (const auto& [quorums, row] : table.items()) {
            const nrw c = configuration(file, quorums);
            INFO(name << " " << quorums);
            const staleness seen = run(c, model);
            // It rounds to hundredths, and its tails rest on fewer events.
            const double slack = c.failures_tolerated() == 0 ? .05 : .03;
            CHECK(agrees(seen.read_latency(.999), delay(row.at(0).get<double>()), slack));
            CHECK(agrees(seen.write_latency(.999), delay(row.at(1).get<double>()), slack));
            if (c.reads_meet_writes()) CHECK(seen.time_to(.999).value == 0ms);
            ++rows;
        }
    }
    REQUIRE(rows > 0);
}

TEST_CASE("an independent simulation, with the time to 99.9 % as a quantile") {
    const json file = read_file();
    int rows = 0;
    for (const auto& [name, table] : file.at("independent_simulation_2M_trials").items()) {
        const fitted model = read_model(file.at("fits_ms"), name);
        for (const auto& [quorums, row] : table.items()) {
            INFO(name << " " << quorums);
            const staleness seen = run(configuration(file, quorums), model);
            const auto number = [&numbers = row](const char* key) {
                return numbers.at(key).get<double>();
            };
            CHECK(agrees(seen.read_latency(.999), delay(number("Lr999")), .02));
            CHECK(agrees(seen.write_latency(.999), delay(number("Lw999")), .02));
            CHECK(agrees(seen.read_latency(.5), delay(number("Lr_median")), .003));
            CHECK(agrees(seen.write_latency(.5), delay(number("Lw_median")), .003));
            CHECK(agrees(seen.consistency(0ms), number("p_consistent_t0"), .002));
            CHECK(agrees(seen.consistency(10ms), number("p_consistent_t10ms"), .002));
            CHECK(agrees(seen.time_to(.999), delay(number("t999")), .02));
            ++rows;
        }
    }
    REQUIRE(rows > 0);
}

TEST_CASE("the paper's time to 99.9 % is too short where it is not zero") {
    // It takes the first of many noisy estimates that reaches .999.
    const json rows = read_file().at("table_lat_stale").at("rows");
    coterie::rng random(1);  // always the same: near the margin chance would decide
    const auto low = [&](const nrw& c, const fitted& model) {
        return simulate(c, model, 1'000'000, random).time_to(.999).low.count();
    };
    CHECK(low({3, 1, 1}, on_disk) > rows.at("LNKD-DISK").at("R1W1").at(2).get<double>());
    CHECK(low({3, 1, 2}, on_disk) > rows.at("LNKD-DISK").at("R1W2").at(2).get<double>());
    CHECK(low({3, 1, 1}, on_ssd) > rows.at("LNKD-SSD").at("R1W1").at(2).get<double>());
}

TEST_CASE("the first estimate of many to reach 99.9 % is the paper's") {
    // As the authors did it: a new simulation of 50,000 trials for each time, in steps.
    coterie::rng random(coterie::test::seed());
    double sum = 0;
    constexpr int repeats = 2;
    for (int i = 0; i < repeats; ++i) {
        double t = 1.5;
        while (simulate({3, 1, 1}, on_ssd, 50'000, random).consistency(delay(t)).value < .999)
            t += .01;
        sum += t;
    }
    CHECK(within(sum / repeats, 1.87, .13));
}

TEST_CASE("the paper's table was made with another tail of the writes of YMMR than it prints") {
    const json fits = read_file().at("fits_ms");
    fitted model = read_model(fits, "YMMR");
    const staleness printed = run({3, 1, 1}, model);
    CHECK(agrees(printed.write_latency(.999), delay(11.15), .01));
    CHECK(agrees(printed.consistency(0ms), .887, .001));
    model.write.first.alpha = 3.5;
    const staleness used = run({3, 1, 1}, model);
    CHECK(agrees(used.write_latency(.999), delay(10.83), .01));
    CHECK(agrees(used.consistency(0ms), .893, .001));
    CHECK(printed.consistency(0ms).value < used.consistency(0ms).value);
}

TEST_CASE("probabilities in the paper's text") {
    const auto at = [](const nrw& c, const auto& model, delay t) {
        return run(c, model).consistency(t);
    };
    constexpr exponential each{1};
    CHECK(agrees(at({3, 1, 1}, on_ssd, 0ms), .974, .005));
    CHECK(agrees(at({3, 1, 1}, on_disk, 0ms), .439, .01));
    CHECK(agrees(at({3, 1, 1}, on_disk, 10ms), .925, .005));
    CHECK(agrees(at({2, 1, 1}, on_disk, 0ms), .575, .01));
    CHECK(agrees(at({10, 1, 1}, on_disk, 0ms), .211, .01));
    CHECK(agrees(at({3, 1, 1}, wars{exponential{4}, each, each, each}, 0ms), .94, .005));
    CHECK(agrees(at({3, 1, 1}, wars{exponential{.1}, each, each, each}, 0ms), .41, .03));
}

TEST_CASE("across the world, as the paper has it") {
    const staleness seen = run({3, 1, 1}, wan{on_disk, 75ms});
    CHECK(agrees(seen.consistency(0ms), .33, .015));
    CHECK(agrees(seen.read_latency(.999), delay(3.4), .03));
    CHECK(agrees(seen.write_latency(.999), delay(55.12), .03));
    CHECK(agrees(seen.time_to(.999), delay(116), .03));
}

TEST_CASE("the r-th answer of the simulation is the exact one") {
    // A round trip of one random delay: its distribution is known, so both ways must agree.
    const wars model{disk, constant_delay{}, ssd, constant_delay{}};
    for (unsigned k = 1; k <= 3; ++k) {
        const staleness seen = run({3, k, k}, model);
        for (const double q : {.1, .5, .99}) {
            CHECK(agrees(seen.write_latency(q), answer_time(k, 3, disk, q), 0));
            CHECK(agrees(seen.read_latency(q), answer_time(k, 3, ssd, q), 0));
        }
    }
}

TEST_CASE("measured delays are simulated like any others") {
    const auto measured = empirical::from({1ms, 1ms, 2ms, 30ms}).value();
    const wars model{measured, constant_delay{}, constant_delay{}, constant_delay{}};
    const staleness seen = run({2, 1, 1}, model);
    // A read asks one of the two, whichever; the other replica's write took the shorter time.
    double fresh = 0;
    for (const delay a : measured.samples())
        for (const delay b : measured.samples()) fresh += (a <= b ? 1 : 0) / 16.0;
    CHECK(agrees(seen.consistency(0ms), fresh, 0));
    CHECK(seen.consistency(29ms).value == 1);
}

namespace {

/// Delays of which the write's is one millisecond longer in each trial.
struct counting {
    mutable double trial = 0;

    void draw(coterie::rng&, std::span<replica_delays> replicas) const {
        replicas[0] = {.write = delay(++trial)};
    }
};

}  // namespace

TEST_CASE("shares: the quantile of k / n is the k-th of n, for all k of n up to 1,000") {
    coterie::rng random(1);
    int wrong = 0;
    for (std::size_t n = 2; n <= 1000; ++n) {
        const staleness seen = simulate({.n = 1, .r = 1, .w = 1}, counting{}, n, random);
        for (std::size_t k = 1; k < n; ++k) {
            const double share = static_cast<double>(k) / static_cast<double>(n);
            const auto q = seen.write_latency(share);
            wrong +=
                q.value == delay(static_cast<double>(k)) && q.low <= q.value && q.value <= q.high
                    ? 0
                    : 1;
        }
    }
    CHECK(wrong == 0);
}
