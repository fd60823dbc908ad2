// SPDX-License-Identifier: BSL-1.0
#pragma once

// A simulated disk: what is written is there at once for who reads, and for good only after a sync. A
// crash in between loses it, or part of it, or tears what was being written.
//
//   disk.append("log", bytes);
//   disk.sync("log", [&](std::expected<void, disk_errc> done) { ... });     // or: co_await
//   disk.read("log");                                                      // after a restart
//
// Source of the faults: Rebello et al., "Can applications recover from fsync failures?", ATC 2020;
// Alagappan et al., "Protocol-aware recovery for consensus-based storage", FAST 2018.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <coterie/core/random.hpp>
#include <coterie/sim/latency.hpp>

namespace coterie::inline v0::sim {

/// Why a disk did not do what it was asked.
enum class disk_errc : std::uint8_t {
    full,  ///< there is no room for so many bytes; nothing was written
    io_error,  ///< the disk was told to fail; of a write nothing was written, of a sync nothing is known
};

[[nodiscard]] constexpr const char* describe(disk_errc code) noexcept {
    switch (code) {
        case disk_errc::full: return "the disk is full";
        case disk_errc::io_error: return "the disk failed";
    }
    return "unknown disk error";
}

/// What a disk does.
struct disk_profile {
    /// The capacity of a disk that is never full.
    static constexpr std::uint64_t unlimited = ~std::uint64_t{0};

    /// How long a sync takes.
    latency sync = latency::uniform(std::chrono::microseconds(100), std::chrono::milliseconds(2));
    /// The bytes that it holds, of all files.
    std::uint64_t capacity = unlimited;
    /// The probability that a write or a sync fails.
    double failure = 0;
    /// At a crash, the probability that an unsynced write is there nevertheless; and of one that is not,
    /// that a part of it is. 0 and 0: all that is unsynced is lost.
    double survival = 0.3;
    double tearing = 0.3;

    friend constexpr bool operator==(const disk_profile&, const disk_profile&) = default;
};

/// The files of one machine. They outlive crashes of what writes them.
class disk {
public:
    using bytes = std::vector<std::byte>;

    explicit disk(rng random) noexcept : random_(random) {}

    /// What the disk does from now on.
    void set_profile(const disk_profile& profile) { profile_ = profile; }
    [[nodiscard]] const disk_profile& profile() const noexcept { return profile_; }

    /// Adds to the end of a file, which need not be there.
    std::expected<void, disk_errc> append(std::string_view file, std::span<const std::byte> data);

    /// Puts a new content in the place of the old one: after a crash it is either, never a mixture. As a
    /// write to a second file, a sync and a rename.
    std::expected<void, disk_errc> replace(std::string_view file, std::span<const std::byte> data);

    /// The whole file as a reader sees it now; empty if there is none.
    [[nodiscard]] bytes read(std::string_view file) const;

    /// How many writes there were to the file, that are still there: up to here a sync that begins now will
    /// go.
    [[nodiscard]] std::uint64_t position(std::string_view file) const;

    /// Makes the writes to the file durable, all or those up to a position, without the time it takes:
    /// node::sync is what a program calls.
    std::expected<void, disk_errc> sync_now(std::string_view file,
                                            std::uint64_t up_to = ~std::uint64_t{0});

    /// How long the next sync takes.
    [[nodiscard]] std::chrono::nanoseconds draw_sync_time() { return profile_.sync.draw(random_); }

    /// What a power failure leaves: see disk_profile.
    void crash();

    /// Flips one bit of what is durable of the file, if there is any: rot.
    void corrupt(std::string_view file);

    /// Forgets everything: a new disk in an old machine.
    void wipe() noexcept { files_.clear(); }

    /// The bytes of all files.
    [[nodiscard]] std::uint64_t size() const noexcept;

    /// The names of all files, in order.
    [[nodiscard]] std::vector<std::string> files() const;

private:
    struct write {
        bool replaces;
        bytes data;
    };
    struct file_data {
        bytes durable;
        std::vector<write> unsynced;
        /// How many writes are in `durable`.
        std::uint64_t synced = 0;

