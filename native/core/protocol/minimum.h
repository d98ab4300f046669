// The least distance of each candidate over its rotations, without opening anything.
//
// A tournament of groups of up to four. Within a group all are compared with all in the same rounds; the
// nearest is that which no other is nearer than, the lowest rotation on a tie; it is selected by multiplying
// with these bits. Groups of four take half of the rounds that pairs would, for not twice the comparisons.
#pragma once

#include <cstddef>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

inline constexpr std::size_t kGroupSize = 4;

// `distances` has the rotations one after the other, at each `candidates` distances. Returns one distance a
// candidate. A level takes 8 rounds for groups of two, 9 for three, 10 for four.
Protocol<SharedDistances> LeastOverRotations(Party& party, SharedDistances distances, std::size_t candidates,
                                             std::size_t rotations);

}  // namespace irispair
