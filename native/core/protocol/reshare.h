// From additive shares to replicated ones: each party masks its summand with a share of zero and sends it on.
//
// Three summands from streams that two parties know each: party i adds what it draws with its next party and
// takes away what it draws with its previous one. Together that is zero, and each alone is uniform.
#pragma once

#include <vector>

#include "core/protocol/coroutine.h"
#include "core/protocol/party.h"
#include "core/protocol/replicated.h"

namespace irispair {

// Adds this party's share of zero to its summands; of words of bits by exclusive or.
void AddZeroShare(Party& party, std::vector<std::uint16_t>& summands);
void AddZeroShare(Party& party, std::vector<std::uint32_t>& summands);
void AddZeroShare(Party& party, std::vector<std::uint64_t>& words);

// One round, one word a value from each party. Opens nothing: what is received is uniform.
template <typename Word>
Protocol<Replicated<Word>> Reshare(Party& party, std::vector<Word> summands) {
  AddZeroShare(party, summands);
  MessageWriter message(summands.size() * sizeof(Word));
  message.Append(summands);
  const std::span<const std::uint8_t> received =
      co_await party.Exchange(message.Take(), summands.size() * sizeof(Word));
  Replicated<Word> shared;
  shared.previous = MessageReader(received).Take<Word>(summands.size());
  shared.own = std::move(summands);
  co_return shared;
}

}  // namespace irispair
