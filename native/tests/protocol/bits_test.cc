#include <gtest/gtest.h>

#include "core/protocol/bit_and.h"
#include "core/protocol/bit_rows.h"
#include "core/protocol/open_bits.h"
#include "tests/protocol/support/ring.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

std::vector<bool> RandomBits(std::size_t size, std::mt19937_64& random) {
  std::vector<bool> bits(size);
  for (std::size_t index = 0; index < size; ++index) bits[index] = random() % 2 == 1;
  return bits;
}

TEST(And, MultipliesBits) {
  std::mt19937_64 random(8);
  for (const std::size_t size : kSizes) {
    const std::vector<bool> left = RandomBits(size, random);
    const std::vector<bool> right = RandomBits(size, random);
    const auto left_shares = ShareBits(left, random);
    const auto right_shares = ShareBits(right, random);
    const auto result = RunRing<SharedBits>(random, [&](Party& party) {
      return And(party, left_shares[party.index()], right_shares[party.index()]);
    });
    const std::vector<bool> products = RecombineBits(result.outputs, size);
    for (std::size_t index = 0; index < size; ++index)
      EXPECT_EQ(products[index], left[index] && right[index]);
    EXPECT_EQ(result.rounds, 1U);
    EXPECT_EQ(result.TotalBytes(), 3 * 8 * WordsOf(size));
  }
}

TEST(Invert, InvertsBits) {
  std::mt19937_64 random(9);
  const std::vector<bool> bits = RandomBits(200, random);
  auto shares = ShareBits(bits, random);
  for (unsigned index = 0; index < kParties; ++index) Invert(Party(index, PairKeys{}), shares[index]);
  std::vector<bool> inverted = RecombineBits(shares, 200);
  inverted.flip();
  EXPECT_EQ(inverted, bits);
}

TEST(OpenBits, OpensTheFirstBitsToAll) {
  std::mt19937_64 random(10);
  for (const std::size_t size : kSizes) {
    const std::vector<bool> bits = RandomBits(size, random);
    const auto shares = ShareBits(bits, random);
    const std::size_t count = size - size / 3;
    const auto result = RunRing<std::vector<std::uint64_t>>(
        random, [&](Party& party) { return OpenBits(party, shares[party.index()], count); });
    for (unsigned party = 0; party < kParties; ++party) {
      ASSERT_EQ(result.outputs[party].size(), WordsOf(count));
      for (std::size_t index = 0; index < 64 * WordsOf(count); ++index) {
        EXPECT_EQ(BitAt(result.outputs[party], index), index < count && bits[index]);
      }
      EXPECT_EQ(result.bytes[party], (count + 7) / 8);
    }
    EXPECT_EQ(result.rounds, 1U);
  }
}

}  // namespace
}  // namespace irispair
