// SPDX-License-Identifier: BSL-1.0
#include "common/herd.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <fmt/core.h>

#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>
#include <coterie/retry/adaptive_throttle.hpp>
#include <coterie/retry/backoff.hpp>
#include <coterie/retry/call_window.hpp>
#include <coterie/retry/concurrency_limit.hpp>
#include <coterie/retry/error.hpp>
#include <coterie/retry/hedging_policy.hpp>
#include <coterie/retry/pipeline.hpp>
#include <coterie/retry/retry_budget.hpp>
#include <coterie/retry/retry_state.hpp>
#include <coterie/retry/token_bucket.hpp>

namespace examples {

namespace {

using namespace std::chrono_literals;
namespace retry = coterie::retry;
using coterie::steady_time;
using std::chrono::nanoseconds;

/// A backoff that is chosen while the program runs.
template <retry::backoff_policy... Backoffs>
struct backoff_of_any {
    using state_type = std::variant<std::monostate, typename Backoffs::state_type...>;

    nanoseconds next(state_type& state, coterie::rng& random) const {
        return std::visit(
            [&]<class Backoff>(const Backoff& backoff) {
                using its_state = Backoff::state_type;
                if (!std::holds_alternative<its_state>(state)) state = its_state();
                return backoff.next(std::get<its_state>(state), random);
            },
            chosen);
    }

    std::variant<Backoffs...> chosen;
};

using any_backoff =
    backoff_of_any<retry::constant_backoff<>, retry::exponential_backoff<retry::no_jitter>,
                   retry::exponential_backoff<>, retry::exponential_backoff<retry::equal_jitter>,
                   retry::exponential_backoff<retry::proportional_jitter>,
                   retry::decorrelated_jitter>;

/// A budget that is chosen while the program runs.
class any_budget {
public:
    explicit any_budget(const std::string& name) {
        if (name == "token") chosen_.emplace<retry::token_budget>();
        if (name == "ratio") chosen_.emplace<retry::ratio_budget>();
        if (name == "concurrency") chosen_.emplace<retry::concurrency_budget>();
        if (name == "quota") chosen_.emplace<retry::quota_budget>();
    }

    void on_call(steady_time now) {
        std::visit([&](auto& b) { b.on_call(now); }, chosen_);
    }
    void on_failure(steady_time now, retry::error_class e) {
        std::visit([&](auto& b) { b.on_failure(now, e); }, chosen_);
    }
    bool try_retry(steady_time now, retry::error_class e, std::uint32_t attempt) {
        return std::visit([&](auto& b) { return b.try_retry(now, e, attempt); }, chosen_);
    }
    void on_success(steady_time now, std::optional<retry::error_class> cause) {
        std::visit([&](auto& b) { b.on_success(now, cause); }, chosen_);
    }
    void on_end(std::uint32_t attempts) {
        std::visit([&](auto& b) { b.on_end(attempts); }, chosen_);
    }

private:
    std::variant<retry::no_budget, retry::token_budget, retry::ratio_budget,
                 retry::concurrency_budget, retry::quota_budget>
        chosen_;
};

nanoseconds milliseconds(double ms) { return nanoseconds(static_cast<std::int64_t>(ms * 1e6)); }

any_backoff backoff_of(const herd_policy& p) {
    const nanoseconds base = milliseconds(p.base_ms), cap = milliseconds(p.cap_ms);
    if (p.backoff == "at-once") return {retry::constant_backoff<>{1ms}};
    if (p.backoff == "constant") return {retry::constant_backoff<>{base}};
    if (p.backoff == "none") return {retry::exponential_backoff<retry::no_jitter>{base, cap}};
    if (p.backoff == "equal") return {retry::exponential_backoff<retry::equal_jitter>{base, cap}};
    if (p.backoff == "proportional")
        return {retry::exponential_backoff<retry::proportional_jitter>{base, cap}};
    if (p.backoff == "decorrelated") return {retry::decorrelated_jitter{base, cap}};
    return {retry::exponential_backoff<>{base, cap}};
}

/// What is drawn: from five seconds before the outage to 25 after it.
struct window {
    std::size_t first, outage_begins, outage_ends, last;

