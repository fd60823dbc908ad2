// SPDX-License-Identifier: BSL-1.0

// Any text as a recorded history: an error in one of its lines, or a history with a verdict within narrow limits.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/key_value_model.hpp>
#include <coterie/check/linearizable.hpp>
#include <coterie/check/recorded.hpp>
#include <coterie/check/verdict.hpp>

using namespace coterie;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

template <class Parsed, class Model>
void judge(const Parsed& h, const Model& m, std::string_view text) {
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    if (!h.has_value()) {
        require(h.error().line >= 1 && h.error().line <= lines);
        return;
    }
    require(h->size() <= lines);
    const check::verdict v = check::linearizable(*h, m, {.steps = 1000, .bytes = 1 << 20});
    require((v.answer == check::answer::no) == !v.offending.empty());
    for (const check::operation_id id : v.offending)
        require((*h)[id].result == check::outcome::completed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // On the heap and of exactly this size, so that the sanitizer sees a read past its end.
    const std::vector<char> bytes(data, data + size);
    const std::string_view text(bytes.data(), bytes.size());
    judge(check::parse_register_log(text), check::recorded_register(), text);
    judge(check::parse_key_value_log(text), check::key_value_model(), text);
    return 0;
}
