#include "core/protocol/sign_bit.h"

#include <gtest/gtest.h>

#include "core/protocol/bit_slices.h"
#include "tests/protocol/support/ring.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

const std::vector<std::int64_t> kEdges{
    0, 1, -1, 1 << 15, -(1 << 15), 0x7fff'ffff, 0x4000'0000, -0x4000'0000, 12'800, std::int64_t{-1} << 31};

TEST(SignBits, AreThoseOfTheSignedValues) {
  std::mt19937_64 random(11);
  for (const std::size_t size : kSizes) {
    const auto values = EdgesAndRandom(size, kEdges, std::int64_t{-1} << 31, 0x7fff'ffff, random);
    const auto shares = Share(Narrowed<std::uint32_t>(values), random);
    const auto result =
        RunRing<SharedBits>(random, [&](Party& party) { return SignBits(party, shares[party.index()]); });
    const std::vector<bool> signs = RecombineBits(result.outputs, size);
    for (std::size_t index = 0; index < size; ++index) EXPECT_EQ(signs[index], values[index] < 0);
    EXPECT_EQ(result.rounds, 5U);
    EXPECT_EQ(result.TotalBytes(), 335 * 8 * WordsOf(size));
  }
}

// Carries that run through all blocks, from each bit to each, whichever party splits.
TEST(SignBits, FollowEveryCarry) {
  std::mt19937_64 random(12);
  std::vector<std::uint32_t> values;
  std::array<std::vector<std::uint32_t>, kParties> additive;
  for (int splitter = 0; splitter < 3; ++splitter) {
    for (unsigned from = 0; from < 32; ++from) {
      for (unsigned to = from; to < 32; ++to) {
        const std::uint32_t low = std::uint32_t{1} << from;
        const std::uint32_t run = (std::uint32_t{0xffff'ffff} >> (31 - to)) & ~(low - 1);
        const std::uint32_t other = static_cast<std::uint32_t>(random());
        additive[0].push_back(run - other);
        additive[1].push_back(low);
        additive[2].push_back(other);
        values.push_back(run + low);
      }
    }
  }
  const auto shares = ReplicateAdditive(additive);
  const auto result =
      RunRing<SharedBits>(random, [&](Party& party) { return SignBits(party, shares[party.index()]); });
  const std::vector<bool> signs = RecombineBits(result.outputs, values.size());
  for (std::size_t index = 0; index < values.size(); ++index)
    EXPECT_EQ(signs[index], values[index] >> 31 == 1);
}

}  // namespace
}  // namespace irispair
