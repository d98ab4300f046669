#include "core/shared_search/comparison_run.h"

#include <gtest/gtest.h>

#include "core/search/batch_compare.h"
#include "tests/shared_search/support.h"

namespace irispair {
namespace {

using test::NaiveIris;
using test::Trio;

TEST(ComparisonRun, TellsWhichEyesOfEveryPairMatchAsThePlainEngineDoes) {
  std::mt19937 random(62);
  const std::vector<NaiveIris> batch = test::CapturesOfOnePerson(random);
  Trio trio(1);
  std::vector<Trio::Probe> probes;
  std::vector<std::shared_ptr<const Query>> plain;
  for (const NaiveIris& iris : batch) {
    probes.push_back(trio.Prepare(iris));
    plain.push_back(probes.back().plain);
  }
  for (const std::size_t size : {std::size_t{2}, std::size_t{3}, batch.size()}) {
    probes.resize(std::min(probes.size(), batch.size()));
    const std::vector<Trio::Probe> some(probes.begin(), probes.begin() + static_cast<std::ptrdiff_t>(size));
    const RotationWindow window = size == 3 ? RotationWindow{-2, 3} : RotationWindow{0, 5};
    std::vector<std::uint8_t> expected;
    for (std::size_t row = 0; row < size; ++row) {
      const auto bits = MatchBitsWithLater<EyePlanes>(std::span(plain).first(size), row, window, test::kLimit,
                                                      BestKernel());
      expected.insert(expected.end(), bits.begin(), bits.end());
    }
    const auto runs = trio.Compare(some, window);
    EXPECT_GT(test::HandRound(runs), 0U);
    for (const auto& run : runs) EXPECT_EQ(run->bits(), expected);
    EXPECT_GT(std::ranges::count(expected, 3), 0);
  }
}

TEST(ComparisonRun, TakesABatchOfMoreThanOneBlock) {
  std::mt19937 random(65);
  Trio trio(1);
  std::vector<Trio::Probe> probes;
  NaiveIris person = test::RandomIris(random);
  // 561 pairs of queries, 4 comparisons each, 31 rotations.
  for (int index = 0; index < 34; ++index) {
    if (index % 10 != 0) person = test::RandomIris(random);
    probes.push_back(trio.Prepare(person));
  }
  const auto runs = trio.Compare(probes, {0, 15});
  test::HandRound(runs);
  std::vector<std::uint8_t> expected;
  for (int earlier = 0; earlier < 34; ++earlier) {
    for (int later = earlier + 1; later < 34; ++later) {
      expected.push_back(later == earlier + 1 && later % 10 == 0 ? 3 : 0);
    }
  }
  for (const auto& run : runs) EXPECT_EQ(run->bits(), expected);
}

TEST(ComparisonRun, FailsWhenAPartyComparesOtherRotations) {
  std::mt19937 random(63);
  Trio trio(1);
  const std::vector<Trio::Probe> probes{trio.Prepare(test::RandomIris(random)),
                                        trio.Prepare(test::RandomIris(random))};
  const auto runs = trio.Compare(probes, {0, 2});
  const auto others = trio.Compare(probes, {1, 2});
  const Bytes message = *test::Advance(*runs[0], {}).message;
  test::Advance(*others[1], {});
  const RunProgress progress = test::Advance(*others[1], message);
  ASSERT_TRUE(progress.failure.has_value());
  EXPECT_EQ(progress.failure->code(), ErrorCode::kPartyFailed);
}

}  // namespace
}  // namespace irispair
