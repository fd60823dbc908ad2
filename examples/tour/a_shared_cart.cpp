// SPDX-License-Identifier: BSL-1.0

#include <fmt/core.h>

#include "common/cart.hpp"
#include "tour/chapters.hpp"

namespace tour {

void a_shared_cart(const telling&) {
    const auto read = examples::read_cart_script(examples::example_cart_script);
    if (!read.has_value()) return;
    fmt::print(
        "Three people share a shopping cart, each on a replica of their own. They begin together; "
        "then the\n"
        "network breaks between Alice and the two others, and everybody goes on. Time goes "
        "down:\n\n{}\n",
        examples::draw_cart_script(*read));
    const auto outcome = examples::play(*read);
    fmt::print(
        "The same edits reached three kinds of carts. One is kept as a whole, and the last writer "
        "wins: what\n"
        "the other side did is gone. One keeps versions under vector clocks, and somebody merges "
        "them by the\n"
        "largest amount of each: what was removed comes back, and what both sides added is counted "
        "once. One\n"
        "is an or_map of counters, and nobody has to decide anything:\n\n{}\n",
        examples::describe_cart_outcome(outcome));
    fmt::print(
        "`cart`, which is built beside the tour, plays scripts of yours: `cart --example > "
        "my.cart`, then\n"
        "`cart my.cart`.\n");
}

}  // namespace tour
