// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/random.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/child.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::bernoulli;
using coterie::random_bit_generator;
using coterie::rng;
using coterie::uniform_below;
using coterie::uniform_between;
using coterie::uniform_real;
using coterie::test::broken_precondition;

namespace {

// The authors' own programs, splitmix64.c and xoshiro256plusplus.c (public domain), as a reference.
std::uint64_t splitmix64_next(std::uint64_t& x) {
    std::uint64_t z = (x += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

struct xoshiro256plusplus {
    std::uint64_t s[4];

    static std::uint64_t rotl(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

    std::uint64_t next() {
        const std::uint64_t result = rotl(s[0] + s[3], 23) + s[0];
        const std::uint64_t t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotl(s[3], 45);
        return result;
    }
};

xoshiro256plusplus seeded(std::uint64_t seed) {
    xoshiro256plusplus reference{};
    for (auto& word : reference.s) word = splitmix64_next(seed);
    return reference;
}

std::uint64_t mixed(std::uint64_t x) {
    x -= 0x9e3779b97f4a7c15;
    return splitmix64_next(x);
}

// The state of a named stream, as random.hpp derives it.
xoshiro256plusplus seeded(std::uint64_t seed, std::string_view stream, std::uint64_t index) {
    xoshiro256plusplus reference{};
    for (auto& word : reference.s) {
        std::uint64_t digest = splitmix64_next(seed);
        for (const char c : stream) digest = mixed(digest + static_cast<unsigned char>(c) + 1);
        word = mixed(mixed(digest ^ stream.size()) + index);
    }
    return reference;
}

// A generator that returns what the test wrote down, and counts.
template <class Word>
struct scripted {
    std::vector<Word> words;
    std::size_t drawn = 0;

    Word operator()() {
        REQUIRE(drawn < words.size());
        return words[drawn++];
    }
    static constexpr Word min() { return 0; }
    static constexpr Word max() { return std::numeric_limits<Word>::max(); }
};

using script = scripted<std::uint64_t>;
using script32 = scripted<std::uint32_t>;

constexpr std::uint64_t all_ones = ~std::uint64_t{0};

std::vector<std::uint64_t> first(rng random, std::size_t count) {
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(random());
    return numbers;
}

// Chi-square over equally likely cells. It has about a normal distribution with mean k - 1 and
// deviation sqrt(2 (k - 1)); seven deviations are generous, and the seeds are fixed.
bool looks_uniform(const std::vector<std::uint64_t>& counts) {
    double total = 0;
    for (const auto count : counts) total += static_cast<double>(count);
    const double expected = total / static_cast<double>(counts.size());
    double chi_square = 0;
    for (const auto count : counts) {
        const double d = static_cast<double>(count) - expected;
        chi_square += d * d / expected;
    }
    const double freedom = static_cast<double>(counts.size()) - 1;
    CAPTURE(chi_square, freedom);
    // Far too even is as wrong as far too uneven.
    return std::abs(chi_square - freedom) < 7 * std::sqrt(2 * freedom);
}

struct signed_generator {
    std::int64_t operator()();
    static constexpr std::int64_t min() { return 0; }
    static constexpr std::int64_t max() { return std::numeric_limits<std::int64_t>::max(); }
};
struct run_time_range {
    std::uint64_t operator()();
    std::uint64_t min() const;
    std::uint64_t max() const;
};
struct from_one {
    std::uint64_t operator()();
    static constexpr std::uint64_t min() { return 1; }
    static constexpr std::uint64_t max() { return all_ones; }
};

}  // namespace

TEST_CASE("a generator gives 32 or 64 uniform bits, or is none") {
    STATIC_REQUIRE(random_bit_generator<rng>);
    STATIC_REQUIRE(random_bit_generator<rng&>);
    STATIC_REQUIRE(random_bit_generator<std::mt19937>);
    STATIC_REQUIRE(random_bit_generator<std::mt19937_64>);
    STATIC_REQUIRE(random_bit_generator<std::random_device>);
    STATIC_REQUIRE(random_bit_generator<script32>);

    STATIC_REQUIRE_FALSE(random_bit_generator<std::minstd_rand>);
    STATIC_REQUIRE_FALSE(random_bit_generator<std::ranlux24>);
    STATIC_REQUIRE_FALSE(random_bit_generator<std::ranlux48_base>);
    STATIC_REQUIRE_FALSE(random_bit_generator<scripted<std::uint16_t>>);
    STATIC_REQUIRE_FALSE(random_bit_generator<const rng>);
    STATIC_REQUIRE_FALSE(random_bit_generator<const rng&>);
    STATIC_REQUIRE_FALSE(random_bit_generator<signed_generator>);
    STATIC_REQUIRE_FALSE(random_bit_generator<run_time_range>);
    STATIC_REQUIRE_FALSE(random_bit_generator<from_one>);
    STATIC_REQUIRE_FALSE(random_bit_generator<int>);
    STATIC_REQUIRE(std::uniform_random_bit_generator<rng>);
}

TEST_CASE("the rng is xoshiro256++ seeded by SplitMix64") {
    for (const std::uint64_t seed :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{42}, all_ones, coterie::test::seed()}) {
        CAPTURE(seed);
        rng random(seed);
        auto reference = seeded(seed);
        bool same = true;
        for (int i = 0; i < 2000; ++i) same = same && random() == reference.next();
        CHECK(same);
    }
}

TEST_CASE("a named stream is xoshiro256++ from the state that seed, name and index give") {
    using namespace std::string_view_literals;
    for (const std::string_view name : {""sv, "a"sv, "network"sv, "\xFF\x80\0z"sv}) {
        for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, all_ones}) {
            const std::uint64_t seed = coterie::test::seed();
            CAPTURE(seed, name, index);
            rng random(seed, name, index);
            auto reference = seeded(seed, name, index);
            bool same = true;
            for (int i = 0; i < 200; ++i) same = same && random() == reference.next();
            CHECK(same);
        }
    }
}

