// SPDX-License-Identifier: BSL-1.0
#pragma once

// A shopping cart on several replicas, kept in three ways at once while a script edits it: as a whole, of which
// the last writer wins; as versions under vector clocks, which somebody merges by hand; and as an or_map of
// counters. What becomes of the edits is compared with what the people who made them meant.

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

/// A script to begin with.
inline constexpr const char* example_cart_script =
    "# Three replicas of one cart. What comes after # is a comment.\n"
    "replicas alice bob carol\n"
    "\n"
    "alice put apples 3\n"
    "alice put pears 2\n"
    "sync                          # everybody who can reach each other\n"
    "\n"
    "partition alice | bob carol   # the network breaks\n"
    "alice remove pears\n"
    "alice put apples 1\n"
    "bob put apples 2\n"
    "bob -> carol                  # bob's state arrives at carol\n"
    "carol put plums 4\n"
    "carol take apples 1\n"
    "\n"
    "heal\n"
    "sync\n";

/// Amounts by item; none is zero.
using amounts = std::map<std::string, std::int64_t>;

/// A line of a script.
struct cart_step {
    enum class kind : std::uint8_t {
        put,     ///< puts `count` of an item into the cart
        take,    ///< takes `count` of it out
        remove,  ///< removes the item, however many there are
        sync,    ///< `replica` sends what it has to `to`
    };
    kind what;
    std::size_t replica;
    std::size_t to = 0;
    std::string item;
    std::int64_t count = 0;
    std::size_t line = 0;
};

/// A script, and the names of its replicas in the order in which it names them.
struct cart_script {
    std::vector<std::string> replicas;
    std::vector<cart_step> steps;
};

/// Why a script cannot be read.
struct cart_error {
    std::size_t line;
    std::string reason;
};

/// Reads a script, one step a line; what comes after # is a comment:
///
///   replicas alice bob carol       first of all
///   alice put apples 3             "put", "take"; "remove" without a number
///   alice -> bob                   alice's state arrives at bob
///   partition alice | bob carol    from here on only within the groups
///   heal                           everybody reaches everybody
///   sync                           all who can reach each other do so, until nothing changes
std::expected<cart_script, cart_error> read_cart_script(std::string_view text);

/// What became of the carts, after all have told each other everything.
struct cart_outcome {
    amounts meant;  ///< what remains of each edit that no later one took back
    amounts last_writer_wins;
    amounts siblings;  ///< merged as Dynamo's cart was: of each item the largest amount
    amounts counters;
    std::size_t versions = 0;  ///< how many siblings there were to be merged at the end
};

/// Plays a script.
cart_outcome play(const cart_script& script);

/// The edits and messages of a script, a column for each replica, time going down.
std::string draw_cart_script(const cart_script& script);

/// The outcome as a table, with what was lost and what came back.
std::string describe_cart_outcome(const cart_outcome& outcome);

}  // namespace examples
