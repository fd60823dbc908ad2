// SPDX-License-Identifier: BSL-1.0

#include "id/mint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <expected>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <fmt/core.h>

#include <coterie/adapt/file_mark.hpp>
#include <coterie/adapt/fmt.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/id/clock_policy.hpp>
#include <coterie/id/generate.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/lease.hpp>
#include <coterie/id/monotonic_options.hpp>
#include <coterie/id/snowflake_generator.hpp>
#include <coterie/id/ulid_generator.hpp>
#include <coterie/id/uuid_v7_generator.hpp>

#include "common/explain.hpp"

namespace id_tool {
namespace {

using namespace coterie;

constexpr int bad_input = 2;

template <class Value>
using named_values = std::span<const std::pair<std::string_view, Value>>;

constexpr std::pair<std::string_view, id::uuid_v7_method> methods[] = {
    {"counter", id::uuid_v7_method::fixed_length_counter},
    {"random", id::uuid_v7_method::monotonic_random},
    {"precision", id::uuid_v7_method::increased_clock_precision}};

constexpr std::pair<std::string_view, id::sequence_start> starts[] = {
    {"zero", id::sequence_start::zero},
    {"carry-over", id::sequence_start::carry_over},
    {"random", id::sequence_start::random}};

template <class Value>
Value value_of(named_values<Value> values, std::string_view name) {
    return std::ranges::find(values, name, [](const auto& v) { return v.first; })->second;
}

template <class Value>
std::vector<std::string> names_of(named_values<Value> values) {
    std::vector<std::string> names;
    for (const auto& v : values) names.emplace_back(v.first);
    return names;
}

int complain(std::string_view problem, int status) {
    std::fflush(stdout);
    fmt::print(stderr, "id: {}\n", problem);
    return status;
}

/// Tells how far it is, once a second, if somebody looks.
class progress {
public:
    explicit progress(std::size_t count)
        : count_(count),
          is_watched_(::isatty(STDERR_FILENO) == 1 && ::isatty(STDOUT_FILENO) != 1) {}

    void report(std::size_t made) {
        const auto now = steady_clock::now();
        if (!is_watched_ || now - last_ < std::chrono::seconds(1)) return;
        last_ = now;
        fmt::print(stderr, "\r{} of {} ids", made, count_);
        was_shown_ = true;
    }

    ~progress() {
        if (was_shown_) fmt::print(stderr, "\r{} ids{:20}\n", count_, "");
    }

private:
    std::size_t count_;
    bool is_watched_;
    bool was_shown_ = false;
    steady_time last_ = steady_clock::now();
};

/// Prints `count` ids, of which `fill(out)` makes some at a time.
template <class Id, class Fill>
int print_ids(std::size_t count, Fill fill) {
    constexpr std::size_t batch = 1024;
    std::array<Id, batch> ids{};
    std::string text;
    progress shown(count);
    for (std::size_t made = 0; made < count;) {
        const std::span<Id> some = std::span(ids).first(std::min(batch, count - made));
        const auto filled = fill(some);
        if (!filled.has_value()) return complain(to_string(filled.error()), 1);
        text.clear();
        for (const Id& x : some) fmt::format_to(std::back_inserter(text), "{}\n", x);
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
            return complain("cannot write the ids", 1);
        }
        made += some.size();
        shown.report(made);
    }
    return std::fflush(stdout) == 0 ? 0 : complain("cannot write the ids", 1);
}

template <class Id, class Generator>
int print_from(std::size_t count, Generator& ids) {
    return print_ids<Id>(count, [&ids](std::span<Id> out) { return ids.next_n(out); });
}

std::expected<void, id::id_error> fill_v4(std::span<id::uuid> out) {
    for (auto& x : out) {
        const auto made = id::generate_uuid_v4();
        if (!made.has_value()) return std::unexpected(made.error());
        x = *made;
    }
    return {};
}

/// The values of a layout's node fields, in their order.
template <class Layout>
struct node_fields {
    std::vector<id::layout_field> fields;
    std::vector<std::uint64_t> values;

    node_fields() {
        for (const auto& f : Layout::fields) {
            if (f.role == id::field_role::node) fields.push_back(f);
        }
        values.resize(fields.size());
    }

