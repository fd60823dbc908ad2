// SPDX-License-Identifier: BSL-1.0

#include "common/cart.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <cstddef>
#include <set>
#include <utility>

#include <fmt/core.h>

#include <coterie/causality/vector_clock.hpp>
#include <coterie/crdt/lww_register.hpp>
#include <coterie/crdt/or_map.hpp>
#include <coterie/crdt/pn_counter.hpp>

namespace examples {
namespace {

using namespace coterie;

std::vector<std::string_view> words_of(std::string_view line) {
    line = line.substr(0, line.find('#'));
    std::vector<std::string_view> words;
    constexpr std::string_view blank = " \t\r";
    for (;;) {
        const std::size_t begin = line.find_first_not_of(blank);
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        words.push_back(line.substr(0, line.find_first_of(blank)));
        line.remove_prefix(words.back().size());
    }
}

/// Reads lines into steps, and knows who reaches whom.
class script_reader {
public:
    std::expected<void, std::string> read(std::string_view line, std::size_t number) {
        const auto words = words_of(line);
        if (words.empty()) return {};
        line_ = number;
        if (words[0] == "replicas") return name_replicas(words);
        if (script.replicas.empty())
            return std::unexpected("the first line must name the replicas");
        if (words[0] == "partition") return divide(words);
        if (words[0] == "heal" && words.size() == 1) {
            group_.assign(group_.size(), 0);
            return {};
        }
        if (words[0] == "sync" && words.size() == 1) {
            sync_all();
            return {};
        }
        const auto who = replica(words[0]);
        if (!who.has_value()) return std::unexpected(who.error());
        if (words.size() == 3 && words[1] == "->") return send(*who, words[2]);
        return edit(*who, words);
    }

    cart_script script;

private:
    using result = std::expected<void, std::string>;

    result name_replicas(const std::vector<std::string_view>& words) {
        if (!script.replicas.empty()) return std::unexpected("the replicas are named twice");
        if (words.size() < 2 || words.size() > 9) return std::unexpected("want 1 to 8 replicas");
        for (const auto name : std::vector(words.begin() + 1, words.end())) {
            if (std::ranges::find(script.replicas, name) != script.replicas.end()) {
                return std::unexpected(fmt::format("two replicas are called {}", name));
            }
            script.replicas.emplace_back(name);
        }
        group_.assign(script.replicas.size(), 0);
        return {};
    }

    std::expected<std::size_t, std::string> replica(std::string_view name) const {
        const auto at = std::ranges::find(script.replicas, name);
        if (at == script.replicas.end())
            return std::unexpected(fmt::format("no replica is called {}", name));
        return static_cast<std::size_t>(at - script.replicas.begin());
    }

    result divide(const std::vector<std::string_view>& words) {
        std::vector<int> groups(group_.size(), -1);
        int group = 0;
        for (std::size_t i = 1; i < words.size(); ++i) {
            if (words[i] == "|") {
                ++group;
                continue;
            }
            const auto who = replica(words[i]);
            if (!who.has_value()) return std::unexpected(who.error());
            groups[*who] = group;
        }
        if (std::ranges::find(groups, -1) != groups.end()) {
            return std::unexpected("a partition must say where each replica is");
        }
        group_ = groups;
        return {};
    }

    result send(std::size_t from, std::string_view name) {
        const auto to = replica(name);
        if (!to.has_value()) return std::unexpected(to.error());
        if (*to == from) return std::unexpected("a replica does not send to itself");
        if (group_[from] != group_[*to]) {
            return std::unexpected(
                fmt::format("{} cannot reach {} in this partition", script.replicas[from], name));
        }
        script.steps.push_back({cart_step::kind::sync, from, *to, {}, 0, line_});
        return {};
    }

    /// Along the line of those who reach each other, there and back.
    void sync_all() {
        for (const int g : std::set<int>(group_.begin(), group_.end())) {
            std::vector<std::size_t> members;
            for (std::size_t i = 0; i < group_.size(); ++i) {
                if (group_[i] == g) members.push_back(i);
            }
            const auto pass_on = [&](std::size_t from, std::size_t to) {
                script.steps.push_back(
                    {cart_step::kind::sync, members[from], members[to], {}, 0, line_});
            };
            for (std::size_t i = 0; i + 1 < members.size(); ++i) pass_on(i, i + 1);
            for (std::size_t i = members.size(); i-- > 1;) pass_on(i, i - 1);
        }
    }

    result edit(std::size_t who, const std::vector<std::string_view>& words) {
        cart_step step{cart_step::kind::put, who, 0, {}, 0, line_};
        const bool is_remove = words.size() == 3 && words[1] == "remove";
        const bool is_put = words.size() == 4 && words[1] == "put";
        const bool is_take = words.size() == 4 && words[1] == "take";
        if (!is_remove && !is_put && !is_take) {
            return std::unexpected(
                "want: NAME put|take ITEM COUNT, NAME remove ITEM, or NAME -> NAME");
        }
        step.item = words[2];
        if (is_remove) {
            step.what = cart_step::kind::remove;
        } else {
            step.what = is_put ? cart_step::kind::put : cart_step::kind::take;
            const char* const end = words[3].data() + words[3].size();
            const auto [rest, error] = std::from_chars(words[3].data(), end, step.count);
            if (error != std::errc{} || rest != end || step.count < 1 || step.count > 1'000'000) {
                return std::unexpected(fmt::format("{}: want a count from 1 to 1000000", words[3]));
            }
        }
        script.steps.push_back(std::move(step));
        return {};
    }