TEST_CASE("the numbers of a seed never change between versions") {
    CHECK(first(rng(42), 4) == std::vector<std::uint64_t>{0xD0764D4F4476689F, 0x519E4174576F3791,
                                                          0xFBE07CFB0C24ED8C, 0xB37D9F600CD835B8});
    CHECK(first(rng(0), 2) == std::vector<std::uint64_t>{0x53175D61490B23DF, 0x61DA6F3DC380D507});
    CHECK(first(rng(42, "network"), 3) ==
          std::vector<std::uint64_t>{0xE6E6F7A58959544C, 0xE14DFDA910F5B73C, 0xAC45FAED6A02FAA7});
    CHECK(first(rng(42, "network", 1), 3) ==
          std::vector<std::uint64_t>{0xF6C8E50706A26EC7, 0x01738CC068A51E0A, 0x1000A3176CDC1E04});
    CHECK(first(rng(42, ""), 2) ==
          std::vector<std::uint64_t>{0xCF7B60775597F4C2, 0xDD78AE045DC5E841});

    rng random(42);
    CHECK(uniform_below(random, 1000) == 814);
    CHECK(uniform_between(random, -5, 5) == -2);
    CHECK(uniform_real(random) == 0x1.f7c0f9f61849dp-1);
    CHECK_FALSE(bernoulli(random, 0.5));
}

TEST_CASE("the rng works in constant expressions, with the same numbers") {
    constexpr std::uint64_t plain = [] {
        rng random(42);
        (void)random();
        return random();
    }();
    constexpr std::uint64_t named = rng(42, "network", 3)();
    CHECK(plain == first(rng(42), 2)[1]);
    CHECK(named == rng(42, "network", 3)());
    STATIC_REQUIRE(uniform_below(rng(42), 10) < 10);
    STATIC_REQUIRE(uniform_between(rng(42), -1, 1) >= -1);
    STATIC_REQUIRE(uniform_real(rng(42)) < 1);
    STATIC_REQUIRE(bernoulli(rng(42), 1));
}

TEST_CASE("a copy of the rng continues on its own with the same numbers") {
    rng random(coterie::test::seed());
    (void)random();
    rng copy = random;
    CHECK(copy == random);
    const auto ahead = first(random, 10);
    CHECK(first(copy, 10) == ahead);
    (void)copy();
    CHECK(copy != random);
    (void)random();
    CHECK(copy == random);
}

