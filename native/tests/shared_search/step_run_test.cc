#include "core/shared_search/step_run.h"

#include <gtest/gtest.h>

#include "tests/shared_search/support.h"

namespace irispair {
namespace {

using test::HandRound;
using test::NaiveIris;
using test::RandomIris;
using test::Recaptured;
using test::Terms;
using test::Trio;

// Strangers, captures of the probe at several distances and rotations, and equals of equals.
class Population {
 public:
  explicit Population(std::mt19937& random) : probe(RandomIris(random)) {
    for (int person = 0; person < 40; ++person) {
      if (person % 5 == 0) {
        const double flipped = 0.05 * (person % 9);
        const int rotation = person % 13 - 6;
        irises.push_back({Recaptured(probe.left, flipped, rotation, random),
                          Recaptured(probe.right, flipped, rotation, random)});
      } else if (person % 7 == 3) {
        irises.push_back(irises.back());
      } else {
        irises.push_back(RandomIris(random));
      }
    }
  }

  NaiveIris probe;
  // Serial id less 1.
  std::vector<NaiveIris> irises;
};

class StepRuns : public testing::Test {
 protected:
  // The first so many of the population are enrolled.
  explicit StepRuns(std::uint32_t enrolled = 40) : random_(61), population_(random_), trio_(64) {
    for (std::uint32_t index = 0; index < enrolled; ++index) {
      trio_.Enrol(index + 1, 0, population_.irises[index]);
    }
  }

  // Repetitions, ids that nobody has and versions that are not current are frequent.
  std::vector<StoredId> Candidates(std::size_t count) {
    std::vector<StoredId> candidates;
    for (; count > 0; --count) {
      const auto serial_id = static_cast<std::uint32_t>(random_() % 43);
      candidates.push_back({serial_id, static_cast<std::uint32_t>(random_() % 8 == 0 ? 1 : 0)});
    }
    return candidates;
  }

  std::mt19937 random_;
  const Population population_;
  Trio trio_;
};

TEST_F(StepRuns, RankAsThePlainEngineDoesWhateverTheBatches) {
  trio_.Erase(6, 1);
  trio_.Enrol(8, 1, population_.irises[8]);
  const Trio::Probe probe = trio_.Prepare(population_.probe);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    for (const Orientation orientation : {Orientation::kNormal, Orientation::kMirror}) {
      const RotationWindow window = side == Side::kLeft ? RotationWindow{0, 5} : RotationWindow{-3, 2};
      for (int round = 0; round < 6; ++round) {
        SearchTerms terms = Terms(probe.plain, 1 + static_cast<std::uint32_t>(random_() % 60), side, window);
        terms.orientation = orientation;
        const Trio::Opened opened = trio_.Open(terms, &probe);
        for (std::size_t batch = 0; batch < 1 + random_() % 4; ++batch) {
          trio_.StepAlike(opened, Candidates(random_() % 100));
        }
      }
    }
  }
}

TEST_F(StepRuns, TakeBatchesOfOneAndOfManyChunks) {
  const Trio::Probe probe = trio_.Prepare(population_.probe);
  const Trio::Opened opened = trio_.Open(Terms(probe.plain, 20), &probe);
  EXPECT_GT(trio_.StepAlike(opened, {{1, 0}}), 0U);
  EXPECT_GT(trio_.StepAlike(opened, Candidates(200)), 0U);
  EXPECT_GT(trio_.StepAlike(opened, {{2, 0}}), 0U);
  EXPECT_EQ(trio_.StepAlike(opened, {}), 0U);
  EXPECT_GT(trio_.StepAlike(opened, Candidates(129)), 0U);
}

TEST_F(StepRuns, FindWhoseMirroredPictureTheProbeIs) {
  const NaiveIris& person = population_.irises[4];
  const Trio::Probe probe = trio_.Prepare({naive::Mirrored(person.right), naive::Mirrored(person.left)});
  SearchTerms terms = Terms(probe.plain, 5, Side::kRight);
  terms.orientation = Orientation::kMirror;
  const Trio::Opened opened = trio_.Open(terms, &probe);
  const auto runs = trio_.Begin(opened, {{1, 0}, {2, 0}, {5, 0}});
  HandRound(runs);
  for (const auto& run : runs) {
    EXPECT_EQ(test::Pairs(run->step().answer.entered)[0], (std::pair<std::uint32_t, std::uint32_t>{2, 0}));
    EXPECT_EQ(run->step().answer.match_count, 1U);
  }
}

TEST_F(StepRuns, PutWhatIsStaleLastAndOutWithoutAWordToTheOthers) {
  trio_.Erase(3, 1);
  const Trio::Probe probe = trio_.Prepare(population_.irises[0]);
  const Trio::Opened opened = trio_.Open(Terms(probe.plain, 4), &probe);
  EXPECT_EQ(trio_.StepAlike(opened, {{3, 0}, {3, 1}, {2, 7}}), 0U);
  EXPECT_GT(trio_.StepAlike(opened, {{99, 0}, {4, 0}, {0, 0}, {1, 0}}), 0U);
  EXPECT_GT(trio_.StepAlike(opened, {{5, 0}, {3, 0}, {7, 0}, {9, 0}}), 0U);
  EXPECT_EQ(trio_.StepAlike(opened, {{3, 0}}), 0U);
  // Whatever the threshold.
  SearchTerms widest = Terms(probe.plain, 4);
  widest.match_limit = 0;
  EXPECT_EQ(trio_.StepAlike(trio_.Open(widest, &probe), {{3, 0}, {1, 5}}), 0U);
}

TEST_F(StepRuns, SearchFromStoredIrises) {
  SearchTerms terms = Terms<Query>(nullptr, 7, Side::kRight, {0, 0});
  terms.stored = {11, 0};
  const Trio::Opened opened = trio_.Open(terms, nullptr);
  trio_.StepAlike(opened, Candidates(40));
  // Once prepared it stays, whatever becomes of the iris.
  trio_.Erase(11, 1);
  trio_.StepAlike(opened, Candidates(40));
  EXPECT_EQ(trio_.StepAlike(trio_.Open(terms, nullptr), {{1, 0}}), 0U);
  EXPECT_EQ(trio_.StepAlike(trio_.Open(terms, nullptr), {}), 0U);
}

TEST_F(StepRuns, CountWhatTheyCompared) {
  const Trio::Probe probe = trio_.Prepare(population_.probe);
  trio_.StepAlike(trio_.Open(Terms(probe.plain, 5), &probe), {{1, 0}, {2, 0}, {2, 1}, {3, 0}});
  for (const auto& party : trio_.parties) EXPECT_EQ(party->distances.load(), 3U);
}

class FailingRuns : public StepRuns {
 protected:
  FailingRuns() : StepRuns(3) {}