    [[nodiscard]] std::string names() const {
        std::string names;
        for (const auto& f : fields)
            names += fmt::format("{}{}", names.empty() ? "" : ", ", f.name);
        return names.empty() ? "none" : names;
    }

    /// Sets a field, or says why not.
    std::optional<std::string> set(std::string_view name, std::uint64_t value) {
        const auto field = std::ranges::find(fields, name, &id::layout_field::name);
        if (field == fields.end()) {
            return fmt::format("{} has no node field {}; it has: {}", Layout::name, name, names());
        }
        const std::uint64_t most = ~std::uint64_t{0} >> (64 - field->bits);
        if (value > most) {
            return fmt::format("{} {} does not fit {}: 0 to {}", name, value, Layout::name, most);
        }
        values[static_cast<std::size_t>(field - fields.begin())] = value;
        return std::nullopt;
    }

    /// Sets what a layout calls its workers, whatever that is.
    std::optional<std::string> set_worker(std::uint64_t value) {
        if (fields.empty() && value == 0) return std::nullopt;
        const bool has_one = fields.size() == 1;
        return set(has_one ? fields.front().name : std::string_view("worker"), value);
    }

    std::optional<std::string> set(std::string_view assignment) {
        const std::size_t equals = assignment.find('=');
        std::uint64_t value = 0;
        const char* const end = assignment.data() + assignment.size();
        if (equals != std::string_view::npos) {
            const auto [rest, error] = std::from_chars(assignment.data() + equals + 1, end, value);
            if (error == std::errc{} && rest == end)
                return set(assignment.substr(0, equals), value);
        }
        return fmt::format("--field {}: want NAME=NUMBER", assignment);
    }

    /// All side by side.
    [[nodiscard]] std::uint64_t node() const {
        std::uint64_t node = 0;
        for (std::size_t i = 0; i < fields.size(); ++i) node = node << fields[i].bits | values[i];
        return node;
    }
};

template <class Layout>
int mint_snowflakes(const mint_request& r) {
    node_fields<Layout> node;
    auto problem = node.set_worker(r.worker);
    for (const auto& assignment : r.fields) {
        if (!problem) problem = node.set(assignment);
    }
    if (problem) return complain(*problem, bad_input);

    using snowflake = id::snowflake<Layout>;
    const id::static_lease lease(node.node());
    id::snowflake_options options{.start = value_of<id::sequence_start>(starts, r.start)};
    if (options.start == id::sequence_start::random) {
        const auto key = id::generate_uuid_v4();
        if (!key.has_value()) return complain(to_string(key.error()), 1);
        options.start_key = key->low();
    }
    if (r.mark.empty()) {
        id::snowflake_generator<Layout> ids(lease, options);
        return print_from<snowflake>(r.count, ids);
    }
    if (r.is_new_mark && !adapt::file_mark::create(r.mark).has_value()) {
        return complain("cannot make " + r.mark + ": it is there, or its folder is not", 1);
    }
    id::snowflake_generator<Layout, system_clock, id::static_lease, adapt::file_mark> ids(
        lease, options, {}, adapt::file_mark(r.mark));
    return print_from<snowflake>(r.count, ids);
}

}  // namespace

std::vector<std::string> v7_methods() { return names_of<id::uuid_v7_method>(methods); }
std::vector<std::string> sequence_starts() { return names_of<id::sequence_start>(starts); }

int mint(const mint_request& r) {
    const auto increment =
        r.increment == "one" ? id::tail_increment::one : id::tail_increment::random;
    if (r.kind == "ulid") {
        id::ulid_generator ids({.increment = increment});
        return print_from<id::ulid>(r.count, ids);
    }
    if (r.kind == "uuid-v7") {
        id::uuid_v7_generator ids(
            {.method = value_of<id::uuid_v7_method>(methods, r.method), .increment = increment});
        return print_from<id::uuid>(r.count, ids);
    }
    if (r.kind == "uuid-v4") return print_ids<id::uuid>(r.count, fill_v4);
    int status = bad_input;
    examples::for_each_layout([&]<class Layout>() {
        if (Layout::name == r.layout) status = mint_snowflakes<Layout>(r);
    });
    return status;
}

}  // namespace id_tool
