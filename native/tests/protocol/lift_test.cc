#include "core/protocol/lift.h"

#include <gtest/gtest.h>

#include "core/protocol/thirds.h"
#include "tests/protocol/support/ring.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

const std::vector<std::int64_t> kEdges{0, 1, -1, 12'800, -12'800, (1 << 14) - 1, -(1 << 14)};

TEST(Lift, KeepsTheSignedValues) {
  std::mt19937_64 random(4);
  for (const std::size_t size : kSizes) {
    const auto values = EdgesAndRandom(size, kEdges, -(1 << 14), (1 << 14) - 1, random);
    const auto shares = Share(Narrowed<std::uint16_t>(values), random);
    const auto result =
        RunRing<Shared32>(random, [&](Party& party) { return Lift(party, shares[party.index()]); });
    EXPECT_EQ(Recombine(result.outputs), Narrowed<std::uint32_t>(values));
    EXPECT_EQ(result.rounds, 2U);
    EXPECT_EQ(result.TotalBytes(), 8 * size);
  }
}

// Whichever party splits: the summands are extremes, so that they wrap never, once or twice.
TEST(Lift, KeepsThemHoweverTheyAreShared) {
  std::mt19937_64 random(5);
  const std::vector<std::uint16_t> summands{0, 1, 0x3fff, 0x4000, 0x7fff, 0x8000, 0xbfff, 0xc000, 0xffff};
  std::vector<std::uint16_t> values;
  std::array<std::vector<std::uint16_t>, kParties> additive;
  for (int splitter = 0; splitter < 3; ++splitter) {
    for (const std::int64_t value : kEdges) {
      for (const std::uint16_t first : summands) {
        for (const std::uint16_t second : summands) {
          values.push_back(static_cast<std::uint16_t>(value));
          additive[0].push_back(first);
          additive[1].push_back(second);
          additive[2].push_back(static_cast<std::uint16_t>(value - first - second));
        }
      }
    }
  }
  const auto shares = ReplicateAdditive(additive);
  const auto result =
      RunRing<Shared32>(random, [&](Party& party) { return Lift(party, shares[party.index()]); });
  const std::vector<std::uint32_t> lifted = Recombine(result.outputs);
  for (std::size_t index = 0; index < values.size(); ++index) {
    EXPECT_EQ(static_cast<std::int32_t>(lifted[index]), static_cast<std::int16_t>(values[index]));
  }
}

}  // namespace
}  // namespace irispair