TEST_CASE("streams of different seeds, names or indices share no number") {
    using namespace std::string_view_literals;
    const std::uint64_t seed = coterie::test::seed();
    CAPTURE(seed);
    std::vector<rng> streams;
    for (const std::uint64_t s : {seed, seed + 1, seed + 0x9E3779B97F4A7C15U + 0, ~seed}) {
        for (const auto name :
             {""sv, "\0"sv, "\0\0"sv, "a"sv, "b"sv, "ab"sv, "ba"sv, "abc"sv, "c"sv, "a0"sv, "a1"sv,
              "network"sv, "Network"sv, "network "sv, "\xFF"sv}) {
            for (const std::uint64_t index :
                 {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{'c'},
                  std::uint64_t{1} << 32, all_ones}) {
                streams.emplace_back(s, name, index);
            }
        }
    }
    // 360 streams by 50 draws of 64 bits: two equal ones have odds of 1 in 10^11.
    std::set<std::uint64_t> seen;
    std::size_t drawn = 0;
    for (auto& stream : streams) {
        for (int i = 0; i < 50; ++i, ++drawn) seen.insert(stream());
    }
    CHECK(seen.size() == drawn);
}

TEST_CASE("a named stream is not the unnamed one of its seed, not even for the empty name") {
    CHECK(rng(42) != rng(42, ""));
    CHECK(first(rng(42), 1) != first(rng(42, ""), 1));
}

