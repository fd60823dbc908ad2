// SPDX-License-Identifier: BSL-1.0
#pragma once

// Bytes on the wire. Each value has exactly one encoding, so equal states are equal bytes; and a
// decoder survives whatever it is given: it never reads past its input, allocates no more than the
// remaining bytes can fill, nests no deeper than the limits say, and tells what was wrong and where.
//
//   struct point { std::int64_t x, y; };
//   template <> struct coterie::codec<point> {
//       static void encode(writer& w, const point& p) { w.svarint(p.x); w.svarint(p.y); }
//       static std::expected<point, decode_error> decode(reader& r) {
//           const point p{.x = r.svarint(), .y = r.svarint()};
//           return r.result(p);
//       }
//   };
//   std::vector<std::byte> bytes = encode(point{3, -4});
//   std::expected<point, decode_error> back = decode<point>(bytes);
//
// A reader remembers its first error and from then on yields zeros and empty spans; so a decoder reads
// straight through and asks once, at the end. Integers are LEB128 varints (signed ones zigzag) or
// little-endian words. Floating point has no codec: -0.0 == 0.0 and NaN break "equal states, equal
// bytes", so encode the bits that you mean.

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <coterie/core/assert.hpp>
#include <coterie/core/bits.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/nothing.hpp>

namespace coterie::inline v0 {

/// Why bytes are not what they should be.
enum class decode_errc : std::uint8_t {
    truncated,            ///< the input ends inside a value
    trailing_bytes,       ///< the value ends before the input does
    not_minimal,          ///< an integer is encoded in more bytes than it needs
    out_of_range,         ///< an integer does not fit its type
    invalid_value,        ///< a value that this type does not have, or not in canonical form
    limit_exceeded,       ///< larger or deeper than the caller's limits allow
    unsupported_version,  ///< a format version that this code does not know
    damaged,              ///< the checksum is that of other bytes
};

[[nodiscard]] constexpr const char* describe(decode_errc code) noexcept {
    switch (code) {
        case decode_errc::truncated: return "input ends inside a value";
        case decode_errc::trailing_bytes: return "bytes left over after the value";
        case decode_errc::not_minimal: return "integer not in its shortest form";
        case decode_errc::out_of_range: return "integer out of range";
        case decode_errc::invalid_value: return "invalid value";
        case decode_errc::limit_exceeded: return "limit exceeded";
        case decode_errc::unsupported_version: return "unsupported format version";
        case decode_errc::damaged: return "checksum does not match";
    }
    return "unknown decode error";
}

/// Why bytes could not be decoded, and where: the offset of the value that is wrong.
struct decode_error {
    decode_errc code;
    std::size_t offset;

    /// Appends "invalid value at byte 7" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const {
        detail::append_error_at(out, code, "byte", offset);
    }

    friend constexpr bool operator==(const decode_error&, const decode_error&) = default;
};

/// What a decoder may accept. The defaults suit a message between peers.
struct decode_limits {
    std::size_t max_bytes = 64 * 1024 * 1024;  ///< the whole input
    std::size_t max_elements = 1 << 24;        ///< of one column, or characters of one string
    std::size_t max_depth = 64;                ///< of values within values
};

namespace detail {

/// An unsigned integer that has a fixed size on the wire. Not bool, whose bytes are 0 and 1 alone, and
/// nothing beyond 64 bits, which some compilers call integral as well.
template <class T>
concept wire_word = std::unsigned_integral<T> && sizeof(T) <= 8 && !std::same_as<T, bool>;

/// An integer that has a codec: a number, and no character.
template <class T>
concept wire_integer =
    (wire_word<T> || (std::signed_integral<T> && sizeof(T) <= 8)) && !std::same_as<T, char> &&
    !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
    !std::same_as<T, char32_t>;

}  // namespace detail

/// Appends encoded values to a vector of bytes, which the caller owns and may reuse.
///
/// Complexity: amortised constant for each byte. Thread safety: none.
class writer {
public:
    explicit constexpr writer(std::vector<std::byte>& out) noexcept : out_(&out) {}

