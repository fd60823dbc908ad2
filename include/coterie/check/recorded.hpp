// SPDX-License-Identifier: BSL-1.0
#pragma once

// Reads histories that others have recorded: the log lines of Jepsen's register tests, and maps of a key-value
// store, in the notation of Clojure, one event a line.
//
//   INFO  jepsen.util - 3 :invoke :cas [1 2]
//   INFO  jepsen.util - 3 :ok     :cas [1 2]
//   {:process 0, :type :invoke, :f :append, :key "7", :value "x"}
//
//   const auto h = check::parse_register_log(text);   // std::expected<history, recorded_error>
//
// The time of an event is the number of its line, as nanoseconds. What ends with :info, or not at all, is of
// unknown outcome; a :fail did not happen, but for a cas that names its values: it found another value.

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <coterie/check/history.hpp>
#include <coterie/check/key_value_model.hpp>
#include <coterie/check/model.hpp>
#include <coterie/check/register_model.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>

namespace coterie::inline v0::check {

/// Why a recorded history could not be read.
enum class recorded_errc : std::uint8_t {
    not_an_event,     ///< the line is not one of the format
    out_of_range,     ///< a number that does not fit
    already_open,     ///< a process invokes while its last operation is open
    nothing_open,     ///< a process is answered that has invoked nothing
    wrong_operation,  ///< the answer is of another operation than the one that is open
};

[[nodiscard]] constexpr const char* describe(recorded_errc code) noexcept {
    switch (code) {
        case recorded_errc::not_an_event: return "not an event of a history";
        case recorded_errc::out_of_range: return "a number is out of range";
        case recorded_errc::already_open: return "the process has an operation open already";
        case recorded_errc::nothing_open: return "the process has no operation open";
        case recorded_errc::wrong_operation: return "not an answer to what the process invoked";
    }
    return "unknown error of a recorded history";
}

/// Why, and in which line, counted from 1.
struct recorded_error {
    recorded_errc code;
    std::size_t line;

    /// Appends "line 7: the process has no operation open" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const {
        out.append("line ");
        coterie::detail::append_decimal(out, line);
        out.append(": ");
        out.append(describe(code));
    }

    friend constexpr bool operator==(const recorded_error&, const recorded_error&) = default;
};

/// The model of what parse_register_log() reads.
using recorded_register = register_model<std::int64_t>;

/// Reads a log of Jepsen's register tests: `:read`, `:write` and `:cas` of whole numbers. Empty lines are skipped.
///
/// Complexity: linear, expected. Memory: the history.
[[nodiscard]] inline std::expected<history_of<recorded_register>, recorded_error>
parse_register_log(std::string_view text);

/// Reads events of a key-value store: `:get`, `:put` and `:append` of strings. Empty lines are skipped.
[[nodiscard]] inline std::expected<history_of<key_value_model>, recorded_error> parse_key_value_log(
    std::string_view text);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Takes one token after another from a line. What fails once, fails from then on.
class line_reader {
public:
    explicit line_reader(std::string_view line) : rest_(line) {}

    /// Skips blanks, then takes `text` if it comes next.
    bool take(std::string_view text) {
        skip(" \t\r,");
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    void want(std::string_view text) {
        if (!take(text)) fail(recorded_errc::not_an_event);
    }

    /// Which of some words comes next, as an index into them.
    template <std::size_t N>
    std::size_t want_one_of(const std::string_view (&words)[N]) {
        for (std::size_t i = 0; i < N; ++i)
            if (take(words[i])) return i;
        fail(recorded_errc::not_an_event);
        return 0;
    }

    template <class T>
    T want_number() {
        take("");
        T number{};
        const auto [end, error] =
            std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
        if (error == std::errc::result_out_of_range) fail(recorded_errc::out_of_range);
        if (error == std::errc::invalid_argument) fail(recorded_errc::not_an_event);
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return number;
    }

    /// A string in quotes, in which a backslash takes the next character as it is.
    std::string want_string() {
        want("\"");
        std::string text;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\') rest_.remove_prefix(1);
            if (rest_.empty()) break;
            text.push_back(rest_.front());
            rest_.remove_prefix(1);
        }
        want("\"");
        return text;
    }

    /// The end of the line. Returns: what went wrong before, or here.
    std::optional<recorded_errc> end() {
        take("");
        if (!rest_.empty()) fail(recorded_errc::not_an_event);
        return error_;
    }

private:
    void skip(std::string_view blanks) {
        const std::size_t begin = rest_.find_first_not_of(blanks);
        rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
    }
    void fail(recorded_errc code) {
        if (!error_.has_value()) error_ = code;
    }

    std::string_view rest_;
    std::optional<recorded_errc> error_;
};

/// What a line can say of an operation.
enum class event_type : std::uint8_t {
    invoke,
    ok,
    fail,
    info
};
inline constexpr std::string_view event_types[] = {":invoke", ":ok", ":fail", ":info"};

