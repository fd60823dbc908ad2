// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a causal context has seen of one replica, as the bitmaps of its blocks: so that a block of a store is
// held against the context word by word, and not dot by dot. For the library's own headers.

#include <algorithm>
#include <cstdint>
#include <span>

#include <coterie/causality/causal_context.hpp>
#include <coterie/causality/replica_id.hpp>
#include <coterie/crdt/block_mask.hpp>

namespace coterie::inline v0::crdt::detail {

using causality::causal_context;
using causality::dot_range;
using causality::replica_name;

/// A view of a context: valid until the context changes.
template <replica_name Replica>
class seen_of {
public:
    seen_of(const causal_context<Replica>& context, const Replica& r)
        : contiguous_(context.contiguous().at(r)), cloud_(context.cloud_of(r)) {}

    /// The slots of block `number` that were seen. Complexity: logarithmic in the ranges beyond the contiguous
    /// ones, and linear in those that are in the block.
    [[nodiscard]] block_mask block(std::uint64_t number) const noexcept {
        if (contiguous_ >= (number + 1) * block_dots) return ~block_mask{};
        block_mask mask = slots_between(number, 1, contiguous_);
        const std::uint64_t begin = counter_of(number, 0);
        auto range = std::lower_bound(
            cloud_.begin(), cloud_.end(), begin,
            [](const dot_range<Replica>& r, std::uint64_t counter) { return r.last < counter; });
        for (; range != cloud_.end() && range->first < begin + block_dots; ++range) {
            mask = mask | slots_between(number, range->first, range->last);
        }
        return mask;
    }

private:
    std::uint64_t contiguous_;
    std::span<const dot_range<Replica>> cloud_;
};

}  // namespace coterie::inline v0::crdt::detail
