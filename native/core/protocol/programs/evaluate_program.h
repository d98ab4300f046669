// One step of a search: a batch of candidates is merged into the search's neighbourhood.
//
// 1. Dot products are reshared and lifted.
// 2. Of each candidate the least distance over the rotations is kept.
// 3. Of a full neighbourhood, those candidates go on that are nearer than its last (opened: a bit each).
// 4. These are compared with each other and with the neighbourhood, and with the match limit (opened: the
//    order, and a match bit each).
#pragma once

#include <cstdint>
#include <vector>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/programs/dot_products.h"
#include "core/protocol/replicated.h"
#include "core/search/neighbourhood.h"

namespace irispair {

// Whether what stands at a rank is below the match limit: known to all parties.
enum class MatchBit : std::uint8_t { kNo = 0, kYes = 1 };

// The best `ef` candidates of one search so far: their distances shared, their order known to all parties.
struct SharedNeighbourhood {
  // Nearest first, at most ef.
  SharedDistances ranked;
  // Parallel to `ranked`.
  std::vector<MatchBit> matches;

  std::size_t size() const { return matches.size(); }
  // How many of the front match.
  std::uint32_t MatchCount() const;
};

struct EvaluateInput {
  DotProducts dots;
  // At least 1.
  std::size_t ef = 1;
  // floor((1 - 2 * threshold) * 2^16), at most 2^16.
  std::uint32_t match_limit = 0;
  // As the search's previous step left it; empty for its first.
  SharedNeighbourhood neighbourhood;
};

struct EvaluateOutput {
  // In ascending rank, as core/search/neighbourhood.h orders: on a tie what was there stays ahead, and of the
  // batch the earlier candidate.
  std::vector<Entered> entered;
  // For the search's next step.
  SharedNeighbourhood neighbourhood;
};

// Started as ProgramRun<EvaluateOutput>. All parties give the same sizes, ef, limit and match bits.
// Throws Error kInvalidArgument when the sizes do not fit each other.
Protocol<EvaluateOutput> EvaluateProgram(Party& party, EvaluateInput input);

}  // namespace irispair