    /// An unsigned integer in 1 to 10 bytes of 7 bits, least significant first.
    constexpr void varint(std::uint64_t value);
    /// A signed integer, zigzag: 0, -1, 1, -2 ... become 0, 1, 2, 3 ...
    constexpr void svarint(std::int64_t value);
    /// An unsigned integer in sizeof(T) bytes, little-endian.
    template <detail::wire_word T>
    constexpr void fixed(T value);
    /// One byte, 0 or 1.
    constexpr void boolean(bool value) { fixed<std::uint8_t>(value ? 1 : 0); }
    /// The version of the format that follows, one byte.
    constexpr void version(std::uint8_t number) { fixed(number); }
    /// Bytes as they are, without a length.
    constexpr void raw(std::span<const std::byte> bytes);
    /// A length and that many bytes.
    constexpr void bytes(std::span<const std::byte> bytes);
    /// A length and that many characters.
    constexpr void string(std::string_view text);
    /// A count and that many varints, one after another.
    constexpr void varint_column(std::span<const std::uint64_t> values);
    /// A count and that many little-endian integers: on most machines one copy.
    template <detail::wire_word T>
    constexpr void fixed_column(std::span<const T> values);

private:
    std::vector<std::byte>* out_;
};

/// Reads encoded values from bytes that it does not own, and trusts none of them.
///
/// The first error stays: afterwards every read gives zero or nothing. Check `ok()` in loops and
/// return `result(value)` at the end. Thread safety: none.
class reader {
public:
    explicit constexpr reader(std::span<const std::byte> input,
                              const decode_limits& limits = {}) noexcept;

    /// The inverse of writer::varint. Errors: truncated, not_minimal, out_of_range.
    constexpr std::uint64_t varint() noexcept;
    /// The inverse of writer::svarint. Errors: as varint.
    constexpr std::int64_t svarint() noexcept;
    /// The inverse of writer::fixed. Errors: truncated.
    template <detail::wire_word T>
    constexpr T fixed() noexcept;
    /// Errors: truncated; invalid_value for anything but 0 and 1.
    constexpr bool boolean() noexcept;
    /// Reads a format version and returns it. Errors: truncated; unsupported_version if it is above `newest`.
    constexpr std::uint8_t version(std::uint8_t newest) noexcept;
    /// A view of the next `size` bytes. Errors: truncated.
    constexpr std::span<const std::byte> raw(std::size_t size) noexcept;
    /// A view of a length-prefixed run of bytes. Errors: as varint; limit_exceeded, truncated.
    constexpr std::span<const std::byte> bytes() noexcept;
    /// A view of a length-prefixed text; its characters are not checked. Errors: as bytes.
    std::string_view string() noexcept;
    /// A count of elements of which each takes at least `min_size` bytes. Requires: min_size > 0.
    /// Errors: as varint; limit_exceeded; truncated if the remaining bytes cannot hold so many.
    constexpr std::size_t count(std::size_t min_size = 1) noexcept;
    /// How many of `number` elements of `size` bytes in memory to reserve room for: all reservations of
    /// a reader together take no more memory than its input; the rest grows as it comes.
    constexpr std::size_t reservable(std::size_t number, std::size_t size) noexcept;
    /// The inverse of writer::varint_column.
    constexpr std::vector<std::uint64_t> varint_column();
    /// The inverse of writer::fixed_column.
    template <detail::wire_word T>
    constexpr std::vector<T> fixed_column();
    /// A value by its codec, or the first error. Errors: the codec's; limit_exceeded if too deep.
    template <class T>
    constexpr std::expected<T, decode_error> read();
    /// A value by its codec; default-constructed where an error occurred.
    template <std::default_initializable T>
    constexpr T value();

    /// Whether nothing was wrong so far.
    [[nodiscard]] constexpr bool ok() const noexcept { return !failed_; }
    /// The first error. Requires: !ok().
    [[nodiscard]] constexpr decode_error error() const noexcept;
    /// Reports a value that makes no sense, at the value read last. The first error stays. Returns: it.
    constexpr std::unexpected<decode_error> fail(decode_errc code) noexcept;
    /// `value`, or the first error.
    template <class T>
    constexpr std::expected<std::remove_cvref_t<T>, decode_error> result(T&& value) const;
    /// Reports bytes that are left over. Returns: ok().
    constexpr bool finish() noexcept;

    /// How many bytes were read.
    [[nodiscard]] constexpr std::size_t offset() const noexcept { return offset_; }
    /// How many bytes are left.
    [[nodiscard]] constexpr std::size_t remaining() const noexcept {
        return input_.size() - offset_;
    }
    [[nodiscard]] constexpr const decode_limits& limits() const noexcept { return limits_; }

private:
    constexpr void set_error(decode_errc code, std::size_t offset) noexcept;

    std::span<const std::byte> input_;
    decode_limits limits_;
    std::size_t offset_ = 0;
    std::size_t last_ = 0;  // where the value read last begins
    std::size_t depth_ = 0;
    std::size_t reserve_;  // bytes that may still be reserved
    decode_error error_{};
    bool failed_ = false;
};

