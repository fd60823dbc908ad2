// SPDX-License-Identifier: BSL-1.0
#pragma once

// Writes SVG, as far as a diagram needs it: markup as it stands, coordinates in tenths, texts escaped.
//
//   svg_writer svg(out);
//   svg("<circle cx=\"", x, "\" cy=\"", y, "\" r=\"3\"><title>", svg_text(words), "</title></circle>\n");
//
// For the headers beside it.

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/core/printable.hpp>

namespace coterie::inline v0::trace::detail {

/// A text that is not markup.
struct svg_text {
    std::string_view text;
};

class svg_writer {
public:
    explicit svg_writer(std::string& out) noexcept : out_(out) {}

    /// Appends one after the other.
    template <class... Parts>
    void operator()(const Parts&... parts) {
        (put(parts), ...);
    }

private:
    void put(std::string_view markup) { out_.append(markup); }
    void put(svg_text words) { append_xml(out_, words.text); }
    void put(std::uint64_t number) { v0::detail::append_decimal(out_, number); }

    /// A coordinate, rounded to a tenth of a pixel.
    void put(double x) {
        const auto tenths = static_cast<std::uint64_t>(std::lround(std::abs(x) * 10));
        if (x < 0 && tenths > 0) out_.push_back('-');
        v0::detail::append_decimal(out_, tenths / 10);
        if (tenths % 10 == 0) return;
        out_.push_back('.');
        out_.push_back(static_cast<char>('0' + tenths % 10));
    }

    std::string& out_;
};

}  // namespace coterie::inline v0::trace::detail
