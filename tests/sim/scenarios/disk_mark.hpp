// SPDX-License-Identifier: BSL-1.0
#pragma once

// A high-water mark on a simulated disk.

#include <cstddef>
#include <cstdint>
#include <expected>

#include <coterie/core/clock.hpp>
#include <coterie/core/high_water_mark.hpp>
#include <coterie/core/wire.hpp>
#include <coterie/sim/world.hpp>

namespace coterie::test {

/// What was stored last, in the file "mark".
class disk_mark {
public:
    explicit disk_mark(sim::node& self) noexcept : self_(&self) {}

    [[nodiscard]] std::expected<sys_milliseconds, mark_errc> load() const {
        const auto bytes = self_->disk().read("mark");
        if (bytes.empty()) return sys_milliseconds::min();
        const auto ms = decode<std::int64_t>(bytes);
        if (!ms.has_value()) return std::unexpected(mark_errc::load_failed);
        return sys_milliseconds(std::chrono::milliseconds(*ms));
    }

    std::expected<void, mark_errc> store(sys_milliseconds t) {
        sim::disk& disk = self_->disk();
        if (!disk.replace("mark", encode(std::int64_t{t.time_since_epoch().count()})).has_value() ||
            !disk.sync_now("mark").has_value()) {
            return std::unexpected(mark_errc::store_failed);
        }
        return {};
    }

private:
    sim::node* self_;
};

}  // namespace coterie::test
