// SPDX-License-Identifier: BSL-1.0

// Any bytes are a replicated value, or an error with a place in them; and a value has no other bytes than those.
// The first byte chooses the type.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/dotted_version_vector_set.hpp>
#include <coterie/causality/retired_replicas.hpp>
#include <coterie/causality/vector_clock.hpp>
#include <coterie/causality/version_vector.hpp>
#include <coterie/crdt/bounded_counter.hpp>
#include <coterie/crdt/envelope.hpp>
#include <coterie/crdt/extreme_register.hpp>
#include <coterie/crdt/flag.hpp>
#include <coterie/crdt/g_counter.hpp>
#include <coterie/crdt/g_set.hpp>
#include <coterie/crdt/lattice.hpp>
#include <coterie/crdt/lww_map.hpp>
#include <coterie/crdt/lww_register.hpp>
#include <coterie/crdt/mv_register.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/pn_counter.hpp>
#include <coterie/crdt/rw_set.hpp>

#include "decoded.hpp"

namespace {

using namespace coterie;

using fuzz::demand;

template <class Value>
void check(std::span<const std::byte> input) {
    const auto value = fuzz::decoded<Value>(input);
    if (!value.has_value()) return;
    Value copy = *value;
    copy.merge(*value);
    demand(copy == *value);
    if constexpr (crdt::delta_lattice<Value>) {
        demand(copy <= *value);
        Value fresh;
        fresh.merge(value->delta_since(fresh));
        demand(fresh == *value);
        demand(crdt::open<Value>(crdt::seal(*value)) == *value);
    }
}

using name = std::uint8_t;
using stamp = std::uint8_t;

using check_function = void (*)(std::span<const std::byte>);
constexpr check_function checks[] = {
    check<causality::version_vector<name>>,
    check<causality::vector_clock<name>>,
    check<causality::causal_context<name>>,
    check<causality::retired_replicas<name>>,
    check<causality::dotted_version_vector_set<std::string, name>>,
    check<crdt::g_counter<name>>,
    check<crdt::pn_counter<name>>,
    check<crdt::bounded_counter<name>>,
    check<crdt::g_set<std::string>>,
    check<crdt::two_phase_set<std::string>>,
    check<crdt::rw_set<std::string, name>>,
    check<crdt::lww_register<std::string, stamp, name>>,
    check<crdt::mv_register<std::string, name>>,
    check<crdt::max_register<std::int16_t>>,
    check<crdt::min_register<std::int16_t>>,
    check<crdt::ew_flag<name>>,
    check<crdt::dw_flag<name>>,
    check<crdt::lww_map<std::string, std::string, stamp, name>>,
    check<crdt::or_map<name, crdt::or_map<name, crdt::mv_register<name, name>, name>, name>>,
    check<crdt::or_map<name, crdt::lww_map<name, name, stamp, name>, name>>,
    check<crdt::or_map<name, crdt::ew_flag<name>, name>>,
    check<crdt::or_map<name, crdt::pn_counter<name>, name>>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto bytes = std::as_bytes(std::span(data, size));
    checks[data[0] % std::size(checks)](bytes.subspan(1));
    // The same bytes as they come from outside: whatever they are, an error says where.
    const auto opened = crdt::open<crdt::mv_register<std::string, name>>(bytes);
    if (!opened.has_value()) demand(opened.error().offset <= size);
    return 0;
}