        void make_durable(const write& w) {
            apply(durable, w);
            ++synced;
        }
    };

    std::expected<void, disk_errc> add(std::string_view file, bool replaces,
                                       std::span<const std::byte> data);
    static void apply(bytes& content, const write& w);
    static bytes content_of(const file_data& f);

    rng random_;
    disk_profile profile_;
    std::map<std::string, file_data, std::less<>> files_;
};

// --- details ---------------------------------------------------------------------------------------

inline std::expected<void, disk_errc> disk::append(std::string_view file,
                                                   std::span<const std::byte> data) {
    return add(file, false, data);
}

inline std::expected<void, disk_errc> disk::replace(std::string_view file,
                                                    std::span<const std::byte> data) {
    return add(file, true, data);
}

inline std::expected<void, disk_errc> disk::add(std::string_view file, bool replaces,
                                                std::span<const std::byte> data) {
    if (profile_.failure > 0 && bernoulli(random_, profile_.failure))
        return std::unexpected(disk_errc::io_error);
    const std::uint64_t capacity = profile_.capacity;
    const bool is_limited = capacity != disk_profile::unlimited;
    if (is_limited && (data.size() > capacity || size() > capacity - data.size()))
        return std::unexpected(disk_errc::full);
    auto found = files_.find(file);
    if (found == files_.end()) found = files_.emplace(std::string(file), file_data{}).first;
    found->second.unsynced.push_back({replaces, bytes(data.begin(), data.end())});
    return {};
}

inline void disk::apply(bytes& content, const write& w) {
    if (w.replaces) content.clear();
    content.insert(content.end(), w.data.begin(), w.data.end());
}

inline disk::bytes disk::content_of(const file_data& f) {
    bytes content = f.durable;
    for (const write& w : f.unsynced) apply(content, w);
    return content;
}

inline disk::bytes disk::read(std::string_view file) const {
    const auto found = files_.find(file);
    return found == files_.end() ? bytes{} : content_of(found->second);
}

inline std::uint64_t disk::position(std::string_view file) const {
    const auto found = files_.find(file);
    return found == files_.end() ? 0 : found->second.synced + found->second.unsynced.size();
}

inline std::expected<void, disk_errc> disk::sync_now(std::string_view file, std::uint64_t up_to) {
    if (profile_.failure > 0 && bernoulli(random_, profile_.failure))
        return std::unexpected(disk_errc::io_error);
    const auto found = files_.find(file);
    if (found == files_.end()) return {};
    file_data& f = found->second;
    auto next = f.unsynced.begin();
    for (; next != f.unsynced.end() && f.synced < up_to; ++next) f.make_durable(*next);
    f.unsynced.erase(f.unsynced.begin(), next);
    return {};
}

// Writes reach the plates in any order, but where one is lost, what comes after it in the file has no
// place to stand: of an append that was lost or torn, later ones are lost.
inline void disk::crash() {
    for (auto& [name, f] : files_) {
        for (write& w : f.unsynced) {
            if (bernoulli(random_, profile_.survival)) {
                f.make_durable(w);
                continue;
            }
            if (!w.replaces && !w.data.empty() && bernoulli(random_, profile_.tearing)) {
                w.data.resize(static_cast<std::size_t>(uniform_below(random_, w.data.size())));
                f.make_durable(w);
            }
            break;
        }
        f.unsynced.clear();
    }
}

inline void disk::corrupt(std::string_view file) {
    const auto found = files_.find(file);
    if (found == files_.end() || found->second.durable.empty()) return;
    bytes& durable = found->second.durable;
    const auto bit = static_cast<std::size_t>(uniform_below(random_, durable.size() * 8));
    durable[bit / 8] ^= std::byte{1} << (bit % 8);
}

inline std::uint64_t disk::size() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [name, f] : files_) {
        sum += f.durable.size();
        for (const write& w : f.unsynced) sum += w.data.size();
    }
    return sum;
}

inline std::vector<std::string> disk::files() const {
    std::vector<std::string> names;
    names.reserve(files_.size());
    for (const auto& [name, f] : files_) names.push_back(name);
    return names;
}

}  // namespace coterie::inline v0::sim
