// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/error.hpp>

#include <set>
#include <string>
#include <string_view>

#include <coterie/core/text.hpp>

#include "support/catch.hpp"

namespace {

using coterie::id::id_errc;

static_assert(coterie::described_enum<id_errc>);
static_assert(std::string_view(describe(id_errc::before_epoch)) == "time before the id's epoch");

}  // namespace

TEST_CASE("id error: each cause has a phrase of its own") {
    std::set<std::string> phrases;
    for (const id_errc code :
         {id_errc::before_epoch, id_errc::time_exhausted, id_errc::node_too_large,
          id_errc::sequence_too_large, id_errc::no_successor, id_errc::not_time_ordered,
          id_errc::clock_regressed, id_errc::sequence_exhausted, id_errc::lease_expired,
          id_errc::forked, id_errc::mark_busy, id_errc::mark_failed, id_errc::no_entropy,
          id_errc::no_memory}) {
        const std::string phrase = coterie::to_string(code);
        CHECK_FALSE(phrase.empty());
        CHECK(phrase != "unknown id error");
        CHECK(phrases.insert(phrase).second);
    }
    CHECK(coterie::to_string(static_cast<id_errc>(14)) == "unknown id error");
    CHECK(coterie::to_string(static_cast<id_errc>(255)) == "unknown id error");
}