    explicit window(const overload_options& o) {
        const auto slices = [](std::chrono::seconds s) {
            return static_cast<std::size_t>(std::max(s, 0s) / overload_outcome::slice);
        };
        first = slices(o.fails_after - 5s);
        outage_begins = slices(o.fails_after);
        outage_ends = slices(o.fails_after + o.stands_still);
        last = slices(o.fails_after + o.stands_still +
                      std::min<std::chrono::seconds>(o.watched_after, 25s));
    }
};

unsigned most_requests(const window& w, std::span<const herd_run> runs) {
    unsigned most = 1;
    for (const herd_run& run : runs) {
        for (std::size_t s = w.first; s < w.last; ++s)
            most = std::max(most, run.outcome.requests[s]);
    }
    return most;
}

std::string recovery_of(const overload_outcome& outcome) {
    if (!outcome.recovered_after.has_value()) return "not at all";
    return fmt::format("{} s", outcome.recovered_after->count());
}

}  // namespace

std::string herd_policy::describe() const {
    std::string text = backoff == "at-once"    ? "again at once"
                       : backoff == "constant" ? "constant delay"
                       : backoff == "none"     ? "no jitter"
                                               : backoff + " jitter";
    if (budget != "none") text += ", " + budget + " budget";
    if (gate != "none") text += ", " + gate;
    if (gate == "rate" || gate == "concurrency") text += " limit";
    if (hedges) text += ", hedges";
    return text;
}

std::span<const std::string> backoff_names() {
    static const std::vector<std::string> names{"at-once", "constant",     "none",        "full",
                                                "equal",   "proportional", "decorrelated"};
    return names;
}

std::span<const std::string> budget_names() {
    static const std::vector<std::string> names{"none", "token", "ratio", "concurrency", "quota"};
    return names;
}

std::span<const std::string> gate_names() {
    static const std::vector<std::string> names{"none", "breaker", "throttle", "rate",
                                                "concurrency"};
    return names;
}

herd_run play_herd(const overload_options& options, const herd_policy& policy) {
    overload_breaker breaker(overload_breaker_options);
    retry::adaptive_throttle throttle(retry::throttle_options{.window = retry::time_window{10s}});
    retry::token_bucket rate(
        {.per_second = 0.8 * static_cast<double>(1s / options.work), .burst = 50}, overload_start);
    retry::concurrency_limit limit;
    retry::hedge_budget hedges;
    overload_guards guards{.hedges = policy.hedges ? &hedges : nullptr};
    if (policy.gate == "breaker") guards.gate = shared_gate(retry::breaker_gate{breaker});
    if (policy.gate == "throttle") guards.gate = shared_gate(retry::throttle_gate{throttle});
    if (policy.gate == "rate") guards.gate = shared_gate(retry::rate_gate{rate});
    if (policy.gate == "concurrency") guards.gate = shared_gate(retry::concurrency_gate{limit});
    const retry::retry_policy<any_backoff> decided{
        .backoff = backoff_of(policy), .max_attempts = policy.attempts, .is_idempotent = true};
    any_budget budget(policy.budget);
    return {policy, play_overload(options, decided, budget, guards)};
}

std::string draw_herd(const overload_options& options, std::span<const herd_run> runs) {
    static constexpr const char* blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const window w(options);
    const unsigned most = most_requests(w, runs);
    const double slices_a_second = static_cast<double>(1s / overload_outcome::slice);
    std::size_t width = 0;
    for (const herd_run& run : runs) width = std::max(width, run.policy.describe().size());
    std::string text =
        fmt::format("   {:{}}  {:<{}}{:<{}}{:<{}}  recovered after   requests a call\n", "", width,
                    "before", w.outage_begins - w.first, "off", w.outage_ends - w.outage_begins,
                    "up again", w.last - w.outage_ends);
    for (const herd_run& run : runs) {
        text += fmt::format("   {:{}}  ", run.policy.describe(), width);
        for (std::size_t s = w.first; s < w.last; ++s) {
            const unsigned n = run.outcome.requests[s];
            text +=
                blocks[n == 0 ? 0 : std::min<std::size_t>(1 + std::size_t{n} * 8 / (most + 1), 8)];
        }
        text += fmt::format("  {:>15} {:>17.2f}\n", recovery_of(run.outcome),
                            run.outcome.requests_a_call);
    }
    text += fmt::format(
        "\n   A column is {} ms; the highest is {:.0f} requests a second, of which the server can "
        "do {:.0f}.\n",
        overload_outcome::slice / 1ms, most * slices_a_second,
        static_cast<double>(1s / options.work));
    return text;
}

std::string herd_svg(const overload_options& options, std::span<const herd_run> runs) {
    constexpr double left = 230, width = 640, height = 46, gap = 16, top = 54;
    const window w(options);
    const double most = most_requests(w, runs);
    const double bottom = top + static_cast<double>(runs.size()) * (height + gap);
    const auto x_of = [&](std::size_t slice) {
        return left +
               width * static_cast<double>(slice - w.first) / static_cast<double>(w.last - w.first);
    };
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 {:.0f}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"13\">\n<rect width=\"1000\" height=\"{:.0f}\" fill=\"#fff\"/>\n"
        "<text x=\"20\" y=\"28\" font-size=\"16\">Requests that reach a server which stands still "
        "for {} s</text>\n"
        "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#f3d9d6\"/>\n",
        bottom + 34, bottom + 34, options.stands_still.count(), x_of(w.outage_begins), top - 8,
        x_of(w.outage_ends) - x_of(w.outage_begins), bottom - top + 8);
    double y = top;
    for (const herd_run& run : runs) {
        std::string points = fmt::format("{:.1f},{:.1f}", left, y + height);
        for (std::size_t s = w.first; s < w.last; ++s) {
            const double high = height * run.outcome.requests[s] / most;
            points += fmt::format(" {:.1f},{:.1f} {:.1f},{:.1f}", x_of(s), y + height - high,
                                  x_of(s + 1), y + height - high);
        }
        const double capacity =
            height * static_cast<double>(overload_outcome::slice / options.work) / most;
        svg += fmt::format(
            "<polygon points=\"{} {:.1f},{:.1f}\" fill=\"#4c78a8\"/>\n"
            "<path d=\"M{:.1f} {:.1f}h{:.1f}\" stroke=\"#444\" stroke-dasharray=\"3 3\"/>\n"
            "<text x=\"20\" y=\"{:.1f}\">{}</text>\n<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
            points, left + width, y + height, left, y + height - capacity, width, y + height - 6,
            run.policy.describe(), left + width + 12, y + height - 6, recovery_of(run.outcome));
        y += height + gap;
    }
    return svg + fmt::format(
                     "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#444\">dashed: what the server can "
                     "do; right: nine calls "
                     "of ten succeed again after</text>\n</svg>\n",
                     left, bottom + 14);
}

}  // namespace examples
