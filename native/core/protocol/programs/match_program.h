// Which pairs match: a linear scan, or the direct comparisons of a batch.
//
// 1. Dot products are reshared; those of masks are lifted.
// 2. Each rotation is compared with the match limit.
// 3. A pair matches when any of its rotations does (opened: a bit each).
#pragma once

#include <cstdint>
#include <vector>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/programs/dot_products.h"

namespace irispair {

struct MatchInput {
  DotProducts dots;
  // floor((1 - 2 * threshold) * 2^16), at most 2^16.
  std::uint32_t match_limit = 0;
};

struct MatchOutput {
  // One byte a pair: 1 when it matches.
  std::vector<std::uint8_t> matches;
};

// Started as ProgramRun<MatchOutput>. All parties give the same sizes and limit.
// Throws Error kInvalidArgument when the sizes do not fit each other.
Protocol<MatchOutput> MatchProgram(Party& party, MatchInput input);

}  // namespace irispair
