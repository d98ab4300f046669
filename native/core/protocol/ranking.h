// Ranks distances into a neighbourhood.
//
// 1. Each newcomer is compared with all that is ranked and with all newcomers before it, and with the match
//    limit, in the same rounds.
// 2. The bits are opened. They are the order, which all parties may know, and the match bits.
// 3. Each party counts who is ahead of whom.
#pragma once

#include <cstdint>
#include <vector>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

struct Ranking {
  // Where each stands now: first those that were ranked, then the newcomers.
  std::vector<std::size_t> positions;
  // One a newcomer.
  std::vector<bool> matches;
};

// Seven rounds. What was ranked stays ahead on a tie, and of the newcomers the earlier one.
Protocol<Ranking> Rank(Party& party, SharedDistances ranked, SharedDistances newcomers,
                       std::uint32_t match_limit);

// Whether each of `challengers` is strictly nearer than distance `champion` of `ranked`, opened. Seven
// rounds.
Protocol<std::vector<std::uint64_t>> OpenNearer(Party& party, SharedDistances challengers,
                                                const SharedDistances& ranked, std::size_t champion);

}  // namespace irispair
