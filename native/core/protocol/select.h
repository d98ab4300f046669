// Shared bits times shared values, without opening either.
//
// With two-way splits s = alpha xor beta and x = a + b, of which the splitter knows alpha and a, both helpers
// beta and b:  s * x = alpha * a  +  (alpha xor beta) * b  +  beta * (1 - 2 alpha) * a.
// 1. The first term is the splitter's own.
// 2. The second is a table of two entries over alpha, looked up as in sign_bit.h.
// 3. For the third the splitter shares (1 - 2 alpha) * a between the helpers; each multiplies by beta.
#pragma once

#include <cstdint>
#include <vector>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// One party's summands.
struct DistanceSummands {
  std::vector<std::uint32_t> code;
  std::vector<std::uint32_t> mask;
};

// Bit k times code and mask of distance k, as additive shares that the parties must not send unmasked.
// One round; a word of bits, and 48 bytes a distance, counted together for all parties. Opens nothing.
Protocol<DistanceSummands> BitTimesDistance(Party& party, const SharedBits& bits,
                                            const SharedDistances& distances);

}  // namespace irispair
