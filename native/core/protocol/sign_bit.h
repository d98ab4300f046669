// The sign of shared values of 32 bits: whether they are negative, as shared bits.
//
// With a two-way split x = a + b, the sign is the sum's highest bit: that of a, of b and of the carry into
// it.
// 1. a and b are cut into rows of bits, 64 values a word, and these into blocks of four.
// 2. A block generates a carry, or propagates one, by its four bits of a and of b. Both helpers know b: they
//    make the table of both bits over the 16 possible blocks of a. The splitter tells the first helper its
//    block of a, masked; the second helper sends the splitter the table, turned by that mask and masked
//    itself. The splitter and the first helper keep the entry that the masked block names, each its own
//    summand.
// 3. These are made replicated.
// 4. Blocks are joined two by two, like in any parallel-prefix adder, until one is left. In place of a carry
// the
//    highest block generates the sign.
#pragma once

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// Bit k is 1 when value k, read as signed, is below 0. Five rounds; for every 64 values, counted together for
// all parties, 335 words of 8 bytes. Opens nothing.
Protocol<SharedBits> SignBits(Party& party, const Shared32& values);

}  // namespace irispair
