// SPDX-License-Identifier: BSL-1.0

// Judging recorded histories: 51 register histories of Jepsen's together, with what is to blame in the bad ones; the
// slowest of them alone; and a key-value history of ten clients. The floor is the model's steps along the log.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/key_value_model.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/recorded.hpp>

#include "../../tests/support/data.hpp"
#include "support/measure.hpp"

namespace {

namespace check = coterie::check;
using register_history = check::history_of<check::recorded_register>;

std::filesystem::path folder() { return coterie::test::data_dir() / "histories"; }

[[noreturn]] void stop(const std::filesystem::path& path, const char* why) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), why);
    std::exit(1);
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) stop(path, "cannot be read");
    return {std::istreambuf_iterator<char>(file), {}};
}

register_history read_register_log(const std::filesystem::path& path) {
    auto h = check::parse_register_log(read_file(path));
    if (!h.has_value()) stop(path, "is not a log of a register test");
    return *std::move(h);
}

std::vector<register_history> register_histories() {
    std::vector<register_history> all;
    if (!std::filesystem::is_directory(folder())) stop(folder(), "is not a folder");
    for (const auto& entry : std::filesystem::directory_iterator(folder()))
        if (entry.path().extension() == ".log") all.push_back(read_register_log(entry.path()));
    if (all.size() != 51) stop(folder(), "does not hold 51 logs");
    return all;
}

template <class M>
std::size_t steps_along(const check::history_of<M>& h, const M& m) {
    auto state = m.initial();
    std::size_t right = 0;
    for (const auto& op : h)
        right += m.step(state, op.input, op.output.has_value() ? &*op.output : nullptr);
    return right;
}

template <class Judge>
auto judging(const std::vector<register_history>& all, Judge judge) {
    return [all, judge](benchmark::State& state) {
        std::size_t operations = 0;
        for (const auto& h : all) operations += h.size();
        for (auto _ : state)
            for (const auto& h : all)
                benchmark::DoNotOptimize(judge(h, check::recorded_register()));
        state.counters["operations"] = benchmark::Counter(
            static_cast<double>(operations), benchmark::Counter::kIsIterationInvariantRate);
    };
}

[[maybe_unused]] const bool registered = [] {
    const auto all = register_histories();
    const auto linearizable = [](const auto& h, const auto& m) {
        return check::linearizable(h, m).offending.size();
    };
    bench::measure("steps_along_51_register_logs", {},
                   judging(all, [](const auto& h, const auto& m) { return steps_along(h, m); }));
    bench::measure("linearizable_51_register_logs", "steps_along_51_register_logs",
                   judging(all, linearizable));
    bench::measure("linearizable_slowest_register_log", {},
                   judging({read_register_log(folder() / "etcd_099.log")}, linearizable));
    for (const char* name : {"kv-c10-ok", "kv-c10-bad"}) {
        const auto path = folder() / (std::string(name) + ".txt");
        const auto h = check::parse_key_value_log(read_file(path));
        if (!h.has_value()) stop(path, "is not a log of a key-value store");
        bench::measure_call((std::string("linearizable_") + name).c_str(), {}, [h = *h] {
            return check::linearizable(h, check::key_value_model()).offending.size();
        });
    }
    return true;
}();

}  // namespace
