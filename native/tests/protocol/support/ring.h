// Three parties in one process: each round's messages go round the ring by hand.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "core/protocol/protocol_run.h"
#include "core/protocol/replicated.h"

namespace irispair {

// What the three parties came to, and what it cost.
template <typename Output>
struct RingResult {
  std::array<Output, kParties> outputs;
  std::size_t rounds = 0;
  // Sent by each party.
  std::array<std::size_t, kParties> bytes{};
  // All that each party received, in order.
  std::array<Bytes, kParties> views;

  std::size_t TotalBytes() const { return bytes[0] + bytes[1] + bytes[2]; }
};

inline std::array<PairKeys, kParties> RandomKeys(std::mt19937_64& random) {
  std::array<PairKeys, kParties> keys;
  for (unsigned party = 0; party < kParties; ++party) {
    for (std::uint8_t& byte : keys[party].with_next) byte = static_cast<std::uint8_t>(random());
    keys[(party + 1) % kParties].with_previous = keys[party].with_next;
  }
  return keys;
}

// Runs start(party) -> Protocol<Output> at all three.
template <typename Output, typename Start>
RingResult<Output> RunRing(const std::array<PairKeys, kParties>& keys, const Start& start) {
  std::array<std::unique_ptr<ProgramRun<Output>>, kParties> runs;
  for (unsigned party = 0; party < kParties; ++party) {
    runs[party] = std::make_unique<ProgramRun<Output>>(party, keys[party], start);
  }
  RingResult<Output> result;
  std::array<std::optional<Bytes>, kParties> messages;
  for (unsigned party = 0; party < kParties; ++party) messages[party] = runs[party]->Advance({});
  while (messages[0].has_value()) {
    std::array<std::optional<Bytes>, kParties> answers;
    for (unsigned party = 0; party < kParties; ++party) {
      const std::optional<Bytes>& received = messages[(party + 2) % kParties];
      EXPECT_TRUE(received.has_value());
      Bytes& view = result.views[party];
      view.insert(view.end(), received->begin(), received->end());
      answers[party] = runs[party]->Advance(*received);
    }
    messages = std::move(answers);
  }
  for (unsigned party = 0; party < kParties; ++party) {
    EXPECT_FALSE(messages[party].has_value());
    EXPECT_EQ(runs[party]->rounds(), runs[0]->rounds());
    result.bytes[party] = runs[party]->sent_bytes();
    result.outputs[party] = std::move(runs[party]->output());
  }
  result.rounds = runs[0]->rounds();
  return result;
}

// The same with fresh keys.
template <typename Output, typename Start>
RingResult<Output> RunRing(std::mt19937_64& random, const Start& start) {
  return RunRing<Output>(RandomKeys(random), start);
}

// Additive shares of values, party by party.
template <typename Word>
std::array<std::vector<Word>, kParties> ShareAdditively(const std::vector<Word>& values,
                                                        std::mt19937_64& random) {
  std::array<std::vector<Word>, kParties> shares;
  for (const Word value : values) {
    const Word first = static_cast<Word>(random());
    const Word second = static_cast<Word>(random());
    shares[0].push_back(first);
    shares[1].push_back(second);
    shares[2].push_back(static_cast<Word>(value - first - second));
  }
  return shares;
}

template <typename Word>
std::array<Replicated<Word>, kParties> ReplicateAdditive(
    const std::array<std::vector<Word>, kParties>& shares) {
  std::array<Replicated<Word>, kParties> replicated;
  for (unsigned party = 0; party < kParties; ++party) {
    replicated[party].own = shares[party];
    replicated[party].previous = shares[(party + 2) % kParties];
  }
  return replicated;
}

template <typename Word>
std::array<Replicated<Word>, kParties> Share(const std::vector<Word>& values, std::mt19937_64& random) {
  return ReplicateAdditive(ShareAdditively(values, random));
}

// The values, once it is seen that neighbours hold the same summands.
template <typename Word>
std::vector<Word> Recombine(const std::array<Replicated<Word>, kParties>& shares) {
  for (unsigned party = 0; party < kParties; ++party) {
    EXPECT_EQ(shares[(party + 1) % kParties].previous, shares[party].own);
  }
  std::vector<Word> values(shares[0].size());
  for (std::size_t index = 0; index < values.size(); ++index) {
    values[index] = static_cast<Word>(shares[0].own[index] + shares[1].own[index] + shares[2].own[index]);
  }
  return values;
}

// Bit-sliced shares of bits, and back.
inline std::array<SharedBits, kParties> ShareBits(const std::vector<bool>& bits, std::mt19937_64& random) {
  const std::size_t words = (bits.size() + 63) / 64;
  std::vector<std::uint64_t> plain(words);
  for (std::size_t index = 0; index < bits.size(); ++index) {
    plain[index / 64] |= std::uint64_t{bits[index]} << (index % 64);
  }
  std::array<std::vector<std::uint64_t>, kParties> shares;
  for (const std::uint64_t word : plain) {
    shares[0].push_back(random());
    shares[1].push_back(random());
    shares[2].push_back(word ^ shares[0].back() ^ shares[1].back());
  }
  return ReplicateAdditive(shares);
}

inline std::vector<bool> RecombineBits(const std::array<SharedBits, kParties>& shares, std::size_t count) {
  for (unsigned party = 0; party < kParties; ++party) {
    EXPECT_EQ(shares[(party + 1) % kParties].previous, shares[party].own);
  }
  std::vector<bool> bits(count);
  for (std::size_t index = 0; index < count; ++index) {
    const std::uint64_t word =
        shares[0].own[index / 64] ^ shares[1].own[index / 64] ^ shares[2].own[index / 64];
    bits[index] = (word >> (index % 64) & 1) == 1;
  }
  return bits;
}

}  // namespace irispair
