// SPDX-License-Identifier: BSL-1.0

// Ids to text and back. The floor of each is a copy of that text, by a function that is not inlined.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/core/random.hpp>
#include <coterie/id/crockford.hpp>
#include <coterie/id/hex.hpp>
#include <coterie/id/layouts.hpp>
#include <coterie/id/text_x86.hpp>
#include <coterie/id/ulid.hpp>
#include <coterie/id/uuid.hpp>

#include "support/measure.hpp"

namespace {

namespace id = coterie::id;

constexpr std::size_t samples = 1024;

template <std::size_t Size>
[[gnu::noinline]] void copy(const char* from, char* to) {
    std::memcpy(to, from, Size);
}

/// Different ids, and their texts side by side.
template <class Id>
struct sample {
    std::array<Id, samples> ids;
    std::array<std::array<char, Id::max_text_size>, samples> texts{};
    std::array<std::size_t, samples> sizes{};

    template <class Make>
    explicit sample(Make make) {
        coterie::rng random(1, "ids");
        for (std::size_t i = 0; i < samples; ++i) {
            ids[i] = make(random);
            const char* const end = ids[i].to_chars(std::span<char, Id::max_text_size>(texts[i]));
            sizes[i] = static_cast<std::size_t>(end - texts[i].data());
        }
    }

    [[nodiscard]] std::string_view text(std::size_t i) const { return {texts[i].data(), sizes[i]}; }
};

template <class Id>
const sample<Id>& words() {
    static const sample<Id> s([](coterie::rng& random) {
        const std::uint64_t high = random();
        return Id::from_words(high, random());
    });
    return s;
}

using tweet = id::snowflake<id::layouts::twitter>;

const sample<tweet>& tweets() {
    static const sample<tweet> s([](coterie::rng& random) {
        return tweet::from_value(random() & tweet::max_value).value();
    });
    return s;
}

template <std::size_t Size>
void measure_copy(const char* name) {
    bench::measure_call(name, "", [i = std::size_t{0}, to = std::array<char, Size>()]() mutable {
        copy<Size>(words<id::uuid>().texts[i++ % samples].data(), to.data());
        return to.data();
    });
}

template <class Id>
[[gnu::noinline]] char* write(const Id& x, std::span<char, Id::max_text_size> to) {
    return x.to_chars(to);
}

template <class Id>
[[gnu::noinline]] auto read(std::string_view text) {
    return Id::parse(text);
}

template <class Id>
void measure_text(const std::string& name, const char* floor, const sample<Id>& s) {
    bench::measure_call(
        (name + "_to_text").c_str(), floor,
        [&s, i = std::size_t{0}, to = std::array<char, Id::max_text_size>()]() mutable {
            return write(s.ids[i++ % samples], std::span<char, Id::max_text_size>(to));
        });
    bench::measure_call((name + "_from_text").c_str(), floor, [&s, i = std::size_t{0}]() mutable {
        return read<Id>(s.text(i++ % samples));
    });
}

// The same by each path alone, whichever the processor would choose.

namespace detail = id::detail;

template <detail::text_level Level>
[[gnu::noinline]] void write_at(const id::ulid& x, std::span<char, 26> to) {
    const detail::bits128 bits{x.high(), x.low()};
    if (!detail::write_ulid_text(bits, to, Level)) detail::crockford_encode(bits, to);
}

template <detail::text_level Level>
[[gnu::noinline]] void write_at(const id::uuid& x, std::span<char, 36> to) {
    const detail::bits128 bits{x.high(), x.low()};
    if (!detail::write_uuid_text(bits, to, Level)) detail::uuid_encode(bits, to);
}

template <detail::text_level Level>
[[gnu::noinline]] auto read_at(std::string_view text, const id::ulid&)
    -> std::expected<detail::bits128, coterie::parse_error> {
    if (detail::bits128 bits; detail::read_ulid_text(text, bits, Level)) return bits;
    return detail::crockford_decode<detail::crockford_aliases::none>(text);
}

template <detail::text_level Level>
[[gnu::noinline]] auto read_at(std::string_view text, const id::uuid&)
    -> std::expected<detail::bits128, coterie::parse_error> {
    if (detail::bits128 bits; detail::read_uuid_text(text, bits, Level)) return bits;
    return detail::uuid_decode(text, true, 0);
}

template <detail::text_level Level, class Id>
void measure_level(const std::string& name, const char* level, const bench::beside& to_text,
                   const bench::beside& from_text, const sample<Id>& s) {
    if (Level > detail::best_text_level()) return;
    bench::measure_call(
        (name + "_to_text_" + level).c_str(), to_text,
        [&s, i = std::size_t{0}, to = std::array<char, Id::max_text_size>()]() mutable {
            write_at<Level>(s.ids[i++ % samples], std::span<char, Id::max_text_size>(to));
            return to.data();
        });
    bench::measure_call(
        (name + "_from_text_" + level).c_str(), from_text,
        [&s, i = std::size_t{0}]() mutable { return read_at<Level>(s.text(i++ % samples), Id()); });
}

[[maybe_unused]] const bool registered = [] {
    measure_copy<20>("copy_20");
    measure_copy<26>("copy_26");
    measure_copy<36>("copy_36");
    measure_text("ulid", "copy_26", words<id::ulid>());
    measure_text("uuid", "copy_36", words<id::uuid>());
    using enum detail::text_level;
    using bench::at_most;
    const char *const of_26 = "copy_26", *const of_36 = "copy_36";
    measure_level<portable>("ulid", "portable", at_most(of_26, 10), of_26, words<id::ulid>());
    measure_level<avx2>("ulid", "avx2", at_most(of_26, 7), at_most(of_26, 8), words<id::ulid>());
    measure_level<avx512_vbmi>("ulid", "avx512_vbmi", at_most(of_26, 4), at_most(of_26, 6),
                               words<id::ulid>());
    measure_level<portable>("uuid", "portable", of_36, of_36, words<id::uuid>());
    measure_level<avx2>("uuid", "avx2", at_most(of_36, 3), at_most(of_36, 5), words<id::uuid>());
    measure_text("snowflake", "copy_20", tweets());
    return true;
}();

}  // namespace
