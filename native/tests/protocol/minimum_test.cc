#include "core/protocol/minimum.h"

#include <gtest/gtest.h>

#include "tests/protocol/support/distances.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

TEST(LeastOverRotations, KeepsTheNearestOfEachCandidate) {
  const std::vector<std::pair<std::size_t, std::size_t>> rounds{{1, 0},  {2, 8},  {3, 9},   {4, 10}, {5, 17},
                                                                {7, 18}, {8, 18}, {11, 19}, {31, 28}};
  std::mt19937_64 random(16);
  for (const auto& round : rounds) {
    const std::size_t rotations = round.first;
    for (const std::size_t size : {1, 2, 64, 67, 130}) {
      // Rotation by rotation.
      const std::vector<Distance> distances = RandomDistances(size * rotations, random);
      const auto shares = ShareDistances(distances, random);
      const auto result = RunRing<SharedDistances>(random, [&](Party& party) {
        return LeastOverRotations(party, shares[party.index()], size, rotations);
      });
      std::array<Shared32, kParties> code_shares;
      std::array<Shared32, kParties> mask_shares;
      for (unsigned party = 0; party < kParties; ++party) {
        code_shares[party] = result.outputs[party].code;
        mask_shares[party] = result.outputs[party].mask;
      }
      const std::vector<std::uint32_t> codes = Recombine(code_shares);
      const std::vector<std::uint32_t> masks = Recombine(mask_shares);
      ASSERT_EQ(codes.size(), size);
      for (std::size_t candidate = 0; candidate < size; ++candidate) {
        Distance least = distances[candidate];
        for (std::size_t rotation = 1; rotation < rotations; ++rotation) {
          const Distance& other = distances[rotation * size + candidate];
          if (Nearer(other, least)) least = other;
        }
        EXPECT_EQ(masks[candidate], least.unmasked);
        EXPECT_EQ(static_cast<std::int32_t>(codes[candidate]), least.unmasked == 0 ? -1 : CodeDot(least));
      }
      EXPECT_EQ(result.rounds, round.second);
    }
  }
}

TEST(LeastOverRotations, SendsThisMuchForElevenRotations) {
  std::mt19937_64 random(17);
  const std::size_t size = 192;
  const auto shares = ShareDistances(RandomDistances(size * 11, random), random);
  const auto result = RunRing<SharedDistances>(
      random, [&](Party& party) { return LeastOverRotations(party, shares[party.index()], size, 11); });
  // 18 comparisons a candidate, 16 bits multiplied, 10 distances by bits, 4 selected and reshared.
  EXPECT_EQ(result.TotalBytes(),
            size * (18 * 12 + 10 * 24 + 4 * 24) + size / 64 * 8 * (18 * 335 + 3 * 16 + 10));
}

}  // namespace
}  // namespace irispair