TEST_CASE("paired outputs of neighbouring streams differ in about half their bits") {
    const auto distance = [](rng a, rng b) {
        int bits = 0;
        for (int i = 0; i < 1000; ++i) bits += std::popcount(a() ^ b());
        return bits;
    };
    // 64,000 bits, so a mean of 32,000 and a deviation of 126; the seed is fixed.
    for (std::uint64_t i = 0; i < 20; ++i) {
        CAPTURE(i);
        CHECK(std::abs(distance(rng(7, "node", i), rng(7, "node", i + 1)) - 32'000) < 900);
        CHECK(std::abs(distance(rng(i), rng(i + 1)) - 32'000) < 900);
        CHECK(std::abs(distance(rng(i, "node"), rng(i + 1, "node")) - 32'000) < 900);
        CHECK(std::abs(distance(rng(7, std::string(i, 'x')), rng(7, std::string(i + 1, 'x'))) -
                       32'000) < 900);
    }
}

TEST_CASE("drawing from one stream shifts no other") {
    const std::uint64_t seed = coterie::test::seed();
    rng a(seed, "a");
    rng b(seed, "b");
    std::vector<std::uint64_t> interleaved;
    for (std::size_t i = 0; i < 20; ++i) {
        for (std::size_t k = 0; k < i; ++k) (void)a();
        interleaved.push_back(b());
    }
    CHECK(interleaved == first(rng(seed, "b"), 20));
}

TEST_CASE("uniform_below takes exactly Lemire's draws and gives exactly his numbers") {
    const std::uint64_t half = std::uint64_t{1} << 63;
    // Of bound 3, the one word in 2^64 whose product ends below 2^64 mod 3 = 1 is 0.
    script three{{0, 0, 1}};
    CHECK(uniform_below(three, 3) == 0);
    CHECK(three.drawn == 3);
    // 3 * 0xAAAAAAAAAAAAAAAB ends in exactly 1, and so is accepted.
    script edge{{0xAAAA'AAAA'AAAA'AAAB}};
    CHECK(uniform_below(edge, 3) == 2);
    CHECK(edge.drawn == 1);
    script top{{all_ones}};
    CHECK(uniform_below(top, 3) == 2);

    // Powers of two reject nothing and take the top bits.
    for (unsigned bits = 0; bits < 64; ++bits) {
        script all{{0, all_ones, 0x0123'4567'89AB'CDEF}};
        const std::uint64_t bound = std::uint64_t{1} << bits;
        CAPTURE(bits);
        CHECK(uniform_below(all, bound) == 0);
        CHECK(uniform_below(all, bound) == bound - 1);
        CHECK(uniform_below(all, bound) == (bits == 0 ? 0 : 0x0123'4567'89AB'CDEFU >> (64 - bits)));
        CHECK(all.drawn == 3);
    }

    // Of bound 2^63 + 1, nearly half of all words are rejected: those whose product ends below 2^63 - 1.
    script large{{0, 2, half - 2, half - 1}};
    CHECK(uniform_below(large, half + 1) == half / 2 - 1);
    CHECK(large.drawn == 4);

    // Of bound 2^64 - 1, only the word 0 is; x * (2^64 - 1) = (x - 1) 2^64 + (2^64 - x).
    script almost{{0, 1, all_ones, 5}};
    CHECK(uniform_below(almost, all_ones) == 0);
    CHECK(almost.drawn == 2);
    CHECK(uniform_below(almost, all_ones) == all_ones - 1);
    CHECK(uniform_below(almost, all_ones) == 4);
    CHECK(almost.drawn == 4);

    // Of bound 1, whatever is drawn is 0, and one draw is enough.
    script one{{0, all_ones, 77}};
    CHECK(uniform_below(one, 1) == 0);
    CHECK(uniform_below(one, 1) == 0);
    CHECK(uniform_below(one, 1) == 0);
    CHECK(one.drawn == 3);
}

TEST_CASE("uniform_below is exact: accepted words fall evenly over the results") {
    // Against the definition, computed in another way: word x is accepted where (x * bound) mod 2^64 is
    // at least 2^64 mod bound, and then gives floor(x * bound / 2^64).
    __extension__ using wide = unsigned __int128;
    rng random(coterie::test::seed(), "uniform_below");
    const std::uint64_t half = std::uint64_t{1} << 63;
    for (const std::uint64_t bound :
         {std::uint64_t{3}, std::uint64_t{10}, std::uint64_t{1} << 40 | 1, half - 1, half + 1,
          half + half / 2 + 1, all_ones - 1, all_ones}) {
        const auto uneven = static_cast<std::uint64_t>((wide{1} << 64) % bound);
        for (int i = 0; i < 300; ++i) {
            // Words whose low product lies around the threshold, and any others.
            script words{{random(), random() % 8, all_ones - random() % 8}};
            while (words.words.size() < 200) words.words.push_back(random());
            std::size_t expected_draws = 0;
            std::uint64_t expected = 0;
            for (const std::uint64_t x : words.words) {
                ++expected_draws;
                const wide product = static_cast<wide>(x) * bound;
                expected = static_cast<std::uint64_t>(product >> 64);
                if (static_cast<std::uint64_t>(product) >= uneven) break;
            }
            const std::uint64_t got = uniform_below(words, bound);
            CAPTURE(bound, words.words[0], words.words[1], words.words[2]);
            REQUIRE(got < bound);
            REQUIRE(got == expected);
            REQUIRE(words.drawn == expected_draws);
        }
    }
}

TEST_CASE("uniform_below is uniform for small bounds, by chi-square") {
    for (const std::uint64_t bound : {2U, 3U, 5U, 6U, 7U, 10U, 100U, 1000U}) {
        std::vector<std::uint64_t> counts(bound);
        rng random(42, "chi-square", bound);
        for (std::uint64_t i = 0; i < 100'000; ++i) ++counts[uniform_below(random, bound)];
        CAPTURE(bound);
        CHECK(looks_uniform(counts));
    }
    // Three equal parts of a bound above 2^63: a modulo or a missing rejection would favour one by half.
    const std::uint64_t third = std::uint64_t{1} << 62;
    std::vector<std::uint64_t> parts(3);
    rng random(42, "thirds");
    for (int i = 0; i < 100'000; ++i) ++parts[uniform_below(random, 3 * third) / third];
    CHECK(looks_uniform(parts));
}

TEST_CASE("pairs of neighbouring draws are uniform, by chi-square") {
    std::vector<std::uint64_t> cells(256);
    rng random(42, "pairs");
    for (int i = 0; i < 100'000; ++i) {
        const auto a = uniform_below(random, 16);
        const auto b = uniform_below(random, 16);
        ++cells[a * 16 + b];
    }
    CHECK(looks_uniform(cells));
}

TEST_CASE("uniform_below of nothing is a broken precondition") {
    CHECK(broken_precondition([] { (void)uniform_below(rng(1), 0); }) == "bound > 0");
}

TEST_CASE("uniform_between reaches both ends and everything between") {
    rng random(coterie::test::seed(), "uniform_between");
    std::map<int, int> seen;
    for (int i = 0; i < 10'000; ++i) ++seen[uniform_between(random, -3, 3)];
    CHECK(seen.size() == 7);
    CHECK(seen.begin()->first == -3);
    CHECK(seen.rbegin()->first == 3);

    std::set<int> bytes;
    for (int i = 0; i < 20'000; ++i) {
        bytes.insert(uniform_between(random, std::int8_t{-128}, std::int8_t{127}));
    }
    CHECK(bytes.size() == 256);
}

TEST_CASE("uniform_between maps a word to the range exactly, of every width and sign") {
    const auto ends = []<class T>(T low, T high) {
        script words{{0, all_ones}};
        // 0 may be rejected for its uneven remainder, so it is asked for where it is not.
        const std::uint64_t size =
            static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
        if (size != 0 && !std::has_single_bit(size)) words.words[0] = 1;
        const T first_draw = uniform_between(words, low, high);
        const T second_draw = uniform_between(words, low, high);
        STATIC_REQUIRE(std::is_same_v<decltype(uniform_between(words, low, high)), T>);
        CAPTURE(+low, +high, +first_draw, +second_draw);
        return first_draw == low && second_draw == high && words.drawn == 2;
    };
    CHECK(ends(std::numeric_limits<std::int8_t>::min(), std::numeric_limits<std::int8_t>::max()));
    CHECK(ends(std::numeric_limits<std::uint8_t>::min(), std::numeric_limits<std::uint8_t>::max()));
    CHECK(ends(std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()));
    CHECK(ends(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
    CHECK(
        ends(std::numeric_limits<std::uint32_t>::min(), std::numeric_limits<std::uint32_t>::max()));
    CHECK(ends(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
    CHECK(
        ends(std::numeric_limits<std::uint64_t>::min(), std::numeric_limits<std::uint64_t>::max()));
    CHECK(ends(std::int64_t{-7}, std::int64_t{-7}));
    CHECK(ends(-10, -3));
    CHECK(ends(-1, 1));
    CHECK(ends(std::int8_t{-128}, std::int8_t{-127}));
    CHECK(ends(std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}));
    CHECK(ends(std::numeric_limits<std::int64_t>::max() - 1,
               std::numeric_limits<std::int64_t>::max()));
    CHECK(ends(std::uint64_t{1}, all_ones));
    CHECK(ends(false, true));
    CHECK(ends('a', 'p'));
}

TEST_CASE("the full range of 64 bits takes the word as it is") {
    script words{{0x8000'0000'0000'0001, 0x0123'4567'89AB'CDEF}};
    CHECK(uniform_between(words, std::uint64_t{0}, all_ones) == 0x8000'0000'0000'0001);
    CHECK(uniform_between(words, std::numeric_limits<std::int64_t>::min(),
                          std::numeric_limits<std::int64_t>::max()) ==
          static_cast<std::int64_t>(0x0123'4567'89AB'CDEFU + (std::uint64_t{1} << 63)));
}

TEST_CASE("uniform_between with the ends swapped is a broken precondition") {
    CHECK(broken_precondition([] { (void)uniform_between(rng(1), 2, 1); }) == "low <= high");
    CHECK(broken_precondition([] { (void)uniform_between(rng(1), 0, -1); }) == "low <= high");
}

TEST_CASE("a generator of 32 bits gives its first word as the high half") {
    script32 words{{0xAABB'CCDD, 0x1122'3344, 0xFFFF'FFFF, 0xFFFF'FFFF}};
    CHECK(uniform_between(words, std::uint64_t{0}, all_ones) == 0xAABB'CCDD'1122'3344);
    CHECK(uniform_below(words, 100) == 99);
    CHECK(words.drawn == 4);

    // std::mt19937 has a result type of 64 bits on some platforms, and still draws 32.
    std::mt19937 engine(5489);
    std::mt19937 twin(5489);
    const std::uint64_t high = twin();
    const std::uint64_t low = twin();
    CHECK(uniform_between(engine, std::uint64_t{0}, all_ones) == (high << 32 | low));
    CHECK(engine == twin);

    std::vector<std::uint64_t> counts(10);
    for (int i = 0; i < 100'000; ++i) ++counts[uniform_below(engine, 10)];
    CHECK(looks_uniform(counts));
    std::mt19937_64 engine64(5489);
    CHECK(uniform_between(engine64, std::uint64_t{0}, all_ones) == std::mt19937_64(5489)());
}

TEST_CASE("generators are taken by reference and by value") {
    rng random(9);
    (void)uniform_below(random, 10);
    CHECK(random != rng(9));
    CHECK(uniform_below(rng(9), std::uint64_t{1} << 32) == rng(9)() >> 32);
}

TEST_CASE("uniform_real takes the upper 53 bits") {
    script words{
        {0, (1 << 11) - 1, 1 << 11, all_ones, std::uint64_t{1} << 63, all_ones - (1 << 11)}};
    CHECK(uniform_real(words) == 0);
    CHECK(uniform_real(words) == 0);
    CHECK(uniform_real(words) == 0x1.0p-53);
    CHECK(uniform_real(words) == 1 - 0x1.0p-53);
    CHECK(uniform_real(words) == 0.5);
    CHECK(uniform_real(words) == 1 - 0x1.0p-52);
}

TEST_CASE("uniform_real lies in [0, 1), evenly, and uses its last bit") {
    rng random(42, "real");
    std::vector<std::uint64_t> tenths(10);
    int odd = 0;
    for (int i = 0; i < 100'000; ++i) {
        const double x = uniform_real(random);
        REQUIRE(x >= 0);
        REQUIRE(x < 1);
        ++tenths[static_cast<std::size_t>(x * 10)];
        odd += static_cast<int>(static_cast<std::uint64_t>(x * 0x1.0p53) & 1);
    }
    CHECK(looks_uniform(tenths));
    CHECK(std::abs(odd - 50'000) < 1200);
}

TEST_CASE("bernoulli is never true at 0 and below, and always at 1 and above") {
    for (const double p : {0.0, -0.0, -1.0, -std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()}) {
        CAPTURE(p);
        script words{{0, all_ones}};
        CHECK_FALSE(bernoulli(words, p));
        CHECK_FALSE(bernoulli(words, p));
    }
    for (const double p : {1.0, 1.5, std::numeric_limits<double>::infinity()}) {
        CAPTURE(p);
        script words{{0, all_ones}};
        CHECK(bernoulli(words, p));
        CHECK(bernoulli(words, p));
    }
}

TEST_CASE("bernoulli is true for the fraction of words that it should be") {
    script words{{0, 1 << 11, (std::uint64_t{1} << 63) - 1, std::uint64_t{1} << 63}};
    CHECK(bernoulli(words, 0x1.0p-53));
    CHECK_FALSE(bernoulli(words, 0x1.0p-53));
    CHECK(bernoulli(words, 0.5));
    CHECK_FALSE(bernoulli(words, 0.5));

    rng random(42, "bernoulli");
    for (const double p : {0.001, 0.1, 0.5, 0.9}) {
        int hits = 0;
        for (int i = 0; i < 100'000; ++i) hits += bernoulli(random, p) ? 1 : 0;
        CAPTURE(p, hits);
        CHECK(std::abs(hits - 100'000 * p) < 7 * std::sqrt(100'000 * p * (1 - p)));
    }
}

TEST_CASE("each draw takes one word of the generator where nothing is rejected") {
    // A schedule replays only if every version draws as often.
    script words{{7, 7, 7}};
    (void)uniform_real(words);
    CHECK(words.drawn == 1);
    (void)bernoulli(words, 0);
    CHECK(words.drawn == 2);
    (void)uniform_between(words, 5, 5);
    CHECK(words.drawn == 3);
}
