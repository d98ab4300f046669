#include "core/protocol/programs/match_program.h"

#include "core/protocol/bit_and.h"
#include "core/protocol/bit_rows.h"
#include "core/protocol/compare.h"
#include "core/protocol/lift.h"
#include "core/protocol/open_bits.h"
#include "core/protocol/reshare.h"
#include "core/protocol/sign_bit.h"

namespace irispair {
namespace {

// Whether any of the rows has the bit: none is without it in all.
Protocol<SharedBits> Any(Party& party, SharedBits rows, std::size_t bits, std::size_t count) {
  if (count > 1) {
    Invert(party, rows);
    while (count > 1) {
      // Row k with row k + half; of an odd number the middle one waits.
      const std::size_t half = count / 2;
      const std::size_t kept = count - half;
      const SharedBits left = SharedRun(rows, 0, half * bits);
      const SharedBits right = SharedRun(rows, kept * bits, half * bits);
      SharedBits joined = co_await And(party, left, right);
      if (kept > half) {
        const SharedBits waiting = SharedRun(rows, half * bits, bits);
        AppendBits(joined.own, half * bits, waiting.own, bits);
        AppendBits(joined.previous, half * bits, waiting.previous, bits);
      }
      rows = std::move(joined);
      count = kept;
    }
    Invert(party, rows);
  }
  co_return rows;
}

Shared16 Half(const Shared16& shared, std::size_t half) {
  const auto size = static_cast<std::ptrdiff_t>(shared.size() / 2);
  const auto first = static_cast<std::ptrdiff_t>(half) * size;
  Shared16 part;
  part.own.assign(shared.own.begin() + first, shared.own.begin() + first + size);
  part.previous.assign(shared.previous.begin() + first, shared.previous.begin() + first + size);
  return part;
}

}  // namespace

Protocol<MatchOutput> MatchProgram(Party& party, MatchInput input) {
  CheckDotProducts(input.dots);
  CheckMatchLimit(input.match_limit);
  const DotProducts dots = OrderByRotation(input.dots);
  MatchOutput output;
  if (dots.pairs > 0) {
    const Shared16 shared = co_await Reshare(party, Joined(dots));
    const Shared16 mask_dots = Half(shared, 1);
    const Shared32 mask = co_await Lift(party, mask_dots);
    const Shared32 differences = MatchDifferences(Half(shared, 0), mask, input.match_limit);
    SharedBits rotations = co_await SignBits(party, differences);
    const SharedBits any = co_await Any(party, std::move(rotations), dots.pairs, dots.rotations);
    const std::vector<std::uint64_t> opened = co_await OpenBits(party, any, dots.pairs);
    output.matches.resize(dots.pairs);
    for (std::size_t pair = 0; pair < dots.pairs; ++pair) output.matches[pair] = BitAt(opened, pair) ? 1 : 0;
  }
  co_return output;
}

}  // namespace irispair
