// SPDX-License-Identifier: BSL-1.0

// The tour: one story in chapters, each of which shows a room of the library at work.
//
//   tour              all of it
//   tour --chapter 1  one chapter
//   tour --live       with the machine's clock and entropy, so that it prints something new each time
//   tour --list       what there is
//
// The last chapter draws itself into a file, tour.svg unless --diagram names another.

#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/program.hpp"
#include "tour/chapters.hpp"

namespace {

struct chapter {
    std::string_view title;
    void (*tell)(const tour::telling&);
};

constexpr chapter chapters[] = {
    {"Ids that explain themselves", tour::ids_explained},
    {"Ids that never repeat", tour::ids_minted},
    {"A cart that three people share", tour::a_shared_cart},
    {"How many must answer", tour::how_many_must_answer},
    {"Again, without a stampede", tour::a_herd},
    {"A partition down the middle", tour::a_partition},
};

void tell(std::size_t index, const tour::telling& how) {
    const chapter& c = chapters[index];
    const std::string title = fmt::format("Chapter {}. {}", index + 1, c.title);
    fmt::print("{}\n{:=<{}}\n\n", title, "", title.size());
    c.tell(how);
}

int run(int argc, char** argv) {
    CLI::App app{"The tour of coterie: what its parts do, in chapters.", "tour"};
    bool list = false;
    std::size_t number = 0;
    tour::telling how;
    app.add_flag("--list", list, "print the titles of the chapters");
    app.add_option("--chapter", number, "tell one chapter only")
        ->check(CLI::Range(std::size_t{1}, std::size(chapters)));
    app.add_flag("--live", how.live, "use the machine's clock and entropy instead of the story's");
    app.add_option("--diagram", how.diagram, "where to draw the last chapter")
        ->capture_default_str();
    if (const auto status = examples::parse(app, argc, argv)) return *status;

    if (list) {
        for (std::size_t i = 0; i < std::size(chapters); ++i) {
            fmt::print("{:>2}  {}\n", i + 1, chapters[i].title);
        }
        return 0;
    }
    if (number != 0) {
        tell(number - 1, how);
        return 0;
    }
    for (std::size_t i = 0; i < std::size(chapters); ++i) {
        if (i != 0) fmt::print("\n");
        tell(i, how);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("tour", run, argc, argv); }