  static ErrorCode CodeOf(const RunProgress& progress) {
    EXPECT_TRUE(progress.failure.has_value());
    return progress.failure.has_value() ? progress.failure->code() : ErrorCode::kSystem;
  }

  static ErrorCode RefusalOf(PartyRun& run) {
    try {
      run.Advance({}, [](const RunProgress&) { ADD_FAILURE() << "was not refused"; });
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kSystem;
  }
};

TEST_F(FailingRuns, FailWhenAPartyHoldsOtherIrises) {
  const Trio::Probe probe = trio_.Prepare(population_.probe);
  const Trio::Opened opened = trio_.Open(Terms(probe.plain, 5), &probe);
  // As many live ones, but not the same.
  trio_.parties[1]->Enrol(3, 1, IrisShares{});
  const auto runs = trio_.Begin(opened, {{1, 0}, {3, 0}, {3, 1}});
  std::array<Bytes, kParties> messages;
  for (unsigned party = 0; party < kParties; ++party)
    messages[party] = *test::Advance(*runs[party], {}).message;
  EXPECT_EQ(messages[0].size(), messages[1].size());
  EXPECT_EQ(CodeOf(test::Advance(*runs[1], messages[0])), ErrorCode::kPartyFailed);
  EXPECT_EQ(CodeOf(test::Advance(*runs[2], messages[1])), ErrorCode::kPartyFailed);
  EXPECT_FALSE(test::Advance(*runs[0], messages[2]).failure.has_value());
}

TEST_F(FailingRuns, FailAtAMessageOfAnotherSizeAndAreOverThen) {
  const Trio::Probe probe = trio_.Prepare(population_.probe);
  const Trio::Opened opened = trio_.Open(Terms(probe.plain, 5), &probe);
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{9}}) {
    const auto runs = trio_.Begin(opened, {{1, 0}, {2, 0}, {3, 0}});
    test::Advance(*runs[0], {});
    EXPECT_EQ(CodeOf(test::Advance(*runs[0], Bytes(length))), ErrorCode::kPartyFailed);
    EXPECT_THROW(test::Advance(*runs[0], {}), Error);
  }
  const auto runs = trio_.Begin(opened, {{1, 0}, {2, 0}, {3, 0}});
  EXPECT_EQ(CodeOf(test::Advance(*runs[0], Bytes(1))), ErrorCode::kPartyFailed);
}

TEST_F(FailingRuns, RefuseACallBeforeTheLastOneIsReportedAndGoOn) {
  const Trio::Probe probe = trio_.Prepare(population_.probe);
  const auto runs = trio_.Begin(trio_.Open(Terms(probe.plain, 5), &probe), {{1, 0}, {2, 0}});
  std::promise<RunProgress> reported;
  test::Gate gate(*trio_.parties[0]);
  runs[0]->Advance({}, [&reported](RunProgress progress) { reported.set_value(std::move(progress)); });
  EXPECT_EQ(RefusalOf(*runs[0]), ErrorCode::kInvalidArgument);
  gate.Open();
  EXPECT_TRUE(reported.get_future().get().message.has_value());
}

TEST_F(FailingRuns, AreCancelledWhereverTheyAreAbandoned) {
  const Trio::Probe probe = trio_.Prepare(population_.probe);
  const Trio::Opened opened = trio_.Open(Terms(probe.plain, 5), &probe);
  const auto unstarted = trio_.Begin(opened, {{1, 0}, {2, 0}})[0];
  unstarted->Abandon();
  EXPECT_EQ(RefusalOf(*unstarted), ErrorCode::kCancelled);

  const auto working = trio_.Begin(opened, {{1, 0}, {2, 0}})[0];
  std::promise<RunProgress> reported;
  test::Gate gate(*trio_.parties[0]);
  working->Advance({}, [&reported](RunProgress progress) { reported.set_value(std::move(progress)); });
  working->Abandon();
  gate.Open();
  EXPECT_EQ(CodeOf(reported.get_future().get()), ErrorCode::kCancelled);
  EXPECT_EQ(trio_.parties[0]->distances.load(), 0U);

  const auto waiting = trio_.Begin(opened, {{1, 0}, {2, 0}})[0];
  EXPECT_TRUE(test::Advance(*waiting, {}).message.has_value());
  waiting->Abandon();
  EXPECT_EQ(RefusalOf(*waiting), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace irispair
