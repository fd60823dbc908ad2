// SPDX-License-Identifier: BSL-1.0

// Judges recorded histories, and shows of each bad one the operations that no order explains.
//
//   linearizable etcd_000.log kv.txt     a verdict a line; what is wrong below it
//   linearizable --svg why.svg FILE...   the same, drawn
//
// Status: 0 all linearizable, 3 one is not, 4 else if one is unknown; 2 if a file cannot be read.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <coterie/check/key_value_model.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/recorded.hpp>
#include <coterie/check/verdict.hpp>
#include <coterie/core/text.hpp>

#include "common/file.hpp"
#include "common/intervals.hpp"
#include "common/program.hpp"

namespace {

namespace check = coterie::check;
using examples::bad_input;

constexpr int not_linearizable = 3, not_known = 4;

struct options {
    std::vector<std::string> files;
    std::string svg;
    bool is_quiet = false, wants_times = false;
    check::search_limits limits;
};

/// Says on stderr, every second, that it is still at work, if that is a terminal.
class progress {
public:
    explicit progress(const std::string& file) {
        if (::isatty(STDERR_FILENO) != 1) return;
        thread_ = std::jthread([file](const std::stop_token& stop) {
            std::mutex mutex;
            std::condition_variable_any woken;
            std::unique_lock lock(mutex);
            for (int seconds = 1;; ++seconds) {
                woken.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
                if (stop.stop_requested()) return;
                fmt::print(stderr, "linearizable: {}: {} s\n", file, seconds);
            }
        });
    }

private:
    std::jthread thread_;
};

class judge {
public:
    explicit judge(const options& given) : given_(&given) {}

    void read(const std::string& file) {
        const auto text = examples::read_file(file);
        if (!text.has_value()) return refuse("cannot read " + file);
        const std::size_t begin = text->find_first_not_of(" \t\r\n");
        if (begin != std::string::npos && (*text)[begin] == '{')
            judge_log(file, check::parse_key_value_log(*text), check::key_value_model());
        else
            judge_log(file, check::parse_register_log(*text), check::recorded_register());
    }

    int finish() {
        if (given_->wants_times) {
            const double s = std::chrono::duration<double>(spent_).count();
            fmt::print(stderr, "{} operations in {:.3f} s: {:.0f} a second\n", operations_, s,
                       s > 0 ? static_cast<double>(operations_) / s : 0);
        }
        if (!given_->svg.empty()) {
            std::ofstream out(given_->svg);
            if (!(out << examples::draw_svg(pictures_) << std::flush))
                refuse("cannot write " + given_->svg);
        }
        if (has_refused_) return bad_input;
        return is_any_bad_ ? not_linearizable : is_any_unknown_ ? not_known : 0;
    }

private:
    void refuse(const std::string& why) {
        fmt::print(stderr, "linearizable: {}\n", why);
        has_refused_ = true;
    }

    template <class Parsed, class Model>
    void judge_log(const std::string& file, const Parsed& h, const Model& m) {
        if (!h.has_value()) return refuse(file + ", " + coterie::to_string(h.error()));
        const auto start = std::chrono::steady_clock::now();
        const check::verdict v = [&] {
            const progress told(file);
            return check::linearizable(*h, m, given_->limits);
        }();
        spent_ += std::chrono::steady_clock::now() - start;
        operations_ += h->size();
        is_any_bad_ = is_any_bad_ || v.answer == check::answer::no;
        is_any_unknown_ = is_any_unknown_ || v.answer == check::answer::unknown;
        fmt::print("{}: {}\n", file,
                   v.answer == check::answer::yes  ? "linearizable"
                   : v.answer == check::answer::no ? "not linearizable"
                                                   : "unknown");
        if (v.answer == check::answer::no) show(file, *h, m, v);
    }

    template <class History, class Model>
    void show(const std::string& file, const History& h, const Model& m, const check::verdict& v) {
        examples::picture drawn{file + ": not linearizable", v.reason, {}};
        for (const check::operation_id id : v.offending) {
            const auto& op = h[id];
            drawn.intervals.push_back({op.client, op.invoked.time_since_epoch().count(),
                                       op.ended.time_since_epoch().count(),
                                       m.text(op.input, &*op.output)});
        }
        const auto last =
            std::max_element(drawn.intervals.begin(), drawn.intervals.end(),
                             [](const auto& a, const auto& b) { return a.end < b.end; });
        if (last != drawn.intervals.end()) last->is_blamed = true;
        if (!given_->is_quiet)
            fmt::print("   {}:\n{}", v.reason, examples::draw_intervals(drawn.intervals));
        if (!given_->svg.empty()) pictures_.push_back(std::move(drawn));
    }

    const options* given_;
    std::vector<examples::picture> pictures_;
    std::chrono::steady_clock::duration spent_{};
    std::size_t operations_ = 0;
    bool has_refused_ = false, is_any_bad_ = false, is_any_unknown_ = false;
};

int run(int argc, char** argv) {
    options given;
    CLI::App app{"Judges whether recorded histories are linearizable.", "linearizable"};
    app.add_option("files", given.files,
                   "Jepsen's register logs, or key-value histories as maps of Clojure")
        ->required();
    app.add_option("--svg", given.svg, "draw what is wrong into this file");
    app.add_flag("--quiet", given.is_quiet, "verdicts alone");
    app.add_flag("--summary", given.wants_times, "say on stderr how long it took");
    app.add_option("--steps", given.limits.steps, "give up after so many steps for a key");
    app.footer(
        "Status: 0 all linearizable, 3 one is not, 4 else if one is unknown; 2 if a file cannot be "
        "read.");
    if (const auto status = examples::parse(app, argc, argv)) return *status;
    judge all(given);
    for (const std::string& file : given.files) all.read(file);
    return all.finish();
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("linearizable", run, argc, argv); }