/// How a type is encoded. Specialise it for your own types; see the top of this header.
///
/// There are codecs for integers, bool, std::string, and std::vector, std::array, std::pair and
/// std::optional of what has one; and for every type with a fixed array of bytes, which ids are:
/// a member `bytes()` and a static `from_bytes`.
template <class T>
struct codec;

/// A type that has a codec.
template <class T>
concept encodable = requires(writer& w, reader& r, const T& x) {
    codec<T>::encode(w, x);
    { codec<T>::decode(r) } -> std::same_as<std::expected<T, decode_error>>;
};

/// Appends the encoding of `x`.
template <encodable T>
constexpr void encode_to(writer& w, const T& x) {
    codec<T>::encode(w, x);
}

/// The encoding of `x`.
template <encodable T>
[[nodiscard]] constexpr std::vector<std::byte> encode(const T& x) {
    std::vector<std::byte> out;
    writer w(out);
    encode_to(w, x);
    return out;
}

/// The value that all of `input` encodes, or why it encodes none.
///
/// Errors: all of decode_errc. Complexity: linear in the input; memory at most proportional to it.
template <encodable T>
[[nodiscard]] constexpr std::expected<T, decode_error> decode(std::span<const std::byte> input,
                                                              const decode_limits& limits = {}) {
    reader r(input, limits);
    auto x = r.read<T>();
    if (x.has_value() && !r.finish()) return std::unexpected(r.error());
    return x;
}

// --- details: writer -------------------------------------------------------------------------------

constexpr void writer::varint(std::uint64_t value) {
    while (value >= 0x80) {
        out_->push_back(static_cast<std::byte>((value & 0x7F) | 0x80));
        value >>= 7;
    }
    out_->push_back(static_cast<std::byte>(value));
}

constexpr void writer::svarint(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    varint(bits << 1 ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

template <detail::wire_word T>
constexpr void writer::fixed(T value) {
    std::array<std::byte, sizeof(T)> word{};
    detail::store<std::endian::little>(value, word.data());
    raw(word);
}

constexpr void writer::raw(std::span<const std::byte> bytes) {
    out_->insert(out_->end(), bytes.begin(), bytes.end());
}

constexpr void writer::bytes(std::span<const std::byte> bytes) {
    varint(bytes.size());
    raw(bytes);
}

constexpr void writer::string(std::string_view text) {
    varint(text.size());
    for (const char c : text) out_->push_back(static_cast<std::byte>(c));
}

constexpr void writer::varint_column(std::span<const std::uint64_t> values) {
    varint(values.size());
    for (const std::uint64_t value : values) varint(value);
}

template <detail::wire_word T>
constexpr void writer::fixed_column(std::span<const T> values) {
    varint(values.size());
    const std::size_t begin = out_->size();
    out_->resize(begin + values.size() * sizeof(T));
    std::byte* to = out_->data() + begin;
    for (const T value : values) {
        detail::store<std::endian::little>(value, to);
        to += sizeof(T);
    }
}

// --- details: reader -------------------------------------------------------------------------------

constexpr reader::reader(std::span<const std::byte> input, const decode_limits& limits) noexcept
    : input_(input), limits_(limits), reserve_(input.size()) {
    if (input.size() > limits.max_bytes) set_error(decode_errc::limit_exceeded, limits.max_bytes);
}

constexpr void reader::set_error(decode_errc code, std::size_t offset) noexcept {
    if (failed_) return;
    failed_ = true;
    error_ = {code, offset};
}

constexpr decode_error reader::error() const noexcept {
    COTERIE_ASSERT(failed_);
    return error_;
}

constexpr std::unexpected<decode_error> reader::fail(decode_errc code) noexcept {
    set_error(code, last_);
    return std::unexpected(error_);
}

constexpr bool reader::finish() noexcept {
    if (remaining() != 0) set_error(decode_errc::trailing_bytes, offset_);
    return ok();
}

template <class T>
constexpr std::expected<std::remove_cvref_t<T>, decode_error> reader::result(T&& value) const {
    if (failed_) return std::unexpected(error_);
    return std::forward<T>(value);
}

constexpr std::uint64_t reader::varint() noexcept {
    if (failed_) return 0;
    last_ = offset_;
    std::uint64_t value = 0;
    for (unsigned shift = 0; offset_ < input_.size(); shift += 7) {
        const auto byte = std::to_integer<std::uint64_t>(input_[offset_++]);
        if (shift == 63 && byte > 1) {
            set_error(decode_errc::out_of_range, last_);
            return 0;
        }
        value |= (byte & 0x7F) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift != 0) {
                set_error(decode_errc::not_minimal, last_);
                return 0;
            }
            return value;
        }
    }
    set_error(decode_errc::truncated, last_);
    return 0;
}

