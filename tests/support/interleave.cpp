// SPDX-License-Identifier: BSL-1.0
#include "support/interleave.hpp"

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define COTERIE_TEST_FIBERS_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COTERIE_TEST_FIBERS_UNDER_ASAN 1
#endif
#endif
#ifdef COTERIE_TEST_FIBERS_UNDER_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace coterie::test {

namespace {

constexpr std::size_t most_threads = 4;
constexpr std::size_t stack_size = std::size_t{256} * 1024;

enum class step_kind : std::uint8_t {
    load,
    store,
    lock,
    pause
};

/// What a thread does next.
struct step {
    const cell_history* cell = nullptr;
    step_kind kind = step_kind::load;

    [[nodiscard]] bool writes() const {
        return kind == step_kind::store || kind == step_kind::lock;
    }
};

/// Whether two steps of two threads have the same effect in either order.
bool commute(const step& a, const step& b) {
    if (a.kind == step_kind::pause || b.kind == step_kind::pause) {
        return !a.writes() && !b.writes();
    }
    return a.cell != b.cell || (!a.writes() && !b.writes());
}

const char* name_of(std::memory_order o) {
    switch (o) {
        case std::memory_order_relaxed: return "relaxed";
        case std::memory_order_consume: return "consume";
        case std::memory_order_acquire: return "acquire";
        case std::memory_order_release: return "release";
        case std::memory_order_acq_rel: return "acq_rel";
        case std::memory_order_seq_cst: return "seq_cst";
    }
    return "?";
}

bool acquires(std::memory_order o) {
    return o == std::memory_order_acquire || o == std::memory_order_consume ||
           o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}

bool releases(std::memory_order o) {
    return o == std::memory_order_release || o == std::memory_order_acq_rel ||
           o == std::memory_order_seq_cst;
}

void join(interleaved_times& mine, const interleaved_times& other) {
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = std::max(mine[i], other[i]);
}

/// A stack of its own, and where it stands.
struct fiber {
    ucontext_t context{};
    std::unique_ptr<char[]> stack = std::make_unique<char[]>(stack_size);
    jmp_buf place{};
    bool has_begun = false;
    void* fake_stack = nullptr;
};

}  // namespace

class interleaver {
public:
    explicit interleaver(const interleave_options& o) : options_(o) {}

    interleave_result run_all(const std::function<void(interleaved_threads&)>& scenario);

    /// A thread is about to do this: returns when it is its turn.
    void before(const step& s);
    /// One of `n` possibilities: 0, until all that follows was tried.
    unsigned choose(unsigned n);
    void fail(const std::string& what);

    [[nodiscard]] bool is_running() const { return self_ != 0; }
    [[nodiscard]] unsigned self() const { return self_; }
    interleaved_times& times() { return threads_[self_].times; }
    /// Whether this load is to see what is newest.
    bool takes_fresh() { return is_draining_ || std::exchange(threads_[self_].is_fresh, false); }
    /// The thread has yet to see what was stored.
    void expect_news() { threads_[self_].has_news = true; }
    bool may_fail_spuriously() {
        if (is_draining_ || spurious_ == options_.spurious_failures) return false;
        if (choose(2) == 0) return false;
        ++spurious_;
        return true;
    }
    /// Notes a step for the report, if there is one.
    template <class... Parts>
    void note(const cell_history& cell, const Parts&... parts) {
        if (!is_reporting_ || is_draining_) return;
        const auto at = std::find(named_.begin(), named_.end(), &cell);
        const auto number = at - named_.begin();
        if (at == named_.end()) named_.push_back(&cell);
        std::string line = "\n  thread " + std::to_string(self_) + ": ";
        (line.append(parts), ...);
        report_ += line + "  [cell " + std::to_string(number) + "]";
    }

    static interleaver* current;

private:
    struct thread {
        std::function<void()> body;
        interleaved_times times{};
        step next;
        bool has_ended = true;
        bool waits = false;    // for a store by another thread
        bool has_news = true;  // one was made since its last pause
        bool is_fresh = false;
        bool has_paused = false;
        unsigned ran = 0;     // the threads, as bits, that took a step since its last pause
        unsigned below = 0;   // the threads that have to take one before it goes on
        bool sleeps = false;  // what it does next was tried here, and nothing since depends on it
    };
    struct choice {
        unsigned chosen;
        unsigned of;
    };

    void run_once(const std::function<void(interleaved_threads&)>& scenario);
    bool advance();
    std::optional<unsigned> pick();
    void go_on();
    void switch_to(unsigned to);
    [[nodiscard]] bool could_go_on(const thread& t) const;
    [[nodiscard]] bool is_enabled(const thread& t) const;
    void note_pause(thread& t);
    static void enter();

