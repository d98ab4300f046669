// Lifts shared values from 16 to 32 bits.
//
// 1. The values are made positive and small: x + 2^14 lies in 0..2^15-1.
// 2. Seen as whole numbers, the three summands exceed that by c * 2^16, c = 0, 1 or 2. In a two-way split a +
// b,
//    the splitter knows whether its two summands wrap; a + b wraps iff a or b is 2^15 or more, because what
//    it wraps to is less. So c = wrap + p + q - p * q for the highest bits p of a and q of b: no adder is
//    needed.
// 3. p * q, of a bit that the splitter knows and a bit that both helpers know: the splitter shares p between
//    the first and the second helper, each multiplies.
#pragma once

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// The values must lie in -2^14 .. 2^14-1. Two rounds, 8/3 bytes a value from each party. Opens nothing.
Protocol<Shared32> Lift(Party& party, const Shared16& values);

}  // namespace irispair
