#include "core/protocol/select.h"

#include <gtest/gtest.h>

#include "core/protocol/bit_slices.h"
#include "tests/protocol/support/distances.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

TEST(BitTimesDistance, KeepsOrClearsBothDots) {
  std::mt19937_64 random(15);
  for (const std::size_t size : kSizes) {
    std::vector<bool> bits(size);
    for (std::size_t index = 0; index < size; ++index) bits[index] = random() % 2 == 1;
    const std::vector<Distance> distances = RandomDistances(size, random);
    const auto bit_shares = ShareBits(bits, random);
    const auto shares = ShareDistances(distances, random);
    const auto result = RunRing<DistanceSummands>(random, [&](Party& party) {
      return BitTimesDistance(party, bit_shares[party.index()], shares[party.index()]);
    });
    for (std::size_t index = 0; index < size; ++index) {
      const std::int64_t code = distances[index].unmasked == 0 ? -1 : CodeDot(distances[index]);
      std::uint32_t code_product = 0;
      std::uint32_t mask_product = 0;
      for (const DistanceSummands& summands : result.outputs) {
        code_product += summands.code[index];
        mask_product += summands.mask[index];
      }
      EXPECT_EQ(static_cast<std::int32_t>(code_product), bits[index] ? code : 0);
      EXPECT_EQ(mask_product, bits[index] ? distances[index].unmasked : 0U);
    }
    EXPECT_EQ(result.rounds, 1U);
    EXPECT_EQ(result.TotalBytes(), 24 * size + 8 * WordsOf(size));
  }
}

}  // namespace
}  // namespace irispair
