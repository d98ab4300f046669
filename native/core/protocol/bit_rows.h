// Shared bits in rows of equal length that lie one after the other, without gaps.
#pragma once

#include <cstddef>
#include <vector>

#include "core/protocol/bit_slices.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// `bits` bits from bit `first` on.
inline SharedBits SharedRun(const SharedBits& rows, std::size_t first, std::size_t bits) {
  SharedBits run;
  run.own = BitRun(rows.own, first, bits);
  run.previous = BitRun(rows.previous, first, bits);
  return run;
}

// All rows, of `bits` bits each, one after the other.
inline SharedBits JoinRows(const std::vector<SharedBits>& rows, std::size_t bits) {
  SharedBits joined;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    AppendBits(joined.own, row * bits, rows[row].own, bits);
    AppendBits(joined.previous, row * bits, rows[row].previous, bits);
  }
  return joined;
}

// Inverts every bit: summand 0 is, which parties 0 and 1 hold.
inline void Invert(const Party& party, SharedBits& bits) {
  if (party.index() == 0) {
    for (std::uint64_t& word : bits.own) word = ~word;
  }
  if (party.index() == 1) {
    for (std::uint64_t& word : bits.previous) word = ~word;
  }
}

}  // namespace irispair
