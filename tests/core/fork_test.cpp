// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/fork.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>
#include <utility>

#include "core/child.hpp"
#include "support/catch.hpp"

using coterie::fork_wiped;
using coterie::test::in_child;
using coterie::test::write_all;

namespace {

struct worker {
    std::uint64_t id;
    std::array<char, 100> name;
};

// More than a page, so that each page must be wiped.
struct large {
    std::array<std::uint64_t, 5000> words;
};

// What a process finds: the words of `state`, as text.
template <class Wiped>
std::string found(Wiped& state) {
    auto* const at = state.get();
    return at == nullptr ? "null" : std::to_string(at->id);
}

template <bool AskKernel>
void check_family() {
    fork_wiped<worker, AskKernel> state;
    CHECK(state.get() == nullptr);
    CHECK(state.peek() == nullptr);
    worker* const mine = state.acquire();
    REQUIRE(mine != nullptr);
    CHECK(mine->id == 0);
    CHECK(mine->name == std::array<char, 100>{});
    CHECK(state.get() == mine);
    CHECK(state.acquire() == mine);
    mine->id = 17;
    mine->name.fill('x');
    CHECK(state.get()->id == 17);
    CHECK(state.peek() == mine);

    const auto child = in_child([&](int descriptor) {
        // Looking changes nothing: wiped by the kernel, or not there before the child has taken it.
        const bool peeks_clean =
            AskKernel ? state.peek() != nullptr && state.peek()->id == 0 : state.peek() == nullptr;
        std::string report = peeks_clean ? "wiped " : "kept ";
        report += found(state);
        report += state.peek() == state.get() ? " seen" : " unseen";
        report += state.get()->name == std::array<char, 100>{} ? " clean" : " dirty";
        // The child makes the state its own, and looks again.
        state.get()->id = 18;
        report += " " + found(state);
        report += state.acquire() == state.get() ? " same" : " other";
        const auto grandchild = in_child([&](int inner) {
            const std::string text = found(state);
            write_all(inner, text.data(), text.size());
        });
        report += " / " + grandchild.output + " / " + found(state);
        write_all(descriptor, report.data(), report.size());
    });
    CHECK(child.exited_with(0));
    CHECK(child.output == "wiped 0 seen clean 18 same / 0 / 18");
    // And the parent keeps what it had.
    CHECK(state.get() == mine);
    CHECK(state.get()->id == 17);
    CHECK(state.get()->name[99] == 'x');
}

template <bool AskKernel>
void check_unused_intermediate() {
    // The child never looks; the grandchild must still not see what the parent wrote.
    fork_wiped<worker, AskKernel> state;
    REQUIRE(state.acquire() != nullptr);
    state.get()->id = 17;
    const auto child = in_child([&](int descriptor) {
        const auto grandchild = in_child([&](int inner) {
            const std::string text = found(state);
            write_all(inner, text.data(), text.size());
        });
        write_all(descriptor, grandchild.output.data(), grandchild.output.size());
    });
    CHECK(child.output == "0");
}

template <bool AskKernel>
void check_large() {
    fork_wiped<large, AskKernel> state;
    REQUIRE(state.acquire() != nullptr);
    state.get()->words.fill(~std::uint64_t{0});
    const auto child = in_child([&](int descriptor) {
        std::uint64_t any = 0;
        for (const auto word : state.get()->words) any |= word;
        const std::string text = std::to_string(any);
        write_all(descriptor, text.data(), text.size());
    });
    CHECK(child.output == "0");
    CHECK(state.get()->words[4999] == ~std::uint64_t{0});
}

template <bool AskKernel>
void check_moves() {
    fork_wiped<worker, AskKernel> a;
    REQUIRE(a.acquire() != nullptr);
    a.get()->id = 1;
    worker* const first = a.get();

    fork_wiped<worker, AskKernel> b(std::move(a));
    CHECK(b.get() == first);
    CHECK(b.get()->id == 1);
    // What was moved from is empty, and can be used afresh.
    CHECK(a.get() == nullptr);
    REQUIRE(a.acquire() != nullptr);
    CHECK(a.get() != first);
    CHECK(a.get()->id == 0);
    a.get()->id = 2;

    b = std::move(a);
    CHECK(b.get()->id == 2);
    fork_wiped<worker, AskKernel> never_used;
    b = std::move(never_used);
    CHECK(b.get() == nullptr);

    fork_wiped<worker, AskKernel> c;
    c = fork_wiped<worker, AskKernel>();
    CHECK(c.get() == nullptr);
    REQUIRE(c.acquire() != nullptr);
    c.get()->id = 3;
    auto& same = c;
    c = std::move(same);
    REQUIRE(c.get() != nullptr);
    CHECK(c.get()->id == 3);

    // Moving in a child takes no state along.
    const auto child = in_child([&](int descriptor) {
        fork_wiped<worker, AskKernel> taken(std::move(c));
        std::string text = found(taken);
        fork_wiped<worker, AskKernel> fresh;
        (void)fresh.acquire();
        fresh = std::move(taken);
        text += " " + found(fresh);
        write_all(descriptor, text.data(), text.size());
    });
    CHECK(child.output == "0 0");
    CHECK(c.get()->id == 3);
}

}  // namespace