/// One line, whatever the format.
template <class M>
struct logged_event {
    client_id process{};
    event_type type{};
    M::input input{};
    std::optional<typename M::output> output{};  // of a line that completes the operation
};

template <class T>
using parsed = std::expected<T, recorded_errc>;

inline parsed<logged_event<recorded_register>> parse_register_event(std::string_view line) {
    static constexpr std::string_view calls[] = {":read", ":write", ":cas"};
    line_reader in(line);
    logged_event<recorded_register> e;
    auto& [process, type, input, output] = e;
    in.want("INFO");
    in.want("jepsen.util");
    in.want("-");
    process = in.want_number<client_id>();
    type = static_cast<event_type>(in.want_one_of(event_types));
    input.kind = static_cast<register_call>(in.want_one_of(calls));
    if (type != event_type::invoke && in.take(":timed-out")) {
        if (const auto error = in.end()) return std::unexpected(*error);
        if (type == event_type::ok) return std::unexpected(recorded_errc::not_an_event);
        return e;
    }
    register_output<std::int64_t> given{.swapped = type == event_type::ok};
    switch (input.kind) {
        case register_call::read:
            if (!in.take("nil")) given.value = in.want_number<std::int64_t>();
            given.swapped = false;
            break;
        case register_call::write:
            input.value = in.want_number<std::int64_t>();
            given.swapped = false;
            break;
        case register_call::cas:
            in.want("[");
            input.expected = in.want_number<std::int64_t>();
            input.value = in.want_number<std::int64_t>();
            in.want("]");
            break;
    }
    if (const auto error = in.end()) return std::unexpected(*error);
    const bool is_refused = type == event_type::fail && input.kind == register_call::cas;
    if (type == event_type::ok || is_refused) output = given;
    return e;
}

inline parsed<logged_event<key_value_model>> parse_key_value_event(std::string_view line) {
    static constexpr std::string_view calls[] = {":get", ":put", ":append"};
    line_reader in(line);
    logged_event<key_value_model> e;
    auto& [process, type, input, output] = e;
    in.want("{");
    in.want(":process");
    process = in.want_number<client_id>();
    in.want(":type");
    type = static_cast<event_type>(in.want_one_of(event_types));
    in.want(":f");
    input.kind = static_cast<key_value_call>(in.want_one_of(calls));
    in.want(":key");
    input.key = in.want_string();
    in.want(":value");
    std::string value;
    if (!in.take("nil")) value = in.want_string();
    in.want("}");
    if (const auto error = in.end()) return std::unexpected(*error);
    const bool is_get = input.kind == key_value_call::get;
    if (type == event_type::ok) output = is_get ? value : std::string();
    if (!is_get) input.value = std::move(value);
    return e;
}

/// Whether an answer can be to an invocation: the same call, and where it says them, the same values.
template <class Input>
bool answers(const Input& said, const Input& invoked, bool says_values) {
    return says_values ? said == invoked : said.kind == invoked.kind;
}

/// Joins the events of the lines to operations.
template <class M>
class history_builder {
public:
    parsed<void> add(logged_event<M> e, steady_time at) {
        const auto open = open_.find(e.process);
        if (e.type == event_type::invoke) {
            if (open != open_.end()) return std::unexpected(recorded_errc::already_open);
            open_[e.process] = result_.invoke(e.process, std::move(e.input), at);
            return {};
        }
        if (open == open_.end()) return std::unexpected(recorded_errc::nothing_open);
        const operation_id id = open->second;
        if (!answers(e.input, result_[id].input, e.output.has_value()))
            return std::unexpected(recorded_errc::wrong_operation);
        if (e.output.has_value())
            result_.complete(id, std::move(*e.output), at);
        else if (e.type == event_type::fail)
            result_.fail(id, at);
        open_.erase(open);
        return {};
    }

    history_of<M> take() { return std::move(result_); }

private:
    history_of<M> result_;
    std::unordered_map<client_id, operation_id> open_;
};

template <class M>
std::expected<history_of<M>, recorded_error> parse_log(
    std::string_view text, parsed<logged_event<M>> (*parse)(std::string_view)) {
    history_builder<M> result;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        auto e = parse(line);
        if (!e.has_value()) return std::unexpected(recorded_error{e.error(), number});
        const auto at = steady_time(std::chrono::nanoseconds(number));
        const auto added = result.add(std::move(*e), at);
        if (!added.has_value()) return std::unexpected(recorded_error{added.error(), number});
    }
    return result.take();
}

}  // namespace detail

inline std::expected<history_of<recorded_register>, recorded_error> parse_register_log(
    std::string_view text) {
    return detail::parse_log<recorded_register>(text, detail::parse_register_event);
}

inline std::expected<history_of<key_value_model>, recorded_error> parse_key_value_log(
    std::string_view text) {
    return detail::parse_log<key_value_model>(text, detail::parse_key_value_event);
}

}  // namespace coterie::inline v0::check
