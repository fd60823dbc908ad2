// SPDX-License-Identifier: BSL-1.0

// The fault: a tally of a rule whose answer is a number.

#include <coterie/quorum/node_set.hpp>
#include <coterie/quorum/tally.hpp>

struct rule {
#if COTERIE_MUST_FAIL
    int is_quorum(coterie::quorum::node_set nodes) const { return nodes.empty() ? 0 : 1; }
#else
    bool is_quorum(coterie::quorum::node_set nodes) const { return !nodes.empty(); }
#endif
};

coterie::quorum::tally votes(rule{}, coterie::quorum::node_set::all(3));