    interleave_options options_;
    std::array<fiber, most_threads + 1> fibers_;  // the first is where they are run from
    std::array<thread, most_threads + 1> threads_;
    unsigned self_ = 0;
    bool is_starting_ = false;
    bool is_draining_ = false;  // the run is of no interest any more
    bool is_reporting_ = false;
    unsigned spurious_ = 0;
    unsigned preemptions_ = 0;
    unsigned steps_ = 0;
    std::vector<choice> path_;
    std::size_t depth_ = 0;
    std::string failure_;
    std::string report_;
    std::vector<const cell_history*> named_;
};

interleaver* interleaver::current = nullptr;

void interleaver::switch_to(unsigned to) {
    if (to == self_) return;
    [[maybe_unused]] const unsigned from_thread = self_;
    fiber& from = fibers_[self_];
    self_ = to;
#ifdef COTERIE_TEST_FIBERS_UNDER_ASAN
    fiber& target = fibers_[to];
    const bool is_last = from_thread != 0 && threads_[from_thread].has_ended;
    __sanitizer_start_switch_fiber(is_last ? nullptr : &from.fake_stack,
                                   to == 0 ? nullptr : target.stack.get(),
                                   to == 0 ? 0 : stack_size);
#endif
    // A fiber begins by its context. Later jumps do without it: they need no call into the kernel.
    if (_setjmp(from.place) == 0) {
        if (!fibers_[to].has_begun) {
            fibers_[to].has_begun = true;
            ::setcontext(&fibers_[to].context);
        }
        _longjmp(fibers_[to].place, 1);
    }
#ifdef COTERIE_TEST_FIBERS_UNDER_ASAN
    __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

void interleaver::enter() {
    interleaver& me = *current;
#ifdef COTERIE_TEST_FIBERS_UNDER_ASAN
    __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
    me.threads_[me.self_].body();
    me.threads_[me.self_].has_ended = true;
    me.is_starting_ ? me.switch_to(0) : me.go_on();
    std::abort();  // a thread that has ended is not picked again
}

bool interleaver::could_go_on(const thread& t) const {
    if (t.has_ended) return false;
    if (t.next.kind == step_kind::lock) return t.next.cell->newest() == 0;
    return t.next.kind != step_kind::pause || !t.waits;
}

bool interleaver::is_enabled(const thread& t) const {
    if (!could_go_on(t)) return false;
    for (unsigned u = 1; u <= most_threads; ++u) {
        if ((t.below >> u & 1) != 0 && could_go_on(threads_[u])) return false;
    }
    return true;
}

/// A thread that pauses again goes on after those that did nothing since it paused last.
void interleaver::note_pause(thread& t) {
    t.waits = !std::exchange(t.has_news, false);
    for (unsigned u = 1; u <= most_threads && t.has_paused; ++u) {
        if (&threads_[u] != &t && (t.ran >> u & 1) == 0) t.below |= 1U << u;
    }
    t.ran = 0;
    t.has_paused = true;
}

unsigned interleaver::choose(unsigned n) {
    if (n == 1 || is_draining_) return 0;
    if (depth_ == path_.size()) path_.push_back({0, n});
    if (path_[depth_].of != n) {
        fail("the scenario is not the same each time");
        return 0;
    }
    return path_[depth_++].chosen;
}

/// The thread that goes on now, if one can.
std::optional<unsigned> interleaver::pick() {
    std::array<unsigned, most_threads> ready{};
    unsigned count = 0;
    bool is_one_enabled = false;
    const bool can_stay = self_ != 0 && is_enabled(threads_[self_]);
    const bool must_stay = can_stay && preemptions_ >= options_.preemptions;
    const auto consider = [&](unsigned t) {
        if (!is_enabled(threads_[t])) return;
        is_one_enabled = true;
        if (is_draining_ || !threads_[t].sleeps) ready[count++] = t;
    };
    if (self_ != 0) consider(self_);
    for (unsigned t = 1; t <= most_threads && !must_stay; ++t) {
        if (t != self_) consider(t);
    }
    if (!is_one_enabled) return std::nullopt;
    if (count == 0) {  // all that could be done was done from here before
        is_draining_ = true;
        return pick();
    }
    const unsigned which = choose(count);
    const unsigned to = ready[which];
    if (can_stay && to != self_) ++preemptions_;
    if (!is_draining_) {
        if (options_.preemptions == ~0U) {
            for (unsigned i = 0; i < which; ++i) threads_[ready[i]].sleeps = true;
        }
        for (thread& t : threads_) {
            if (t.sleeps && !commute(t.next, threads_[to].next)) t.sleeps = false;
        }
    }
    return to;
}

/// Switches to the thread that goes on now, or to the end of the run.
void interleaver::go_on() {
    if (++steps_ > options_.most_steps) {
        fail("the threads do not come to an end");
        return switch_to(0);
    }
    const auto next = pick();
    if (!next) {
        for (const thread& t : threads_) {
            if (!t.has_ended) {
                fail("no thread can go on");
                break;
            }
        }
    }
    switch_to(next.value_or(0));
}

void interleaver::before(const step& s) {
    if (self_ == 0) return;
    threads_[self_].next = s;
    if (s.kind == step_kind::pause) note_pause(threads_[self_]);
    if (is_starting_) {
        switch_to(0);
    } else {
        go_on();
    }
    thread& me = threads_[self_];
    for (thread& t : threads_) {
        t.ran |= 1U << self_;
        t.below &= ~(1U << self_);
    }
    ++me.times[self_];
    if (s.kind == step_kind::pause) me.is_fresh = true;
    if (s.writes()) {
        for (unsigned t = 1; t <= most_threads; ++t) {
            if (t == self_) continue;
            threads_[t].has_news = !threads_[t].waits;
            threads_[t].waits = false;
        }
    }
}

void interleaver::fail(const std::string& what) {
    if (is_draining_ || !failure_.empty()) return;
    failure_ = what;
    is_draining_ = true;
}

void interleaver::run_once(const std::function<void(interleaved_threads&)>& scenario) {
    is_draining_ = false;
    failure_.clear();
    report_.clear();
    named_.clear();
    depth_ = 0;
    spurious_ = preemptions_ = steps_ = 0;
    self_ = 0;
    fibers_[0].has_begun = true;
    interleaved_threads threads;
    scenario(threads);
    if (threads.bodies_.empty() || threads.bodies_.size() > most_threads) std::abort();
    for (thread& t : threads_) t = {};
    is_starting_ = true;
    for (unsigned t = 1; t <= threads.bodies_.size(); ++t) {
        threads_[t].body = std::move(threads.bodies_[t - 1]);
        threads_[t].has_ended = false;
        fiber& f = fibers_[t];
        ::getcontext(&f.context);
        f.context.uc_stack.ss_sp = f.stack.get();
        f.context.uc_stack.ss_size = stack_size;
        f.context.uc_link = nullptr;
        ::makecontext(&f.context, &interleaver::enter, 0);
        f.has_begun = false;
        switch_to(t);  // up to its first step
    }
    is_starting_ = false;
    go_on();
    if (!is_draining_ && threads.end_) threads.end_();
}

/// To the next path. Returns: false if there is none.
bool interleaver::advance() {
    path_.resize(depth_);
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().of) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
}

