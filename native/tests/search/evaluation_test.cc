#include "core/search/evaluation.h"

#include <gtest/gtest.h>

#include "tests/search/support.h"

namespace irispair {
namespace {

using test::Bench;
using test::Gate;
using test::NaiveIris;
using test::NaiveRanking;
using test::Pairs;
using test::Prepared;
using test::RandomIris;
using test::StepOf;
using test::Terms;

using Expected = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// Strangers, captures of the probe at several distances and rotations, equals of equals, and one that shares
// no usable bit with anybody.
class Population {
 public:
  Population(std::mt19937& random, std::size_t columns) : probe(RandomIris(random, 0.8, columns)) {
    for (int person = 0; person < 40; ++person) {
      NaiveIris iris;
      if (person % 5 == 0) {
        const double flipped = 0.05 * (person % 9);
        const int rotation = person % 13 - 6;
        iris = {test::Recaptured(probe.left, flipped, rotation, random),
                test::Recaptured(probe.right, flipped, rotation, random)};
      } else if (person % 7 == 3) {
        iris = irises.back();
      } else if (person == 11) {
        iris = {naive::Random(random, 0.0, columns), naive::Random(random, 0.0, columns)};
      } else {
        iris = RandomIris(random, 0.8, columns);
      }
      irises.push_back(iris);
    }
  }

  NaiveIris probe;
  // Serial id less 1.
  std::vector<NaiveIris> irises;
};

template <typename Eye>
class EvaluationOfShape : public testing::Test {};

using Shapes = testing::Types<EyePlanes, WideEyePlanes>;
TYPED_TEST_SUITE(EvaluationOfShape, Shapes);

TYPED_TEST(EvaluationOfShape, RanksAsSortingEveryDistanceWouldWhateverTheBatches) {
  std::mt19937 random(11);
  const Population population(random, TypeParam::kColumns);
  test::BasicBench<TypeParam> bench(64);
  for (std::uint32_t index = 0; index < 40; ++index) {
    bench.Enrol(index + 1, 0, population.irises[index].template Planes<TypeParam>());
  }
  bench.gallery.Erase(6, 1);
  bench.Enrol(8, 1, population.irises[8].template Planes<TypeParam>());
  const auto query = Prepared<TypeParam>(population.probe);
  const NaiveIris mirrored{naive::Mirrored(population.probe.right), naive::Mirrored(population.probe.left)};

  for (const Side side : {Side::kLeft, Side::kRight}) {
    for (const Orientation orientation : {Orientation::kNormal, Orientation::kMirror}) {
      const RotationWindow window = side == Side::kLeft ? RotationWindow{0, 5} : RotationWindow{-3, 2};
      const NaiveIris& as_seen = orientation == Orientation::kNormal ? population.probe : mirrored;
      std::vector<Distance> least;
      for (const NaiveIris& iris : population.irises) {
        least.push_back(test::NaiveLeast(as_seen.On(side), iris.On(side), window));
      }
      for (int round = 0; round < 25; ++round) {
        auto terms = Terms(query, 1 + static_cast<std::uint32_t>(random() % 60), side, window);
        terms.orientation = orientation;
        const auto search = std::make_shared<BasicSearch<TypeParam>>(terms);
        NaiveRanking ranking(terms.ef);
        const int batches = 1 + static_cast<int>(random() % 4);
        for (int batch = 0; batch < batches; ++batch) {
          std::vector<StoredId> candidates;
          std::vector<Distance> expected;
          std::uint32_t stale = 0;
          // Up to three chunks; repetitions are frequent.
          for (std::size_t count = random() % 160; count > 0; --count) {
            const auto serial_id = static_cast<std::uint32_t>(random() % 43);
            const auto version = static_cast<std::uint32_t>(random() % 8 == 0 ? 1 : 0);
            candidates.push_back({serial_id, version});
            const bool live =
                serial_id >= 1 && serial_id <= 40 && serial_id != 6 && version == (serial_id == 8 ? 1U : 0U);
            if (!live) ++stale;
            // Version 1 of person 8 is a copy of person 9.
            expected.push_back(live ? least[serial_id == 8 ? 8 : serial_id - 1] : Distance{});
          }
          auto step = StepOf(search, candidates);
          step.with_distances = true;
          const StepAnswer answer = bench.Answer(std::move(step));
          const NaiveRanking::Answer naive = ranking.Add(expected);
          ASSERT_EQ(answer.outcome, StepOutcome::kOk);
          ASSERT_EQ(Pairs(answer.entered), naive.entered) << "round " << round << " batch " << batch;
          ASSERT_EQ(answer.distances, naive.distances);
          ASSERT_EQ(answer.match_count, naive.match_count);
          ASSERT_EQ(answer.neighbourhood_size, naive.size);
          ASSERT_EQ(answer.stale, stale);
        }
      }
    }
  }
}

class EvaluationOfFour : public testing::Test {
 protected:
  EvaluationOfFour() : random_(12), bench_(8) {
    for (std::uint32_t serial_id = 1; serial_id <= 4; ++serial_id) {
      irises_.push_back(RandomIris(random_));
      bench_.Enrol(serial_id, 0, irises_.back().Planes());
    }
  }

