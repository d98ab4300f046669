#include "core/protocol/programs/evaluate_program.h"

#include <gtest/gtest.h>

#include "core/system/error.h"
#include "tests/protocol/support/distances.h"

namespace irispair {
namespace {

// One search in both modes.
class BothModes {
 public:
  BothModes(std::size_t ef, std::uint32_t limit, std::uint64_t seed)
      : random_(seed), ef_(ef), limit_(limit), plain_(ef) {}

  // One step. `distances` has all rotations of a candidate together. Returns rounds, and bytes of all
  // parties.
  std::pair<std::size_t, std::size_t> Step(const std::vector<Distance>& distances, std::size_t rotations) {
    std::vector<Distance> least;
    for (std::size_t first = 0; first < distances.size(); first += rotations) {
      Distance nearest = distances[first];
      for (std::size_t rotation = 1; rotation < rotations; ++rotation) {
        if (Nearer(distances[first + rotation], nearest)) nearest = distances[first + rotation];
      }
      least.push_back(nearest);
    }
    const std::vector<Entered> expected = plain_.Merge(least);

    const auto dots = ShareDots(distances, rotations, random_);
    const auto result = RunRing<EvaluateOutput>(random_, [&](Party& party) {
      return EvaluateProgram(
          party, EvaluateInput{dots[party.index()], ef_, limit_, std::move(shared_[party.index()])});
    });
    for (unsigned party = 0; party < kParties; ++party) {
      const EvaluateOutput& output = result.outputs[party];
      EXPECT_EQ(output.entered.size(), expected.size());
      for (std::size_t index = 0; index < std::min(expected.size(), output.entered.size()); ++index) {
        EXPECT_EQ(output.entered[index].index, expected[index].index);
        EXPECT_EQ(output.entered[index].rank, expected[index].rank);
      }
      EXPECT_EQ(output.neighbourhood.size(), plain_.size());
      EXPECT_EQ(output.neighbourhood.MatchCount(), plain_.Matches(limit_));
      shared_[party] = output.neighbourhood;
    }
    return {result.rounds, result.TotalBytes()};
  }

  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
  std::size_t ef_;
  std::uint32_t limit_;
  Neighbourhood plain_;
  std::array<SharedNeighbourhood, kParties> shared_;
};

TEST(EvaluateProgram, RanksAsPlainModeDoes) {
  std::uint64_t seed = 19;
  for (const std::size_t ef : {1, 3, 40, 100}) {
    for (const std::size_t rotations : {1, 11, 31}) {
      BothModes search(ef, 16'384, seed++);
      for (const std::size_t size : {0, 1, 5, 20, 64, 70}) {
        search.Step(RandomDistances(size * rotations, search.random()), rotations);
      }
    }
  }
}

TEST(EvaluateProgram, KeepsWhatWasThereAheadOnTies) {
  BothModes search(6, 16'384, 50);
  const Distance same{300, 1000, 0, 0};
  search.Step({same, same, same}, 1);
  search.Step({same, {299, 1000, 0, 0}, same, {301, 1000, 0, 0}}, 1);
  search.Step({same, {600, 2000, 0, 0}, {0, 0, 0, 0}}, 1);
}

TEST(EvaluateProgram, RanksManyNewcomersInSeveralPasses) {
  BothModes search(50, 16'384, 51);
  search.Step(RandomDistances(700, search.random()), 1);
  search.Step(RandomDistances(300, search.random()), 1);
}

TEST(EvaluateProgram, TakesRoundsByWhatIsOpened) {
  BothModes search(2, 16'384, 52);
  const std::vector<Distance> near(3 * 11, Distance{100, 1000, 0, 0});
  const std::vector<Distance> far(3 * 11, Distance{500, 1000, 0, 0});
  // Dots 3, least of eleven rotations 19, ranks 7.
  EXPECT_EQ(search.Step(far, 11).first, 29U);
  // Full by now: 7 to see who is nearer than the last.
  EXPECT_EQ(search.Step(near, 11).first, 36U);
  EXPECT_EQ(search.Step(far, 11).first, 29U);
  EXPECT_EQ(search.Step({}, 11).first, 0U);
}

TEST(EvaluateProgram, SendsThisMuch) {
  BothModes search(64, 16'384, 55);
  const std::size_t size = 64;
  // 28 bytes a candidate to reshare and lift both dots, all pairs and match bits of the newcomers.
  const std::size_t pairs = size * (size - 1) / 2;
  const std::vector<Distance> far(size, Distance{500, 1000, 0, 0});
  EXPECT_EQ(search.Step(far, 1).second,
            28 * size + 12 * pairs + 8 * 335 * ((pairs + size + 63) / 64) + 3 * ((pairs + size + 7) / 8));
  // Full, and nobody nearer: one comparison each.
  EXPECT_EQ(search.Step(far, 1).second, 28 * size + 12 * size + 8 * 335 + 3 * 8);
}

TEST(EvaluateProgram, RefusesSizesThatDoNotFit) {
  const auto run = [](const EvaluateInput& input) {
    ProgramRun<EvaluateOutput> program(0, PairKeys{},
                                       [&](Party& party) { return EvaluateProgram(party, input); });
    program.Advance({});
  };
  const std::vector<std::uint16_t> two(2);
  EXPECT_THROW(run({{2, 1, two, {}}, 1, 1, {}}), Error);
  EXPECT_THROW(run({{2, 1, two, two}, 0, 1, {}}), Error);
  EXPECT_THROW(run({{2, 1, two, two}, 1, 65'537, {}}), Error);
  SharedNeighbourhood uneven;
  uneven.matches.resize(1);
  EXPECT_THROW(run({{2, 1, two, two}, 1, 1, uneven}), Error);
  const SharedNeighbourhood too_many{{Shared32(2), Shared32(2)}, std::vector<MatchBit>(2)};
  EXPECT_THROW(run({{2, 1, two, two}, 1, 1, too_many}), Error);
  EXPECT_NO_THROW(run({{2, 1, two, two}, 2, 1, too_many}));
}

// What is left behind, AddressSanitizer would tell.
TEST(EvaluateProgram, FreesEverythingWhereverItIsLeft) {
  std::mt19937_64 random(53);
  const auto dots = ShareDots(RandomDistances(70 * 11, random), 11, random);
  ProgramRun<EvaluateOutput> run(0, PairKeys{}, [&](Party& party) {
    return EvaluateProgram(party, EvaluateInput{dots[0], 4, 1, {}});
  });
  run.Advance({});
  // Whatever the previous party sent: sizes are all that can be checked.
  for (int round = 0; round < 20; ++round) run.Advance(Bytes(run.expected_bytes()));
  EXPECT_THROW(run.Advance(Bytes(run.expected_bytes() + 1)), Error);
}

}  // namespace
}  // namespace irispair
