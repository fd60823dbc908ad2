// SPDX-License-Identifier: BSL-1.0

#include <vector>

#include <fmt/core.h>

#include "common/herd.hpp"
#include "common/overload.hpp"
#include "tour/chapters.hpp"

namespace tour {

void a_herd(const telling&) {
    const examples::overload_options options;
    std::vector<examples::herd_run> runs;
    for (const examples::herd_policy& policy :
         {examples::herd_policy{.backoff = "at-once"}, examples::herd_policy{.backoff = "full"},
          examples::herd_policy{.backoff = "full", .budget = "ratio"},
          examples::herd_policy{.backoff = "full", .budget = "ratio", .gate = "breaker"}}) {
        runs.push_back(play_herd(options, policy));
    }
    fmt::print(
        "A thousand clients keep the cart's server at 70 % of what it can do. Then it stands still "
        "for five\n"
        "seconds. A client gives up after 500 ms and tries again, four times in all; the server "
        "does not\n"
        "know, and works off what nobody waits for any more. This is what reaches it:\n\n{}\n",
        draw_herd(options, runs));
    fmt::print(
        "So jitter is for clients that contend; against overload it takes a limit on what all "
        "retry "
        "together.\nThe three lines that matter:\n\n"
        "   retry::exponential_backoff backoff{{.base = 100ms, .cap = 10s}};      // full jitter\n"
        "   retry::ratio_budget budget({{.ratio = 0.2}});                         // one for each "
        "server\n"
        "   retry::circuit_breaker<retry::time_window> breaker({{.open_for = 2s}});\n\n"
        "`herd`, which is built beside the tour, plays other policies: `herd --policy equal "
        "--budget "
        "token`.\n");
}

}  // namespace tour