constexpr std::int64_t reader::svarint() noexcept {
    const std::uint64_t bits = varint();
    return static_cast<std::int64_t>(bits >> 1 ^ (0 - (bits & 1)));
}

template <detail::wire_word T>
constexpr T reader::fixed() noexcept {
    const auto word = raw(sizeof(T));
    return ok() ? detail::load<T, std::endian::little>(word.data()) : T{0};
}

constexpr bool reader::boolean() noexcept {
    const auto byte = fixed<std::uint8_t>();
    if (byte > 1) set_error(decode_errc::invalid_value, last_);
    return byte == 1;
}

constexpr std::uint8_t reader::version(std::uint8_t newest) noexcept {
    const auto number = fixed<std::uint8_t>();
    if (number > newest) set_error(decode_errc::unsupported_version, last_);
    return failed_ ? std::uint8_t{0} : number;
}

constexpr std::span<const std::byte> reader::raw(std::size_t size) noexcept {
    if (failed_) return {};
    last_ = offset_;
    if (size > remaining()) {
        set_error(decode_errc::truncated, last_);
        return {};
    }
    offset_ += size;
    return input_.subspan(last_, size);
}

constexpr std::span<const std::byte> reader::bytes() noexcept {
    const std::size_t begin = offset_;
    const std::size_t size = count();
    const auto view = raw(size);
    if (ok()) last_ = begin;
    return view;
}

inline std::string_view reader::string() noexcept {
    const auto view = bytes();
    return {reinterpret_cast<const char*>(view.data()), view.size()};
}

constexpr std::size_t reader::count(std::size_t min_size) noexcept {
    COTERIE_ASSERT(min_size > 0);
    const std::uint64_t number = varint();
    if (number > limits_.max_elements) {
        set_error(decode_errc::limit_exceeded, last_);
    } else if (number > remaining() / min_size) {
        set_error(decode_errc::truncated, last_);
    }
    return failed_ ? 0 : static_cast<std::size_t>(number);
}

constexpr std::size_t reader::reservable(std::size_t number, std::size_t size) noexcept {
    COTERIE_ASSERT(size > 0);
    const std::size_t most = reserve_ / size;
    if (number > most) number = most;
    reserve_ -= number * size;
    return number;
}

constexpr std::vector<std::uint64_t> reader::varint_column() {
    return value<std::vector<std::uint64_t>>();
}

template <detail::wire_word T>
constexpr std::vector<T> reader::fixed_column() {
    const std::size_t size = count(sizeof(T));
    const auto words = raw(size * sizeof(T));
    std::vector<T> values(size);
    for (std::size_t i = 0; i < size; ++i) {
        values[i] = detail::load<T, std::endian::little>(words.data() + i * sizeof(T));
    }
    return values;
}

template <class T>
constexpr std::expected<T, decode_error> reader::read() {
    if (depth_ >= limits_.max_depth) set_error(decode_errc::limit_exceeded, offset_);
    if (failed_) return std::unexpected(error_);
    ++depth_;
    auto x = codec<T>::decode(*this);
    --depth_;
    // A codec may return an error of its own, or forget to ask for one that happened.
    if (!x.has_value()) set_error(x.error().code, x.error().offset);
    if (failed_) return std::unexpected(error_);
    return x;
}

template <std::default_initializable T>
constexpr T reader::value() {
    auto x = read<T>();
    if (!x.has_value()) return T{};
    return *std::move(x);
}

// --- details: codecs of the standard's types ---------------------------------------------------------

namespace detail {

/// A type that is a fixed array of bytes, some of which may be invalid.
template <class T>
concept byte_array_value = requires(const T& x) {
    std::tuple_size<decltype(x.bytes())>::value;
    T::from_bytes(std::span<const std::byte, std::tuple_size_v<decltype(x.bytes())>>(x.bytes()));
};

}  // namespace detail

