// Comparisons of distances: with each other, and with the match limit. Both are signs of differences.
#pragma once

#include <vector>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// `count` comparisons: whether distance challenger + k is strictly nearer than champion + k; or, with one
// challenger, whether that one is nearer than each.
enum class Challengers { kEach, kOne };
struct Comparisons {
  std::size_t challenger = 0;
  std::size_t champion = 0;
  std::size_t count = 0;
  Challengers challengers = Challengers::kEach;
};

// code_champion * mask_challenger - code_challenger * mask_champion of all comparisons, one after the other:
// below 0 iff the challenger is strictly nearer. One round, 4 bytes a comparison from each party.
Protocol<Shared32> NearnessDifferences(Party& party, const SharedDistances& distances,
                                       const std::vector<Comparisons>& comparisons);

// mask * limit - code * 2^16 of each distance: below 0 iff it matches. Of the code dots the lowest 16 bits
// do: they need not be lifted. Local.
Shared32 MatchDifferences(const Shared16& code, const Shared32& mask, std::uint32_t match_limit);
Shared32 MatchDifferences(const Shared32& code, const Shared32& mask, std::uint32_t match_limit);

}  // namespace irispair