interleave_result interleaver::run_all(const std::function<void(interleaved_threads&)>& scenario) {
    current = this;
    interleave_result result;
    std::uint64_t tried = 0;
    do {
        run_once(scenario);
        ++tried;
        result.runs += is_draining_ ? 0 : 1;
        if (!failure_.empty()) {
            path_.resize(depth_);
            is_reporting_ = true;
            run_once(scenario);
            result.failure = failure_ + report_;
            current = nullptr;
            return result;
        }
        result.is_complete = !advance();
    } while (!result.is_complete && tried < options_.most_runs);
    current = nullptr;
    return result;
}

interleave_result interleave(const interleave_options& options,
                             const std::function<void(interleaved_threads&)>& scenario) {
    return interleaver(options).run_all(scenario);
}

void require(bool holds, const char* what) {
    if (!holds && interleaver::current != nullptr) interleaver::current->fail(what);
}

unsigned interleaved_thread() {
    return interleaver::current == nullptr ? 0 : interleaver::current->self();
}

namespace {

/// The one that runs threads now, and is not only setting them up or looking at the end.
interleaver* running() {
    interleaver* const now = interleaver::current;
    return now != nullptr && now->is_running() ? now : nullptr;
}

bool is_known(const interleaved_times& seen, const interleaved_times& mine) {
    for (std::size_t u = 0; u < seen.size(); ++u) {
        if (seen[u] != 0 && seen[u] <= mine[u]) return true;
    }
    return false;
}

/// Whether all of these times but one's own are known.
bool is_before(const interleaved_times& times, const interleaved_times& mine, unsigned self) {
    for (std::size_t u = 0; u < times.size(); ++u) {
        if (u != self && times[u] > mine[u]) return false;
    }
    return true;
}

}  // namespace