/// Unsigned integers as varints, signed ones as zigzag varints, single bytes as they are.
template <detail::wire_integer T>
struct codec<T> {
    static constexpr void encode(writer& w, T x) {
        if constexpr (sizeof(T) == 1) {
            w.fixed(static_cast<std::uint8_t>(x));
        } else if constexpr (std::signed_integral<T>) {
            w.svarint(x);
        } else {
            w.varint(x);
        }
    }
    static constexpr std::expected<T, decode_error> decode(reader& r) {
        if constexpr (sizeof(T) == 1) {
            return r.result(static_cast<T>(r.fixed<std::uint8_t>()));
        } else if constexpr (std::signed_integral<T>) {
            const std::int64_t x = r.svarint();
            if (x != static_cast<T>(x)) return r.fail(decode_errc::out_of_range);
            return r.result(static_cast<T>(x));
        } else {
            const std::uint64_t x = r.varint();
            if (x != static_cast<T>(x)) return r.fail(decode_errc::out_of_range);
            return r.result(static_cast<T>(x));
        }
    }
};

template <>
struct codec<bool> {
    static constexpr void encode(writer& w, bool x) { w.boolean(x); }
    static constexpr std::expected<bool, decode_error> decode(reader& r) {
        return r.result(r.boolean());
    }
};

/// Nothing takes no bytes.
template <>
struct codec<nothing> {
    static constexpr void encode(writer&, const nothing&) {}
    static constexpr std::expected<nothing, decode_error> decode(reader& r) {
        return r.result(nothing{});
    }
};

template <>
struct codec<std::string> {
    static constexpr void encode(writer& w, const std::string& x) { w.string(x); }
    static std::expected<std::string, decode_error> decode(reader& r) {
        const std::string_view text = r.string();
        if (!r.ok()) return std::unexpected(r.error());
        return std::string(text);
    }
};

/// A column: a count, then the elements, each of which takes at least one byte.
template <encodable T>
struct codec<std::vector<T>> {
    static constexpr void encode(writer& w, const std::vector<T>& x) {
        w.varint(x.size());
        for (const auto& element : x) codec<T>::encode(w, element);
    }
    static constexpr std::expected<std::vector<T>, decode_error> decode(reader& r) {
        const std::size_t size = r.count();
        std::vector<T> x;
        x.reserve(r.reservable(size, sizeof(T)));
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t begin = r.offset();
            auto element = r.read<T>();
            if (!element.has_value()) return std::unexpected(element.error());
            // Else a few bytes could ask for endless elements.
            if (r.offset() == begin) return r.fail(decode_errc::invalid_value);
            x.push_back(*std::move(element));
        }
        return r.result(std::move(x));
    }
};

template <encodable T, std::size_t N>
struct codec<std::array<T, N>> {
    static constexpr void encode(writer& w, const std::array<T, N>& x) {
        for (const T& element : x) codec<T>::encode(w, element);
    }
    static constexpr std::expected<std::array<T, N>, decode_error> decode(reader& r) {
        std::array<T, N> x{};
        for (T& element : x) element = r.value<T>();
        return r.result(std::move(x));
    }
};

template <encodable A, encodable B>
struct codec<std::pair<A, B>> {
    static constexpr void encode(writer& w, const std::pair<A, B>& x) {
        codec<A>::encode(w, x.first);
        codec<B>::encode(w, x.second);
    }
    static constexpr std::expected<std::pair<A, B>, decode_error> decode(reader& r) {
        auto first = r.read<A>();
        if (!first.has_value()) return std::unexpected(first.error());
        auto second = r.read<B>();
        if (!second.has_value()) return std::unexpected(second.error());
        return std::pair<A, B>(*std::move(first), *std::move(second));
    }
};

template <encodable T>
struct codec<std::optional<T>> {
    static constexpr void encode(writer& w, const std::optional<T>& x) {
        w.boolean(x.has_value());
        if (x.has_value()) codec<T>::encode(w, *x);
    }
    static constexpr std::expected<std::optional<T>, decode_error> decode(reader& r) {
        if (!r.boolean()) return r.result(std::optional<T>());
        auto x = r.read<T>();
        if (!x.has_value()) return std::unexpected(x.error());
        return std::optional<T>(*std::move(x));
    }
};

/// Ids and everything else that is a fixed array of bytes.
template <detail::byte_array_value T>
struct codec<T> {
    static constexpr std::size_t size =
        std::tuple_size_v<decltype(std::declval<const T&>().bytes())>;

    static constexpr void encode(writer& w, const T& x) { w.raw(x.bytes()); }
    static constexpr std::expected<T, decode_error> decode(reader& r) {
        const auto view = r.raw(size);
        if (!r.ok()) return std::unexpected(r.error());
        auto x = T::from_bytes(view.template first<size>());
        if constexpr (std::same_as<decltype(x), T>) {
            return x;
        } else {
            if (!x.has_value()) return r.fail(decode_errc::invalid_value);
            return *std::move(x);
        }
    }
};

}  // namespace coterie::inline v0