TEST_CASE("a child, its child, and neither of their parents, find the state wiped: by the kernel") {
    check_family<true>();
    check_unused_intermediate<true>();
    check_large<true>();
}

TEST_CASE(
    "a child, its child, and neither of their parents, find the state wiped: by process ids") {
    check_family<false>();
    check_unused_intermediate<false>();
    check_large<false>();
}

TEST_CASE("fork-wiped state moves, and never to a child") {
    check_moves<true>();
    check_moves<false>();
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<fork_wiped<worker>>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<fork_wiped<worker>>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<fork_wiped<worker>>);
    STATIC_REQUIRE(std::is_nothrow_move_assignable_v<fork_wiped<worker>>);
    STATIC_REQUIRE(std::is_nothrow_default_constructible_v<fork_wiped<worker>>);
}

TEST_CASE("fork-wiped state that the child only acquires is new") {
    fork_wiped<worker> state;
    const auto child = in_child([&](int descriptor) {
        std::string text = found(state);
        (void)state.acquire();
        text += " " + found(state);
        write_all(descriptor, text.data(), text.size());
    });
    CHECK(child.output == "null 0");
    CHECK(state.get() == nullptr);
}

TEST_CASE("where there is no memory, acquire gives null, and succeeds once there is") {
    const auto child = in_child([](int descriptor) {
        fork_wiped<worker> state;
        rlimit before{};
        ::getrlimit(RLIMIT_AS, &before);
        const rlimit none{0, before.rlim_max};
        if (::setrlimit(RLIMIT_AS, &none) != 0) ::_exit(1);
        const bool refused = state.acquire() == nullptr && state.get() == nullptr;
        ::setrlimit(RLIMIT_AS, &before);
        const bool recovered = state.acquire() != nullptr && state.get()->id == 0;
        write_all(descriptor, refused ? "refused " : "given ", refused ? 8 : 6);
        write_all(descriptor, recovered ? "recovered" : "lost", recovered ? 9 : 4);
    });
    CHECK(child.output == "refused recovered");
}

TEST_CASE("fork-wiped states give their pages back") {
    // With 4 MiB of address space more than now, 4,000 pages fit only one after another.
    const auto child = in_child([](int descriptor) {
        long pages = 0;
        std::FILE* const statm = std::fopen("/proc/self/statm", "r");
        if (statm == nullptr || std::fscanf(statm, "%ld", &pages) != 1) ::_exit(1);
        std::fclose(statm);
        const auto used = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
        rlimit limit{};
        ::getrlimit(RLIMIT_AS, &limit);
        limit.rlim_cur = used + 4 * 1024 * 1024;
        if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(1);
        std::size_t made = 0;
        for (; made < 4000; ++made) {
            fork_wiped<worker> state;
            fork_wiped<worker> other;
            if (other.acquire() == nullptr || state.acquire() == nullptr) break;
            other = std::move(state);
            const fork_wiped<worker> last(std::move(other));
        }
        const std::string text = std::to_string(made);
        write_all(descriptor, text.data(), text.size());
    });
    CHECK(child.output == "4000");
}