    std::vector<int> group_;  // of each replica; who is in one group reaches each other
    std::size_t line_ = 0;
};

/// What an edit makes of a cart that is kept as a whole.
void apply(const cart_step& step, amounts& cart) {
    switch (step.what) {
        case cart_step::kind::put: cart[step.item] += step.count; break;
        case cart_step::kind::take:
            cart[step.item] = std::max<std::int64_t>(0, cart[step.item] - step.count);
            break;
        case cart_step::kind::remove: cart.erase(step.item); break;
        case cart_step::kind::sync: break;
    }
    std::erase_if(cart, [](const auto& x) { return x.second == 0; });
}

/// The last writer wins, by the number of the step: clocks without error, which is kind to it.
struct whole_cart {
    crdt::lww_register<amounts, std::uint64_t, std::size_t> value;

    void edit(const cart_step& step, std::uint64_t now) {
        amounts cart = value.value() ? *value.value() : amounts();
        apply(step, cart);
        (void)value.assign(step.replica, now, std::move(cart));
    }
    void merge(const whole_cart& other) { value.merge(other.value); }
};

/// Versions that do not know of each other.
struct sibling_carts {
    struct version {
        causality::vector_clock<std::size_t> at;
        amounts cart;
    };
    std::vector<version> versions;

    /// Of each item the largest amount in any version: no put is lost, and what was removed may come back.
    [[nodiscard]] amounts merged() const {
        amounts all;
        for (const auto& v : versions) {
            for (const auto& [item, count] : v.cart) all[item] = std::max(all[item], count);
        }
        return all;
    }
    void edit(const cart_step& step) {
        version next{{}, merged()};
        for (const auto& v : versions) next.at.merge(v.at);
        apply(step, next.cart);
        (void)next.at.increment(step.replica);
        versions = {std::move(next)};
    }
    void merge(const sibling_carts& other) {
        const auto all = [&] {
            auto both = versions;
            both.insert(both.end(), other.versions.begin(), other.versions.end());
            return both;
        }();
        versions.clear();
        for (const auto& v : all) {
            const bool is_replaced =
                std::ranges::any_of(all, [&](const version& w) { return v.at < w.at; });
            const bool is_there =
                std::ranges::any_of(versions, [&](const version& w) { return v.at == w.at; });
            if (!is_replaced && !is_there) versions.push_back(v);
        }
    }
};

struct counted_cart {
    crdt::or_map<std::string, crdt::pn_counter<std::size_t>, std::size_t> items;

