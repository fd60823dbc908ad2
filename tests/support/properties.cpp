// SPDX-License-Identifier: BSL-1.0

#include "support/properties.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include <rapidcheck.h>

namespace coterie::test {

bool check_property(const std::string& name, const std::function<void()>& property) {
    return rc::check(name, [&property] { property(); });
}

void require(bool holds, std::source_location where) {
    if (!holds)
        RC_FAIL(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                ": this does not hold");
}

template <class T>
T any() {
    return *rc::gen::arbitrary<T>();
}

template std::uint64_t any();
template std::int64_t any();
template std::string any();
template std::vector<std::uint16_t> any();
template std::vector<std::int32_t> any();

std::size_t any_below(std::size_t end) { return *rc::gen::inRange<std::size_t>(0, end); }

}  // namespace coterie::test
