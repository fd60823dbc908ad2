// SPDX-License-Identifier: BSL-1.0
#pragma once

// Memory that ends at, or begins after, a page that must not be touched: whoever reads one byte too
// many there is stopped by the machine.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "support/catch.hpp"

namespace coterie::test {

/// One page between two that nobody may read or write.
class guarded_page {
public:
    guarded_page() : size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
        void* const three =
            ::mmap(nullptr, 3 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(three != MAP_FAILED);
        first_ = static_cast<char*>(three);
        REQUIRE(::mprotect(first_ + size_, size_, PROT_READ | PROT_WRITE) == 0);
    }
    ~guarded_page() { ::munmap(first_, 3 * size_); }
    guarded_page(const guarded_page&) = delete;
    guarded_page& operator=(const guarded_page&) = delete;

    /// `size` bytes of which the last is the last of the page.
    [[nodiscard]] char* ending(std::size_t size) const {
        REQUIRE(size <= size_);
        return first_ + 2 * size_ - size;
    }
    /// The text again, so that its last byte is the last of the page.
    [[nodiscard]] std::string_view ending(std::string_view text) const {
        return {static_cast<char*>(std::memcpy(ending(text.size()), text.data(), text.size())),
                text.size()};
    }
    /// The text again, so that its first byte is the first of the page.
    [[nodiscard]] std::string_view beginning(std::string_view text) const {
        REQUIRE(text.size() <= size_);
        return {static_cast<char*>(std::memcpy(first_ + size_, text.data(), text.size())),
                text.size()};
    }

private:
    std::size_t size_;
    char* first_ = nullptr;
};

}  // namespace coterie::test
