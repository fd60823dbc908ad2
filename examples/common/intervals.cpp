// SPDX-License-Identifier: BSL-1.0

#include "common/intervals.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

#include <fmt/core.h>

namespace examples {
namespace {

constexpr std::size_t longest_text = 72;

/// What a terminal may be shown: no control characters, and not too long.
std::string printable(std::string text, std::size_t longest = longest_text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = '?';
    if (text.size() <= longest) return text;
    const std::size_t half = (longest - 3) / 2;
    return text.substr(0, half) + "..." + text.substr(text.size() - half);
}

std::string in_xml(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            default: escaped += static_cast<unsigned char>(c) < ' ' ? '?' : c;
        }
    }
    return escaped;
}

/// Of each time that something begins or ends at, which one it is.
std::map<std::int64_t, int> ranks_of(const std::vector<interval>& intervals) {
    std::map<std::int64_t, int> ranks;
    for (const interval& i : intervals) ranks[i.begin] = ranks[i.end] = 0;
    int rank = 0;
    for (auto& [time, of_it] : ranks) of_it = rank++;
    return ranks;
}

/// One picture, and how large it came out.
class svg_picture {
public:
    svg_picture(const picture& drawn, int top)
        : picture_(&drawn), ranks_(ranks_of(drawn.intervals)) {
        for (const interval& i : drawn.intervals) lanes_[i.client] = 0;
        int lane = 0;
        for (auto& [client, of_it] : lanes_) of_it = lane++;
        place_times();
        text_ = fmt::format("<g transform=\"translate(0,{})\">\n", top) + heading();
        for (const auto& [client, of_it] : lanes_) text_ += draw_lane(client);
        for (const interval& i : drawn.intervals) text_ += draw(i);
        text_ += "</g>\n";
    }

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] int width() const {
        const auto chars = std::max(picture_->title.size(), picture_->subtitle.size());
        return std::max(x_.back() + margin, static_cast<int>(chars) * 8 + 2 * margin);
    }
    [[nodiscard]] int height() const {
        return top_lane + static_cast<int>(lanes_.size()) * lane_height + margin;
    }

private:
    static constexpr int margin = 20, left = 110, top_lane = 64, lane_height = 34, bar = 22;

    static std::string label(const interval& i) { return printable(i.text, 40); }

    /// Far enough apart for what stands in the bars.
    void place_times() {
        x_.assign(ranks_.size(), left);
        for (int rank = 1; rank < static_cast<int>(ranks_.size()); ++rank) {
            int& x = x_[static_cast<std::size_t>(rank)];
            x = x_[static_cast<std::size_t>(rank) - 1] + 14;
            for (const interval& i : picture_->intervals) {
                if (ranks_.at(i.end) != rank) continue;
                x = std::max(x, x_at(i.begin) + static_cast<int>(label(i).size()) * 7 + 16);
            }
        }
    }

    [[nodiscard]] int x_at(std::int64_t time) const {
        return x_[static_cast<std::size_t>(ranks_.at(time))];
    }
    [[nodiscard]] int y_of(std::uint64_t client) const {
        return top_lane + lanes_.at(client) * lane_height;
    }

    [[nodiscard]] std::string heading() const {
        return fmt::format(
            "<text x=\"{0}\" y=\"26\" font-size=\"15\" font-weight=\"bold\">{1}</text>\n"
            "<text x=\"{0}\" y=\"46\" fill=\"#555\">{2}</text>\n",
            margin, in_xml(picture_->title), in_xml(picture_->subtitle));
    }

    [[nodiscard]] std::string draw_lane(std::uint64_t client) const {
        const int y = y_of(client) + bar / 2;
        return fmt::format(
            "<text x=\"{}\" y=\"{}\">client {}</text>\n<path d=\"M{} {}H{}\" stroke=\"#ccc\"/>\n",
            margin, y + 4, client, left - 10, y, x_.back() + 10);
    }

    [[nodiscard]] std::string draw(const interval& i) const {
        const int x = x_at(i.begin), y = y_of(i.client);
        return fmt::format(
            "<g><title>client {}, {} to {}: {}</title>\n"
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" fill=\"{}\" "
            "stroke=\"{}\"/>\n<text x=\"{}\" y=\"{}\">{}</text></g>\n",
            i.client, i.begin, i.end, in_xml(i.text), x, y, std::max(8, x_at(i.end) - x), bar,
            i.is_blamed ? "#fcd5ce" : "#dbe9f6", i.is_blamed ? "#c1121f" : "#457b9d", x + 8, y + 15,
            in_xml(label(i)));
    }

    const picture* picture_;
    std::map<std::int64_t, int> ranks_;
    std::map<std::uint64_t, int> lanes_;
    std::vector<int> x_;  // of each rank
    std::string text_;
};

}  // namespace

std::string draw_intervals(std::vector<interval> intervals) {
    std::sort(intervals.begin(), intervals.end(), [](const interval& a, const interval& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    const auto ranks = ranks_of(intervals);
    std::string text;
    for (const interval& i : intervals) {
        const auto begin = static_cast<std::size_t>(ranks.at(i.begin)) * 2;
        const auto end = std::max(begin + 1, static_cast<std::size_t>(ranks.at(i.end)) * 2);
        const std::string line =
            std::string(begin, ' ') + '|' + std::string(end - begin - 1, '-') + '|';
        text += fmt::format("   client {:<6}{:<{}} {}{}\n", i.client, line, 2 * ranks.size(),
                            printable(i.text), i.is_blamed ? "   <--" : "");
    }
    return text;
}

std::string draw_svg(const std::vector<picture>& pictures) {
    std::string body;
    int width = 200, height = 0;
    for (const picture& p : pictures) {
        const svg_picture drawn(p, height);
        body += drawn.text();
        width = std::max(width, drawn.width());
        height += drawn.height();
    }
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
               "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
               "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
               width, height) +
           body + "</svg>\n";
}

}  // namespace examples