void cell_history::acquire(const record& r, std::memory_order order) const {
    interleaver& run = *running();
    interleaved_times& mine = run.times();
    if (r.seen[run.self()] == 0) r.seen[run.self()] = mine[run.self()];
    if (acquires(order)) join(mine, r.released);
}

std::uint64_t cell_history::load(std::memory_order order) const {
    interleaver* const run = running();
    if (run == nullptr) return newest();
    run->before({this, step_kind::load});
    std::size_t oldest = records_.size() - 1;
    if (!run->takes_fresh()) {
        while (oldest > 0 && !is_known(records_[oldest].seen, run->times())) --oldest;
        if (order == std::memory_order_seq_cst) oldest = std::max(oldest, oldest_sequential_);
    }
    const auto missed = run->choose(static_cast<unsigned>(records_.size() - oldest));
    const std::size_t at = records_.size() - 1 - missed;
    if (missed != 0) run->expect_news();
    if (order == std::memory_order_seq_cst) oldest_sequential_ = std::max(oldest_sequential_, at);
    acquire(records_[at], order);
    run->note(*this, "load ", name_of(order), " -> ", std::to_string(records_[at].value),
              missed == 0 ? "" : " (not the newest)");
    return records_[at].value;
}

void cell_history::put(std::uint64_t value, std::memory_order order, bool is_read_too) {
    interleaver& run = *running();
    record next{value, {}, {}};
    if (is_read_too) next.released = records_.back().released;
    if (releases(order)) join(next.released, run.times());
    next.seen[run.self()] = run.times()[run.self()];
    records_.push_back(next);
    if (order == std::memory_order_seq_cst) oldest_sequential_ = records_.size() - 1;
}

void cell_history::store(std::uint64_t value, std::memory_order order) {
    interleaver* const run = running();
    if (run == nullptr) {
        records_ = {{value, {}, {}}};
        oldest_sequential_ = 0;
        return;
    }
    run->before({this, step_kind::store});
    put(value, order, false);
    run->note(*this, "store ", name_of(order), " ", std::to_string(value));
}

std::uint64_t cell_history::modify(std::memory_order order,
                                   const std::function<std::uint64_t(std::uint64_t)>& next) {
    interleaver* const run = running();
    if (run == nullptr) {
        const std::uint64_t old = newest();
        store(next(old), order);
        return old;
    }
    run->before({this, step_kind::store});
    const std::uint64_t old = newest();
    acquire(records_.back(), order);
    put(next(old), order, true);
    run->note(*this, "modify ", name_of(order), " ", std::to_string(old), " -> ",
              std::to_string(newest()));
    return old;
}

bool cell_history::compare_exchange(std::uint64_t& expected, std::uint64_t value,
                                    std::memory_order success, std::memory_order failure,
                                    bool is_weak) {
    interleaver* const run = running();
    if (run == nullptr) {
        const bool is_equal = newest() == expected;
        expected = newest();
        if (is_equal) store(value, success);
        return is_equal;
    }
    run->before({this, step_kind::store});
    const std::uint64_t old = newest();
    const bool is_equal = old == expected && !(is_weak && run->may_fail_spuriously());
    acquire(records_.back(), is_equal ? success : failure);
    if (is_equal) put(value, success, true);
    run->note(*this, "compare-exchange ", name_of(success), " ", std::to_string(expected), " -> ",
              std::to_string(value), is_equal ? ": done" : ": was ",
              is_equal ? "" : std::to_string(old));
    expected = old;
    return is_equal;
}

void cell_history::lock() {
    if (interleaver* const run = running()) {
        run->before({this, step_kind::lock});
        acquire(records_.back(), std::memory_order_acquire);
        put(1, std::memory_order_relaxed, true);
        run->note(*this, "lock");
    } else {
        store(1, std::memory_order_relaxed);
    }
}

bool cell_history::try_lock() {
    return modify(std::memory_order_acquire, [](std::uint64_t) { return std::uint64_t{1}; }) == 0;
}

void cell_history::unlock() { store(0, std::memory_order_release); }

void interleaved::pause() {
    if (interleaver* const run = running()) run->before({nullptr, step_kind::pause});
}

void data_uses::read() const {
    interleaver* const run = running();
    if (run == nullptr) return;
    const interleaved_times& mine = run->times();
    require(is_before(writes_, mine, run->self()), "guarded data is used while a thread writes it");
    reads_[run->self()] = mine[run->self()] + 1;  // before its next step
}

void data_uses::write() {
    interleaver* const run = running();
    if (run == nullptr) return;
    read();
    const interleaved_times& mine = run->times();
    require(is_before(reads_, mine, run->self()),
            "guarded data is written while a thread reads it");
    writes_[run->self()] = mine[run->self()] + 1;
}

}  // namespace coterie::test
