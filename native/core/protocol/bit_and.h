// The product of shared bits, 64 a word.
#pragma once

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// Bit by bit. One round, one bit a product from each party. Opens nothing.
Protocol<SharedBits> And(Party& party, const SharedBits& left, const SharedBits& right);

}  // namespace irispair
