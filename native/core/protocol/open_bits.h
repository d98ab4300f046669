// Opens shared bits to all three parties.
#pragma once

#include <cstddef>
#include <vector>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// The first `count` bits, 64 a word, the rest 0. One round, one bit a value from each party, in whole bytes.
// Each party sends its next one the summand that that one lacks.
Protocol<std::vector<std::uint64_t>> OpenBits(Party& party, const SharedBits& bits, std::size_t count);

}  // namespace irispair
