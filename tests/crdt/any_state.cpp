// SPDX-License-Identifier: BSL-1.0

#include "crdt/any_state.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <coterie/core/wire.hpp>
#include <coterie/crdt/envelope.hpp>
#include <coterie/crdt/lattice.hpp>

#include "crdt/any_change.hpp"

namespace coterie::test {

class any_state::value {
public:
    using pointer = std::unique_ptr<value>;
    using result = std::expected<pointer, decode_error>;

    value() = default;
    value(const value&) = delete;
    value& operator=(const value&) = delete;
    virtual ~value() = default;

    [[nodiscard]] virtual pointer copy() const = 0;
    [[nodiscard]] virtual pointer empty() const = 0;
    virtual pointer change(std::uint64_t replica, std::uint64_t what, std::uint64_t x) = 0;
    virtual void merge(const value& other) = 0;
    [[nodiscard]] virtual pointer delta_since(const value& other) const = 0;
    [[nodiscard]] virtual bool equals(const value& other) const = 0;
    [[nodiscard]] virtual bool is_within(const value& other) const = 0;
    [[nodiscard]] virtual std::vector<std::byte> encode() const = 0;
    [[nodiscard]] virtual std::vector<std::byte> seal() const = 0;
    [[nodiscard]] virtual result decode(std::span<const std::byte> bytes) const = 0;
    [[nodiscard]] virtual result open(std::span<const std::byte> bytes) const = 0;
};

namespace {

template <crdt::delta_lattice State>
class value_of final : public any_state::value {
public:
    value_of() = default;
    explicit value_of(State s) : state_(std::move(s)) {}

    [[nodiscard]] pointer copy() const override { return made(state_); }
    [[nodiscard]] pointer empty() const override { return made(State()); }
    pointer change(std::uint64_t replica, std::uint64_t what, std::uint64_t x) override {
        return made(test::change(state_, replica, what, x));
    }
    void merge(const value& other) override { state_.merge(state_of(other)); }
    [[nodiscard]] pointer delta_since(const value& other) const override {
        return made(state_.delta_since(state_of(other)));
    }
    [[nodiscard]] bool equals(const value& other) const override {
        return state_ == state_of(other);
    }
    [[nodiscard]] bool is_within(const value& other) const override {
        return state_ <= state_of(other);
    }
    [[nodiscard]] std::vector<std::byte> encode() const override { return coterie::encode(state_); }
    [[nodiscard]] std::vector<std::byte> seal() const override { return crdt::seal(state_); }
    [[nodiscard]] result decode(std::span<const std::byte> bytes) const override {
        return made(coterie::decode<State>(bytes));
    }
    [[nodiscard]] result open(std::span<const std::byte> bytes) const override {
        return made(crdt::open<State>(bytes));
    }

private:
    static pointer made(State s) { return pointer(new value_of(std::move(s))); }
    static result made(std::expected<State, decode_error> s) {
        if (!s) return std::unexpected(s.error());
        return made(std::move(*s));
    }
    static const State& state_of(const value& v) { return static_cast<const value_of&>(v).state_; }

    State state_;
};

}  // namespace

any_state::any_state(std::unique_ptr<value> v) noexcept : value_(std::move(v)) {}
any_state::any_state(const any_state& other) : value_(other.value_->copy()) {}
any_state::any_state(any_state&&) noexcept = default;
any_state& any_state::operator=(const any_state& other) {
    value_ = other.value_->copy();
    return *this;
}
any_state& any_state::operator=(any_state&&) noexcept = default;
any_state::~any_state() = default;

any_state any_state::empty() const { return any_state(value_->empty()); }
any_state any_state::change(std::uint64_t replica, std::uint64_t what, std::uint64_t x) {
    return any_state(value_->change(replica, what, x));
}
void any_state::merge(const any_state& other) { value_->merge(*other.value_); }
any_state any_state::delta_since(const any_state& other) const {
    return any_state(value_->delta_since(*other.value_));
}
bool operator==(const any_state& a, const any_state& b) { return a.value_->equals(*b.value_); }
bool operator<=(const any_state& a, const any_state& b) { return a.value_->is_within(*b.value_); }

std::vector<std::byte> any_state::encode() const { return value_->encode(); }
std::vector<std::byte> any_state::seal() const { return value_->seal(); }

std::expected<any_state, decode_error> any_state::decode(std::span<const std::byte> bytes) const {
    auto v = value_->decode(bytes);
    if (!v) return std::unexpected(v.error());
    return any_state(std::move(*v));
}
std::expected<any_state, decode_error> any_state::open(std::span<const std::byte> bytes) const {
    auto v = value_->open(bytes);
    if (!v) return std::unexpected(v.error());
    return any_state(std::move(*v));
}

std::vector<named_state> every_type() {
    std::vector<named_state> all;
    for_each_type([&]<class State>(const char* name) {
        all.push_back({name, any_state(value_of<State>().empty())});
    });
    return all;
}

}  // namespace coterie::test
