// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/assert.hpp>

#include <csignal>
#include <string>
#include <type_traits>

#include "core/child.hpp"
#include "support/catch.hpp"

using coterie::test::broken_precondition;
using coterie::test::child_result;
using coterie::test::in_child;

namespace {

constexpr int half(int x) {
    COTERIE_ASSERT(x % 2 == 0);
    return x / 2;
}

template <int X>
concept halves = requires { std::integral_constant<int, half(X)>::value; };

void first_handler(const char*, const char*, unsigned) {}
void second_handler(const char*, const char*, unsigned) {}

}  // namespace

TEST_CASE("a precondition that holds costs the program nothing but the check") {
    int evaluated = 0;
    COTERIE_ASSERT(++evaluated == 1);
    CHECK(evaluated == 1);
    STATIC_REQUIRE(half(6) == 3);
}

TEST_CASE("a broken precondition calls the handler with its text and aborts even if that returns") {
    CHECK(broken_precondition([] { (void)half(3); }) == "x % 2 == 0");
    CHECK(broken_precondition([] { (void)half(4); }) == "(not aborted) ");
}

TEST_CASE("a broken precondition in a constant expression does not compile") {
    STATIC_REQUIRE(halves<2>);
    STATIC_REQUIRE_FALSE(halves<3>);
}

TEST_CASE("without a handler a broken precondition is printed with file and line") {
    const child_result result = in_child([](int descriptor) {
        std::signal(SIGABRT, SIG_DFL);
        ::dup2(descriptor, 2);
        (void)half(5);
    });
    CHECK(result.aborted());
    CHECK_THAT(result.output, Catch::Matchers::ContainsSubstring("assert_test.cpp:") &&
                                  Catch::Matchers::ContainsSubstring("x % 2 == 0"));
}

TEST_CASE("a null handler is the default one") {
    const child_result result = in_child([](int descriptor) {
        std::signal(SIGABRT, SIG_DFL);
        ::dup2(descriptor, 2);
        coterie::set_assert_handler(nullptr);
        (void)half(5);
    });
    CHECK(result.aborted());
    CHECK_THAT(result.output, Catch::Matchers::ContainsSubstring("x % 2 == 0"));
}

TEST_CASE("a handler may end the process in its own way") {
    const child_result result = in_child([](int) {
        coterie::set_assert_handler([](const char*, const char*, unsigned) { ::_exit(7); });
        (void)half(1);
    });
    CHECK(result.exited_with(7));
}

TEST_CASE("set_assert_handler returns the handler before") {
    const auto original = coterie::set_assert_handler(first_handler);
    CHECK(original != nullptr);
    CHECK(coterie::set_assert_handler(second_handler) == first_handler);
    CHECK(coterie::set_assert_handler(original) == second_handler);
}

TEST_CASE("the check is an expression of type void and binds as one operand") {
    STATIC_REQUIRE(std::is_void_v<decltype(COTERIE_ASSERT(true))>);
    // Braces or a trailing else would be swallowed by a macro that is a statement.
    int reached = 0;
    if (reached == 0)
        COTERIE_ASSERT(true);
    else
        reached = 1;
    CHECK(reached == 0);
    CHECK(broken_precondition([] { COTERIE_ASSERT(false || 1 > 2); }) == "false || 1 > 2");
}
