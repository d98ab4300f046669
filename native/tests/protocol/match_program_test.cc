#include "core/protocol/programs/match_program.h"

#include <gtest/gtest.h>

#include "core/system/error.h"
#include "tests/protocol/support/distances.h"
#include "tests/protocol/support/values.h"

namespace irispair {
namespace {

RingResult<MatchOutput> Match(const std::vector<Distance>& distances, std::size_t rotations,
                              std::uint32_t limit, std::mt19937_64& random) {
  const auto dots = ShareDots(distances, rotations, random);
  return RunRing<MatchOutput>(random, [&](Party& party) {
    return MatchProgram(party, MatchInput{dots[party.index()], limit});
  });
}

TEST(MatchProgram, SaysOfEachPairWhetherAnyRotationMatches) {
  const std::vector<std::pair<std::size_t, std::size_t>> rounds{{1, 9}, {2, 10}, {3, 11}, {11, 13}, {31, 14}};
  std::mt19937_64 random(17);
  for (const auto& [rotations, expected_rounds] : rounds) {
    for (const std::size_t size : kSizes) {
      const std::vector<Distance> distances = RandomDistances(size * rotations, random);
      // A limit at which a pair of many rotations may have none that matches.
      const std::uint32_t limit = rotations > 3 ? 64'000 : 16'384;
      const auto result = Match(distances, rotations, limit, random);
      for (unsigned party = 0; party < kParties; ++party) {
        ASSERT_EQ(result.outputs[party].matches.size(), size);
        for (std::size_t pair = 0; pair < size; ++pair) {
          bool expected = false;
          for (std::size_t rotation = 0; rotation < rotations; ++rotation) {
            expected = expected || IsMatch(distances[pair * rotations + rotation], limit);
          }
          EXPECT_EQ(result.outputs[party].matches[pair], expected ? 1 : 0);
        }
      }
      EXPECT_EQ(result.rounds, size == 0 ? 0 : expected_rounds);
    }
  }
}

TEST(MatchProgram, SendsThisMuchForOneRotation) {
  std::mt19937_64 random(18);
  // 12 bytes a pair to reshare both dots, 8 to lift the mask's, 335 / 8 for the sign, 3 bits to open.
  EXPECT_EQ(Match(RandomDistances(8192, random), 1, 16'384, random).TotalBytes(),
            8192 * (12 + 8) + 335 * 1024 + 3 * 1024);
}

TEST(MatchProgram, RefusesSizesThatDoNotFit) {
  const auto run = [](const MatchInput& input) {
    ProgramRun<MatchOutput> program(0, PairKeys{}, [&](Party& party) { return MatchProgram(party, input); });
    program.Advance({});
  };
  const std::vector<std::uint16_t> two(2);
  EXPECT_THROW(run({{2, 0, {}, {}}, 1}), Error);
  EXPECT_THROW(run({{2, 1, two, {}}, 1}), Error);
  EXPECT_THROW(run({{2, 1, {}, two}, 1}), Error);
  EXPECT_THROW(run({{2, 1, two, two}, 65'537}), Error);
  EXPECT_NO_THROW(run({{2, 1, two, two}, 65'536}));
}

}  // namespace
}  // namespace irispair
