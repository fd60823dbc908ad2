// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs threads in all orders that they can run in. A type that takes its atomics as a policy (core/sharing.hpp) is
// given `interleaved` here: each operation on a cell is then a point at which another thread may go on, and a load
// may return any value that its memory order allows. So the real code is tried, not a model of it.
//
//   const auto found = test::interleave({}, [](test::interleaved_threads& threads) {
//       auto clock = std::make_shared<basic_lamport_clock<test::interleaved>>();
//       for (int t = 0; t < 2; ++t) threads.add([clock] { (void)clock->tick(); });
//       threads.at_end([clock] { test::require(clock->time() == 2, "no tick is lost"); });
//   });
//   CHECK(found.failure == "");       // or what failed, and the steps that led there
//
// What it does: depth first through all choices. Orders of two steps that commute count once (sleep sets: Godefroid,
// "Partial-Order Methods for the Verification of Concurrent Systems", 1996). With a bound on preemptions it tries all
// orders with so few of them instead (Musuvathi and Qadeer, "Iterative Context Bounding", PLDI 2007). The memory is
// that of relacy and of C11Tester: for each cell the values in the order in which they were stored, and for each
// thread a vector clock, which says what it can no longer miss.
//
// What it does not model: a store that becomes visible before an earlier one to the same cell by another thread
// (stores to a cell are ordered as they are run), a load that returns what is stored later in the run, fences, and
// what a compiler does to plain variables. A compare-exchange reads the newest value. Between two steps a thread runs
// alone: what it shares by other means than cells, it must guard (`interleaved::guarded` finds where it does not).

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace coterie::test {

/// What a run may do.
struct interleave_options {
    /// How often a thread that could go on may be interrupted; by default, as often as it can be.
    unsigned preemptions = ~0U;
    /// How often compare_exchange_weak fails though it need not, in one run.
    unsigned spurious_failures = 0;
    /// After so many runs, those that repeat another one included, it gives up; then the result is not complete.
    std::uint64_t most_runs = 5'000'000;
    /// After so many steps of one run its threads count as caught in a loop.
    unsigned most_steps = 5'000;
};

struct interleave_result {
    /// The different orders that were tried to their end.
    std::uint64_t runs = 0;
    bool is_complete = false;
    std::string failure{};  // NOLINT(readability-redundant-member-init): or g++ warns
};

/// The threads of one run.
class interleaved_threads {
public:
    /// Adds a thread. Requires: at most four.
    void add(std::function<void()> body) { bodies_.push_back(std::move(body)); }
    /// What to do when all threads have ended.
    void at_end(std::function<void()> check) { end_ = std::move(check); }

private:
    friend class interleaver;

    std::vector<std::function<void()>> bodies_;
    std::function<void()> end_;
};

/// Runs what `scenario` sets up, again and again, until all orders were tried or one failed.
interleave_result interleave(const interleave_options& options,
                             const std::function<void(interleaved_threads&)>& scenario);

/// Says that something must hold, in a thread or at the end. What is broken first ends the search.
void require(bool holds, const char* what);

/// Which thread this is, from 1 on; outside of them 0.
unsigned interleaved_thread();

/// The times at which a thread knows the others to be.
using interleaved_times = std::array<std::uint32_t, 5>;

/// The values of a cell in the order in which they were stored.
class cell_history {
public:
    explicit cell_history(std::uint64_t value) : records_{{value, {}, {}}} {}

    std::uint64_t load(std::memory_order order) const;
    void store(std::uint64_t value, std::memory_order order);
    /// Replaces the newest value by what `next` makes of it. Returns: the value before.
    std::uint64_t modify(std::memory_order order,
                         const std::function<std::uint64_t(std::uint64_t)>& next);
    bool compare_exchange(std::uint64_t& expected, std::uint64_t value, std::memory_order success,
                          std::memory_order failure, bool is_weak);
    /// Waits until the value is 0 and makes it 1; the others make it 1 and say whether it was 0, and make it 0.
    void lock();
    bool try_lock();
    void unlock();

    [[nodiscard]] std::uint64_t newest() const { return records_.back().value; }

private:
    struct record {
        std::uint64_t value;
        interleaved_times released;      // what one who acquires it gets to know
        mutable interleaved_times seen;  // when each thread saw it first; 0: it did not
    };

    void put(std::uint64_t value, std::memory_order order, bool is_read_too);
    void acquire(const record& r, std::memory_order order) const;

    std::vector<record> records_;
    mutable std::size_t oldest_sequential_ = 0;
};

/// Stands in for std::atomic<T>.
template <class T>
class interleaved_cell {
    static_assert(std::is_integral_v<T> && sizeof(T) <= 8);

public:
    interleaved_cell() : interleaved_cell(T{}) {}
    explicit interleaved_cell(T value) : history_(to_word(value)) {}

    interleaved_cell(const interleaved_cell&) = delete;
    interleaved_cell& operator=(const interleaved_cell&) = delete;

    T load(std::memory_order o = std::memory_order_seq_cst) const {
        return static_cast<T>(history_.load(o));
    }
    void store(T value, std::memory_order o = std::memory_order_seq_cst) {
        history_.store(to_word(value), o);
    }
    T exchange(T value, std::memory_order o = std::memory_order_seq_cst) {
        return static_cast<T>(history_.modify(o, [&](std::uint64_t) { return to_word(value); }));
    }
    T fetch_add(T n, std::memory_order o = std::memory_order_seq_cst) {
        return static_cast<T>(history_.modify(
            o, [&](std::uint64_t w) { return to_word(static_cast<T>(static_cast<T>(w) + n)); }));
    }
    T fetch_sub(T n, std::memory_order o = std::memory_order_seq_cst) {
        return static_cast<T>(history_.modify(
            o, [&](std::uint64_t w) { return to_word(static_cast<T>(static_cast<T>(w) - n)); }));
    }
    bool compare_exchange_strong(T& expected, T value,
                                 std::memory_order o = std::memory_order_seq_cst) {
        return exchange_if(expected, value, o, on_failure(o), false);
    }
    bool compare_exchange_strong(T& expected, T value, std::memory_order success,
                                 std::memory_order failure) {
        return exchange_if(expected, value, success, failure, false);
    }
    bool compare_exchange_weak(T& expected, T value,
                               std::memory_order o = std::memory_order_seq_cst) {
        return exchange_if(expected, value, o, on_failure(o), true);
    }
    bool compare_exchange_weak(T& expected, T value, std::memory_order success,
                               std::memory_order failure) {
        return exchange_if(expected, value, success, failure, true);
    }

private:
    static std::uint64_t to_word(T value) { return static_cast<std::uint64_t>(value); }
    static std::memory_order on_failure(std::memory_order o) {
        if (o == std::memory_order_acq_rel) return std::memory_order_acquire;
        return o == std::memory_order_release ? std::memory_order_relaxed : o;
    }
    bool exchange_if(T& expected, T value, std::memory_order success, std::memory_order failure,
                     bool is_weak) {
        std::uint64_t word = to_word(expected);
        const bool is_done =
            history_.compare_exchange(word, to_word(value), success, failure, is_weak);
        expected = static_cast<T>(word);
        return is_done;
    }

    cell_history history_;
};

/// Who used plain data when: finds two uses of which neither happens before the other, one of them a write.
class data_uses {
public:
    void read() const;
    void write();

private:
    mutable interleaved_times reads_{};
    interleaved_times writes_{};
};

/// Stands in for data that one thread at a time may use.
template <class T>
class interleaved_data {
public:
    interleaved_data() = default;
    explicit interleaved_data(T value) : value_(std::move(value)) {}

    const T& read() const {
        uses_.read();
        return value_;
    }
    T& write() {
        uses_.write();
        return value_;
    }

private:
    T value_{};
    data_uses uses_;
};

/// The policy, in place of coterie::detail::shared_by_threads.
struct interleaved {
    template <class T>
    using cell = interleaved_cell<T>;
    template <class T>
    using guarded = interleaved_data<T>;

    class lock {
    public:
        void acquire() { held_.lock(); }
        bool try_acquire() { return held_.try_lock(); }
        void release() { held_.unlock(); }

    private:
        cell_history held_{0};
    };

    /// The thread goes on when another one has stored something since it paused last, and then sees what is newest.
    static void pause();
};

}  // namespace coterie::test