  std::shared_ptr<Search> Open(std::size_t person, std::uint32_t ef) {
    return std::make_shared<Search>(Terms(Prepared(irises_[person]), ef));
  }

  std::mt19937 random_;
  std::vector<NaiveIris> irises_;
  Bench bench_;
};

TEST_F(EvaluationOfFour, PutsStaleDeletedAndUnknownCandidatesLastAndNeverMatchesThem) {
  bench_.gallery.Erase(3, 1);
  const auto search = Open(0, 9);
  const StepAnswer answer = bench_.Answer(
      StepOf(search, {{3, 0}, {3, 1}, {2, 7}, {2, 65536}, {0, 0}, {0xffff'ffff, 0}, {4, 0}, {1, 0}}));
  EXPECT_EQ(Pairs(answer.entered),
            (Expected{{7, 0}, {6, 1}, {0, 2}, {1, 3}, {2, 4}, {3, 5}, {4, 6}, {5, 7}}));
  EXPECT_EQ(answer.stale, 6U);
  EXPECT_EQ(answer.match_count, 1U);
  EXPECT_EQ(bench_.distances.load(), 2U);
  // Whatever has a distance pushes them out.
  const StepAnswer next = bench_.Answer(StepOf(search, {{2, 0}, {4, 0}}));
  ASSERT_EQ(next.entered.size(), 2U);
  EXPECT_LE(next.entered[1].rank, 3U);
}

TEST_F(EvaluationOfFour, NeverMatchesStaleCandidatesEvenAtTheWidestThreshold) {
  SearchTerms terms = Terms(Prepared(irises_[0]), 4);
  terms.match_limit = 0;
  const StepAnswer answer = bench_.Answer(StepOf(std::make_shared<Search>(terms), {{9, 0}, {1, 5}}));
  EXPECT_EQ(answer.neighbourhood_size, 2U);
  EXPECT_EQ(answer.match_count, 0U);
}

TEST_F(EvaluationOfFour, RanksEveryCopyOfACandidateThatABatchRepeats) {
  const StepAnswer answer = bench_.Answer(StepOf(Open(1, 3), {{2, 0}, {3, 0}, {2, 0}, {2, 0}}));
  EXPECT_EQ(Pairs(answer.entered), (Expected{{0, 0}, {2, 1}, {3, 2}}));
  EXPECT_EQ(answer.match_count, 3U);
}

TEST_F(EvaluationOfFour, AnswersTheStateOfTheSearchToAnEmptyBatch) {
  const auto search = Open(0, 3);
  bench_.Answer(StepOf(search, {{1, 0}, {2, 0}}));
  const StepAnswer answer = bench_.Answer(StepOf(search, {}));
  EXPECT_EQ(answer.outcome, StepOutcome::kOk);
  EXPECT_TRUE(answer.entered.empty());
  EXPECT_EQ(answer.neighbourhood_size, 2U);
  EXPECT_EQ(answer.match_count, 1U);
}

TEST_F(EvaluationOfFour, TellsDistancesOnlyWhenAsked) {
  EXPECT_TRUE(bench_.Answer(StepOf(Open(0, 4), {{1, 0}, {2, 0}})).distances.empty());
  Step step = StepOf(Open(0, 4), {{2, 0}, {1, 0}});
  step.with_distances = true;
  const StepAnswer answer = bench_.Answer(std::move(step));
  const RotationWindow window{0, 5};
  EXPECT_EQ(answer.distances, (std::vector{test::NaiveLeast(irises_[0].left, irises_[0].left, window),
                                           test::NaiveLeast(irises_[0].left, irises_[1].left, window)}));
}

TEST_F(EvaluationOfFour, DoesNoWorkPastTheDeadlineAndLeavesTheNeighbourhoodAsItWas) {
  const auto search = Open(0, 4);
  bench_.Answer(StepOf(search, {{2, 0}}));
  const double deadline = MonotonicMicroseconds() + 100;
  Step late = StepOf(search, {{1, 0}, {3, 0}});
  late.deadline_microseconds = deadline;
  std::future<std::shared_ptr<Evaluation>> evaluated;
  {
    const Gate gate(bench_);
    std::vector<Step> steps;
    steps.push_back(std::move(late));
    steps.push_back(StepOf(Open(1, 4), {{2, 0}}));
    evaluated = bench_.Start(std::move(steps));
    while (MonotonicMicroseconds() <= deadline) std::this_thread::yield();
  }
  const auto done = evaluated.get();
  EXPECT_EQ(done->steps()[0].answer.outcome, StepOutcome::kDeadlineExceeded);
  EXPECT_NE(done->steps()[0].answer.detail, "");
  EXPECT_TRUE(done->steps()[0].answer.entered.empty());
  EXPECT_EQ(done->steps()[1].answer.outcome, StepOutcome::kOk);
  EXPECT_EQ(bench_.distances.load(), 2U);
  EXPECT_EQ(search->neighbourhood().size(), 1U);
}

TEST_F(EvaluationOfFour, ComputesWhatIsStillInTime) {
  Step step = StepOf(Open(0, 4), {{1, 0}});
  step.deadline_microseconds = MonotonicMicroseconds() + 600e6;
  EXPECT_EQ(bench_.Answer(std::move(step)).outcome, StepOutcome::kOk);
}

TEST_F(EvaluationOfFour, ReportsAtOnceWhenEveryStepWasRefused) {
  std::vector<Step> steps(2);
  steps[1].answer.outcome = StepOutcome::kUnknownSearch;
  steps[1].answer.detail = "as the border said";
  const auto done = bench_.Evaluate(std::move(steps));
  EXPECT_EQ(done->steps()[1].answer.outcome, StepOutcome::kUnknownSearch);
  EXPECT_EQ(done->steps()[1].answer.detail, "as the border said");
  EXPECT_GT(done->started_microseconds(), 0);
  EXPECT_EQ(done->started_microseconds(), done->finished_microseconds());
  EXPECT_TRUE(bench_.Evaluate({})->steps().empty());
}

TEST_F(EvaluationOfFour, EvaluatesTheOthersBesideARefusedStep) {
  std::vector<Step> steps(1);
  steps[0].answer.outcome = StepOutcome::kInvalid;
  steps.push_back(StepOf(Open(3, 4), {{4, 0}}));
  const auto done = bench_.Evaluate(std::move(steps));
  EXPECT_EQ(done->steps()[0].answer.outcome, StepOutcome::kInvalid);
  EXPECT_EQ(done->steps()[1].answer.match_count, 1U);
  EXPECT_LE(done->started_microseconds(), done->finished_microseconds());
}

class EvaluationFromAStoredIris : public EvaluationOfFour {
 protected:
  static std::shared_ptr<Search> OpenStored(StoredId stored) {
    SearchTerms terms = Terms<Query>(nullptr, 4);
    terms.stored = stored;
    return std::make_shared<Search>(terms);
  }
};

TEST_F(EvaluationFromAStoredIris, FindsItFirst) {
  const StepAnswer answer = bench_.Answer(StepOf(OpenStored({2, 0}), {{1, 0}, {2, 0}, {3, 0}}));
  EXPECT_EQ(answer.entered[0].index, 1U);
  EXPECT_EQ(answer.match_count, 1U);
}

TEST_F(EvaluationFromAStoredIris, RefusesOneThatIsNotCurrent) {
  bench_.gallery.Erase(4, 1);
  for (const StoredId stored : {StoredId{2, 1}, StoredId{4, 0}, StoredId{4, 1}, StoredId{9, 0}}) {
    // Empty, of one chunk and of several.
    for (const std::size_t count : {0U, 3U, 200U}) {
      const StepAnswer answer =
          bench_.Answer(StepOf(OpenStored(stored), std::vector<StoredId>(count, StoredId{1, 0})));
      EXPECT_EQ(answer.outcome, StepOutcome::kUnknownQuery);
      EXPECT_NE(answer.detail, "");
      EXPECT_TRUE(answer.entered.empty());
    }
  }
  EXPECT_EQ(bench_.distances.load(), 0U);
}

TEST_F(EvaluationFromAStoredIris, GoesOnWithWhatItBeganWithWhenTheIrisIsReplaced) {
  const auto search = OpenStored({2, 0});
  bench_.Answer(StepOf(search, {{2, 0}}));
  bench_.Enrol(5, 0, irises_[1].Planes());
  bench_.Enrol(2, 1, irises_[0].Planes());
  const StepAnswer answer = bench_.Answer(StepOf(search, {{5, 0}, {2, 1}}));
  EXPECT_EQ(answer.outcome, StepOutcome::kOk);
  EXPECT_EQ(Pairs(answer.entered), (Expected{{0, 1}, {1, 2}}));
  EXPECT_EQ(answer.match_count, 2U);
}

TEST_F(EvaluationOfFour, KeepsAQueryThatIsReleasedWhileItRuns) {
  Queries queries;
  const QueryHandle handle = queries.Add(Prepared(irises_[2]));
  std::weak_ptr<const Query> watched = queries.Find(handle);
  std::future<std::shared_ptr<Evaluation>> evaluated;
  {
    const Gate gate(bench_);
    std::vector<Step> steps;
    steps.push_back(
        StepOf(std::make_shared<Search>(Terms(queries.Find(handle), 4)), {{1, 0}, {3, 0}, {4, 0}}));
    evaluated = bench_.Start(std::move(steps));
    queries.Release(handle);
    EXPECT_EQ(queries.Find(handle), nullptr);
  }
  {
    const auto done = evaluated.get();
    EXPECT_EQ(done->steps()[0].answer.match_count, 1U);
    EXPECT_EQ(done->steps()[0].answer.entered[0].index, 1U);
    EXPECT_FALSE(watched.expired());
  }
  evaluated = {};
  // A worker may hold the evaluation until its task's end.
  const Gate idle(bench_);
  EXPECT_TRUE(watched.expired());
}

TEST_F(EvaluationOfFour, KeepsASearchWhoseStreamIsClosedWhileItsStepRuns) {
  std::future<std::shared_ptr<Evaluation>> evaluated;
  std::weak_ptr<Search> watched;
  {
    const Gate gate(bench_);
    auto search = Open(3, 4);
    watched = search;
    std::vector<Step> steps;
    steps.push_back(StepOf(search, {{4, 0}, {1, 0}}));
    evaluated = bench_.Start(std::move(steps));
    search.reset();
  }
  EXPECT_EQ(evaluated.get()->steps()[0].answer.match_count, 1U);
  evaluated = {};
  const Gate idle(bench_);
  EXPECT_TRUE(watched.expired());
}

TEST(Queries, AreFoundUntilReleasedAndNeverReuseAHandle) {
  std::mt19937 random(13);
  const auto query = Prepared(RandomIris(random));
  Queries queries;
  const QueryHandle first = queries.Add(query);
  const QueryHandle second = queries.Add(query);
  queries.Release(first);
  queries.Release(first);
  queries.Release(77);
  EXPECT_EQ(queries.size(), 1U);
  EXPECT_EQ(queries.Find(first), nullptr);
  EXPECT_EQ(queries.Find(second), query);
  const QueryHandle third = queries.Add(query);
  EXPECT_NE(third, first);
  EXPECT_NE(third, second);
}

}  // namespace
}  // namespace irispair
