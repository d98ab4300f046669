#include "core/protocol/reshare.h"

#include <gtest/gtest.h>

#include "tests/protocol/support/ring.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

template <typename Word>
class ReshareOf : public testing::Test {};
using Words = testing::Types<std::uint16_t, std::uint32_t>;
TYPED_TEST_SUITE(ReshareOf, Words);

TYPED_TEST(ReshareOf, KeepsTheValues) {
  using Word = TypeParam;
  std::mt19937_64 random(2);
  for (const std::size_t size : kSizes) {
    const std::vector<Word> values = Narrowed<Word>(
        EdgesAndRandom(size, {0, 1, -1, std::numeric_limits<Word>::max() / 2}, 0, 1'000'000, random));
    const auto shares = ShareAdditively(values, random);
    const auto result = RunRing<Replicated<Word>>(
        random, [&](Party& party) { return Reshare(party, shares[party.index()]); });
    EXPECT_EQ(Recombine(result.outputs), values);
    EXPECT_EQ(result.rounds, 1U);
    EXPECT_EQ(result.TotalBytes(), 3 * size * sizeof(Word));
  }
}

TEST(ZeroShares, CancelOut) {
  std::mt19937_64 random(3);
  const auto keys = RandomKeys(random);
  std::array<std::vector<std::uint64_t>, kParties> bits;
  std::array<std::vector<std::uint16_t>, kParties> elements;
  for (unsigned index = 0; index < kParties; ++index) {
    Party party(index, keys[index]);
    bits[index].resize(100);
    AddZeroShare(party, bits[index]);
    elements[index].resize(100);
    AddZeroShare(party, elements[index]);
  }
  for (std::size_t index = 0; index < 100; ++index) {
    EXPECT_EQ(bits[0][index] ^ bits[1][index] ^ bits[2][index], 0U);
    EXPECT_NE(bits[0][index], 0U);
    EXPECT_EQ(static_cast<std::uint16_t>(elements[0][index] + elements[1][index] + elements[2][index]), 0U);
  }
}

}  // namespace
}  // namespace irispair