    void edit(const cart_step& step) {
        const std::size_t me = step.replica;
        const auto by = static_cast<std::uint64_t>(step.count);
        switch (step.what) {
            case cart_step::kind::put:
                (void)items.update(me, step.item,
                                   [&](auto& amount) { return amount.increment(me, by); });
                break;
            case cart_step::kind::take:
                (void)items.update(me, step.item,
                                   [&](auto& amount) { return amount.decrement(me, by); });
                break;
            case cart_step::kind::remove: (void)items.remove(me, step.item); break;
            case cart_step::kind::sync: break;
        }
    }
    [[nodiscard]] amounts read() const {
        amounts all;
        for (const auto& item : items.keys()) {
            const std::int64_t count = items.find(item)->value();
            if (count > 0) all[item] = count;
        }
        return all;
    }
};

/// Of all edits those that no remove knows, summed up: what people meant.
amounts meant_by(const cart_script& script) {
    const std::size_t steps = script.steps.size();
    std::vector<std::vector<bool>> known(script.replicas.size(), std::vector<bool>(steps));
    std::vector<bool> is_removed(steps);
    for (std::size_t i = 0; i < steps; ++i) {
        const cart_step& step = script.steps[i];
        auto& mine = known[step.replica];
        if (step.what == cart_step::kind::sync) {
            for (std::size_t e = 0; e < steps; ++e)
                known[step.to][e] = known[step.to][e] || mine[e];
            continue;
        }
        for (std::size_t e = 0; e < steps && step.what == cart_step::kind::remove; ++e) {
            if (mine[e] && script.steps[e].item == step.item) is_removed[e] = true;
        }
        mine[i] = true;
    }
    amounts all;
    for (std::size_t i = 0; i < steps; ++i) {
        const cart_step& step = script.steps[i];
        if (is_removed[i]) continue;
        if (step.what == cart_step::kind::put) all[step.item] += step.count;
        if (step.what == cart_step::kind::take) all[step.item] -= step.count;
    }
    std::erase_if(all, [](const auto& x) { return x.second <= 0; });
    return all;
}

std::int64_t amount_of(const amounts& cart, const std::string& item) {
    const auto at = cart.find(item);
    return at == cart.end() ? 0 : at->second;
}

std::string differences(const amounts& meant, const amounts& found) {
    std::string text;
    const auto note = [&text](std::int64_t count, std::string_view item, std::string_view what) {
        text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", count, item, what);
    };
    std::set<std::string> items;
    for (const auto* cart : {&meant, &found}) {
        for (const auto& [item, count] : *cart) items.insert(item);
    }
    for (const auto& item : items) {
        const std::int64_t more = amount_of(found, item) - amount_of(meant, item);
        if (more < 0) note(-more, item, "lost");
        if (more > 0) note(more, item, "too many");
    }
    return text.empty() ? "as meant" : text;
}

}  // namespace

std::expected<cart_script, cart_error> read_cart_script(std::string_view text) {
    script_reader reader;
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = text.find('\n');
        const auto read = reader.read(text.substr(0, end), line);
        if (!read.has_value()) return std::unexpected(cart_error{line, read.error()});
        if (reader.script.steps.size() > 10'000)
            return std::unexpected(cart_error{line, "too many steps"});
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    if (reader.script.steps.empty())
        return std::unexpected(cart_error{1, "the script has no steps"});
    return std::move(reader.script);
}

cart_outcome play(const cart_script& script) {
    const std::size_t replicas = script.replicas.size();
    std::vector<whole_cart> whole(replicas);
    std::vector<sibling_carts> siblings(replicas);
    std::vector<counted_cart> counted(replicas);
    const auto sync = [&](std::size_t from, std::size_t to) {
        whole[to].merge(whole[from]);
        siblings[to].merge(siblings[from]);
        counted[to].items.merge(counted[from].items);
    };
    std::uint64_t now = 0;
    for (const cart_step& step : script.steps) {
        ++now;
        if (step.what == cart_step::kind::sync) {
            sync(step.replica, step.to);
            continue;
        }
        whole[step.replica].edit(step, now);
        siblings[step.replica].edit(step);
        counted[step.replica].edit(step);
    }
    for (std::size_t i = 1; i < replicas; ++i) sync(i, 0);
    return {.meant = meant_by(script),
            .last_writer_wins = whole[0].value.value() ? *whole[0].value.value() : amounts(),
            .siblings = siblings[0].merged(),
            .counters = counted[0].read(),
            .versions = siblings[0].versions.size()};
}

std::string draw_cart_script(const cart_script& script) {
    constexpr std::size_t width = 20;
    const auto line_of = [&](auto cell) {
        std::string line;
        for (std::size_t i = 0; i < script.replicas.size(); ++i)
            line += fmt::format("{:<{}}", cell(i), width);
        line.erase(line.find_last_not_of(' ') + 1);
        return "   " + line + "\n";
    };
    std::string text = line_of([&](std::size_t i) { return script.replicas[i]; });
    for (const cart_step& step : script.steps) {
        if (step.what != cart_step::kind::sync) {
            const std::string_view verb = step.what == cart_step::kind::put    ? "put"
                                          : step.what == cart_step::kind::take ? "take"
                                                                               : "remove";
            const std::string count = step.count == 0 ? "" : fmt::format("{} ", step.count);
            text += line_of([&](std::size_t i) {
                return i == step.replica ? fmt::format("{} {}{}", verb, count, step.item) : "|";
            });
            continue;
        }
        const std::size_t left = std::min(step.replica, step.to),
                          right = std::max(step.replica, step.to);
        std::string line;
        for (std::size_t i = 0; i < script.replicas.size(); ++i) {
            const bool is_between = i >= left && i < right;
            std::string cell = i == step.replica ? "o"
                               : i == step.to    ? (step.replica < step.to ? ">" : "<")
                                                 : "|";
            if (i > left && i < right) cell = "-";
            line += cell + std::string(width - 1, is_between ? '-' : ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += "   " + line + "\n";
    }
    return text;
}

std::string describe_cart_outcome(const cart_outcome& o) {
    std::set<std::string> items;
    for (const auto* cart : {&o.meant, &o.last_writer_wins, &o.siblings, &o.counters}) {
        for (const auto& [item, count] : *cart) items.insert(item);
    }
    std::string text = fmt::format("   {:<20} {:>7} {:>18} {:>10} {:>10}\n", "item", "meant",
                                   "last writer wins", "siblings", "counters");
    for (const auto& item : items) {
        text += fmt::format("   {:<20} {:>7} {:>18} {:>10} {:>10}\n", item,
                            amount_of(o.meant, item), amount_of(o.last_writer_wins, item),
                            amount_of(o.siblings, item), amount_of(o.counters, item));
    }
    text += fmt::format("\n   last writer wins   {}\n", differences(o.meant, o.last_writer_wins));
    text += fmt::format("   siblings           {}, after somebody merged {} version{}\n",
                        differences(o.meant, o.siblings), o.versions, o.versions == 1 ? "" : "s");
    text += fmt::format("   counters           {}\n", differences(o.meant, o.counters));
    return text;
}

}  // namespace examples
