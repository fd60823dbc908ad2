// SPDX-License-Identifier: BSL-1.0
#pragma once

// Linearizability by its definition: all orders, one after another. And random small histories to try it on.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/check/history.hpp>
#include <coterie/check/model.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/random.hpp>

namespace coterie::test {

/// What an operation is on; of a model without keys always the same.
template <check::model M>
auto key_of(const M& m, const typename M::input& input) {
    if constexpr (check::keyed_model<M>) {
        return std::decay_t<decltype(m.key(input))>(m.key(input));
    } else {
        return 0;
    }
}

/// Tries all orders. `held[id]`: whether the outcome of a completed operation counts; else it is unknown.
template <check::model M>
class all_orders {
public:
    all_orders(const check::history_of<M>& h, const M& m, std::vector<bool> held)
        : h_(h), m_(m), held_(std::move(held)), is_done_(h.size()) {}

    bool some_is_right() {
        bool is_complete = true;
        for (check::operation_id id = 0; id < h_.size(); ++id) {
            if (is_done_[id] || h_[id].result == check::outcome::failed) continue;
            if (is_known(id)) is_complete = false;
        }
        if (is_complete) return true;
        for (check::operation_id id = 0; id < h_.size(); ++id) {
            if (is_done_[id] || h_[id].result == check::outcome::failed || !may_be_next(id))
                continue;
            if (is_right_with(id)) return true;
        }
        return false;
    }

private:
    bool is_known(check::operation_id id) const {
        return h_[id].result == check::outcome::completed && held_[id];
    }

    bool may_be_next(check::operation_id next) const {
        for (check::operation_id id = 0; id < h_.size(); ++id)
            if (!is_done_[id] && is_known(id) && h_[id].ended < h_[next].invoked) return false;
        return true;
    }

    bool is_right_with(check::operation_id id) {
        const auto before = states_;
        auto& state = states_.try_emplace(key_of(m_, h_[id].input), m_.initial()).first->second;
        is_done_[id] = true;
        const bool found = m_.step(state, h_[id].input, is_known(id) ? &*h_[id].output : nullptr) &&
                           some_is_right();
        is_done_[id] = false;
        states_ = before;
        return found;
    }

    const check::history_of<M>& h_;
    const M& m_;
    std::vector<bool> held_, is_done_;
    std::map<decltype(key_of(std::declval<M>(), std::declval<typename M::input>())),
             typename M::state>
        states_;
};

template <check::model M>
bool linearizable_by_trying(const check::history_of<M>& h, const M& m, std::vector<bool> held) {
    return all_orders<M>(h, m, std::move(held)).some_is_right();
}

template <check::model M>
bool linearizable_by_trying(const check::history_of<M>& h, const M& m) {
    return linearizable_by_trying(h, m, std::vector<bool>(h.size(), true));
}

/// A history of a few operations that overlap, with outputs that are right for some order, but for one in
/// three histories, in which one operation may give anything; a few fail, and the outcome of a few is unknown.
template <check::model M>
check::history_of<M> random_history(const M& m, const std::vector<typename M::input>& inputs,
                                    const std::vector<typename M::output>& outputs, rng& random) {
    struct planned {
        steady_time invoked, happens, ended;
        typename M::input input;
        typename M::output output;
    };
    const auto at = [](std::int64_t t) { return steady_time(std::chrono::nanoseconds(t)); };
    const auto any = [&](const auto& of) { return of[uniform_below(random, of.size())]; };
    std::vector<planned> plan;
    const std::size_t size = 1 + uniform_below(random, 6);
    for (std::size_t i = 0; i < size; ++i) {
        const std::int64_t t = uniform_between(random, 0, 12);
        const std::int64_t before = uniform_between(random, 0, 3),
                           after = uniform_between(random, 0, 3);
        plan.push_back({at(t - before), at(t), at(t + after), any(inputs), any(outputs)});
    }
    std::sort(plan.begin(), plan.end(),
              [](const planned& a, const planned& b) { return a.happens < b.happens; });
    auto state = m.initial();
    for (planned& p : plan) {
        for (const auto& output : outputs) {
            auto next = state;
            if (!m.step(next, p.input, &output)) continue;
            state = next;
            p.output = output;
            break;
        }
    }
    if (bernoulli(random, 0.33)) plan[uniform_below(random, size)].output = any(outputs);
    check::history_of<M> h;
    for (const planned& p : plan) {
        const auto id = h.invoke(uniform_below(random, 3), p.input, p.invoked);
        const auto fate = uniform_below(random, 12);
        if (fate == 0) h.fail(id, p.ended);
        if (fate > 2) h.complete(id, p.output, p.ended);
    }
    return h;
}

}  // namespace coterie::test
