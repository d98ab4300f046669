#include "core/search/scan.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/search/support.h"

namespace irispair {
namespace {

using test::Bench;
using test::Gate;
using test::NaiveIris;
using test::Prepared;
using test::RandomIris;
using test::Terms;

// An eye that differs from the unmasked eye of zeros in its first `bits` bits exactly.
template <typename Eye = EyePlanes>
Eye Differing(std::uint32_t bits) {
  Eye eye{};
  eye.mask.fill(~std::uint32_t{0});
  for (std::size_t column = 0; column < Eye::kColumns && bits > 0; ++column) {
    for (std::uint32_t* word : {&eye.real[column], &eye.imaginary[column]}) {
      for (; bits > 0 && *word != ~std::uint32_t{0}; --bits) *word = *word << 1 | 1;
    }
  }
  return eye;
}

// What a scan with the probe of zeros must tell of an id: no two versions look alike.
std::uint32_t BitsOf(std::uint32_t serial_id, std::uint32_t version) {
  return 40 + (serial_id * 7 + version * 101) % 6000;
}

IrisPlanes IrisOf(std::uint32_t serial_id, std::uint16_t version) {
  const std::uint32_t bits = BitsOf(serial_id, version);
  return {Differing(bits), Differing(bits + 1)};
}

template <typename Eye = EyePlanes>
std::shared_ptr<const BasicQuery<Eye>> ZeroProbe() {
  return std::make_shared<BasicQuery<Eye>>(BothEyes<Eye>{Differing<Eye>(0), Differing<Eye>(0)});
}

// Every live iris evaluated as a candidate, in the order of serial ids.
template <typename Eye>
std::vector<Found> EvaluateEverything(test::BasicBench<Eye>& bench,
                                      const typename BasicSearch<Eye>::Terms& terms) {
  std::vector<StoredId> candidates;
  for (std::uint32_t serial_id = 1; serial_id <= bench.gallery.directory().highest(); ++serial_id) {
    const DirectoryEntry entry = bench.gallery.directory().Find(serial_id);
    if (entry.state == IrisState::kLive) candidates.push_back({serial_id, entry.version});
  }
  auto step = test::StepOf(std::make_shared<BasicSearch<Eye>>(terms), candidates);
  step.with_distances = true;
  const StepAnswer answer = bench.Answer(std::move(step));
  std::vector<Found> nearest;
  for (std::size_t rank = 0; rank < answer.entered.size(); ++rank) {
    nearest.push_back({candidates[answer.entered[rank].index], answer.distances[rank]});
  }
  return nearest;
}

void ExpectSame(const std::vector<Found>& found, const std::vector<Found>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t rank = 0; rank < found.size(); ++rank) {
    EXPECT_EQ(found[rank].id.serial_id, expected[rank].id.serial_id) << rank;
    EXPECT_EQ(found[rank].id.version, expected[rank].id.version) << rank;
    EXPECT_EQ(found[rank].distance, expected[rank].distance) << rank;
  }
}

template <typename Eye>
class ScanOfShape : public testing::Test {};

using Shapes = testing::Types<EyePlanes, WideEyePlanes>;
TYPED_TEST_SUITE(ScanOfShape, Shapes);

TYPED_TEST(ScanOfShape, FindsWhatEvaluatingEverythingFinds) {
  std::mt19937 random(21);
  test::BasicBench<TypeParam> bench(1400);
  const auto another = [&random] { return RandomIris(random, 0.8, TypeParam::kColumns); };
  const NaiveIris probe = another();
  const std::vector<BothEyes<TypeParam>> some{another().template Planes<TypeParam>(),
                                              probe.template Planes<TypeParam>(),
                                              another().template Planes<TypeParam>(), BothEyes<TypeParam>{}};
  // Several chunks of serial ids; every iris occurs often, so that ties are decided everywhere.
  for (std::uint32_t serial_id = 1; serial_id <= 1300; ++serial_id) {
    if (random() % 9 == 0) continue;
    bench.Enrol(serial_id, static_cast<std::uint16_t>(random() % 3), some[random() % some.size()]);
    if (random() % 11 == 0) bench.gallery.Erase(serial_id, 9);
  }
  const auto live = bench.gallery.used();
  std::vector<typename BasicSearch<TypeParam>::Terms> searches;
  for (const Side side : {Side::kLeft, Side::kRight, Side::kLeft}) {
    for (const std::uint32_t ef : {1U, 37U, 5000U}) {
      searches.push_back(Terms(Prepared<TypeParam>(probe), ef, side, {-4, 2}));
      searches.push_back(Terms(ZeroProbe<TypeParam>(), ef, side, {0, 0}));
      searches.back().orientation = Orientation::kMirror;
    }
  }
  const auto scan = bench.RunScan(searches);
  EXPECT_EQ(scan->outcome(), ScanOutcome::kDone);
  EXPECT_EQ(bench.distances.load(), std::uint64_t{live} * searches.size());
  for (std::size_t search = 0; search < searches.size(); ++search) {
    const ScanAnswer& answer = scan->answers()[search];
    const std::vector<Found> expected = EvaluateEverything<TypeParam>(bench, searches[search]);
    ExpectSame(answer.nearest, expected);
    EXPECT_EQ(answer.compared, live);
    EXPECT_EQ(answer.match_count, std::ranges::count_if(expected, [](const Found& found) {
                return IsMatch(found.distance, test::kLimit);
              }));
  }
}

TEST(Scan, OfAnEmptyGalleryOrForNobodyIsDoneAtOnce) {
  Bench bench(4);
  const auto empty = bench.RunScan({Terms(ZeroProbe(), 5)});
  EXPECT_EQ(empty->outcome(), ScanOutcome::kDone);
  EXPECT_TRUE(empty->answers()[0].nearest.empty());
  bench.Enrol(1, 0, IrisOf(1, 0));
  EXPECT_TRUE(bench.RunScan({})->answers().empty());
  EXPECT_EQ(bench.distances.load(), 0U);
}

TEST(Scan, FindsTheLastIdOfEveryChunk) {
  for (const std::uint32_t highest : {1U, 511U, 512U, 1023U, 1024U, 65535U, 65536U, 0xffff'ffffU}) {
    Bench bench(2);
    bench.Enrol(highest, 3, IrisOf(highest, 3));
    const auto scan = bench.RunScan({Terms(ZeroProbe(), 5, Side::kRight, {0, 0})});
    ASSERT_EQ(scan->answers()[0].nearest.size(), 1U) << highest;
    EXPECT_EQ(scan->answers()[0].nearest[0].id.serial_id, highest);
    EXPECT_EQ(scan->answers()[0].nearest[0].distance.differing, BitsOf(highest, 3) + 1);
  }
}

TEST(Scan, ComparesAStoredIrisWhileItIsCurrent) {
  Bench bench(8);
  for (std::uint32_t serial_id = 1; serial_id <= 4; ++serial_id) {
    bench.Enrol(serial_id, 0, IrisOf(serial_id, 0));
  }
  SearchTerms terms = Terms<Query>(nullptr, 2);
  terms.stored = {3, 0};
  const auto scan = bench.RunScan({terms});
  EXPECT_EQ(scan->answers()[0].nearest[0].id.serial_id, 3U);
  EXPECT_EQ(scan->answers()[0].nearest[0].distance.differing, 0U);
  bench.gallery.Erase(3, 1);
  EXPECT_EQ(bench.RunScan({Terms(ZeroProbe(), 2), terms})->outcome(), ScanOutcome::kUnknownQuery);
}

TEST(Scan, DropsWhatIsLeftWhenCancelled) {
  Bench bench(8);
  bench.Enrol(1, 0, IrisOf(1, 0));
  bench.Enrol(5000, 0, IrisOf(5000, 0));
  const auto scan = std::make_shared<Scan>(
      bench.GetWorkshop(),
      std::vector{Terms(ZeroProbe(), 5, Side::kLeft), Terms(ZeroProbe(), 5, Side::kRight)});
  std::future<std::shared_ptr<Scan>> done;
  {
    const Gate gate(bench);
    done = Bench::Wait(scan);
    scan->Cancel();
  }
  EXPECT_EQ(done.get()->outcome(), ScanOutcome::kCancelled);
  EXPECT_EQ(bench.distances.load(), 0U);
  // The pools go on.
  EXPECT_EQ(bench.RunScan({Terms(ZeroProbe(), 5)})->outcome(), ScanOutcome::kDone);
}

TEST(Scan, SeesWholeVersionsOnlyWhileCommitsPublish) {
  constexpr std::uint32_t kUntouched = 600;
  constexpr std::uint32_t kHighest = 1100;
  Bench bench(kHighest + 200, 2);
  for (std::uint32_t serial_id = 1; serial_id <= kHighest; ++serial_id) {
    bench.Enrol(serial_id, 0, IrisOf(serial_id, 0));
  }
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    std::mt19937 random(22);
    std::vector<std::uint16_t> versions(kHighest + 1);
    while (!stop.load()) {
      const auto serial_id = kUntouched + 1 + static_cast<std::uint32_t>(random() % (kHighest - kUntouched));
      const auto version = ++versions[serial_id];
      if (random() % 4 == 0) {
        bench.gallery.Erase(serial_id, version);
      } else {
        bench.Enrol(serial_id, version, IrisOf(serial_id, version));
      }
    }
  });
  for (int round = 0; round < 8; ++round) {
    const auto scan = bench.RunScan({Terms(ZeroProbe(), kHighest, Side::kLeft, {0, 0}),
                                     Terms(ZeroProbe(), kHighest, Side::kRight, {0, 0})});
    for (std::uint32_t side = 0; side < kSides; ++side) {
      const ScanAnswer& answer = scan->answers()[side];
      EXPECT_EQ(answer.compared, answer.nearest.size());
      std::vector<bool> seen(kHighest + 1);
      for (const auto& [id, distance] : answer.nearest) {
        EXPECT_FALSE(seen[id.serial_id]) << id.serial_id;
        seen[id.serial_id] = true;
        EXPECT_EQ(distance.differing, BitsOf(id.serial_id, id.version) + side);
        EXPECT_EQ(distance.unmasked, EyePlanes::kCodeBits);
      }
      for (std::uint32_t serial_id = 1; serial_id <= kUntouched; ++serial_id) {
        EXPECT_TRUE(seen[serial_id]) << serial_id;
      }
    }
  }
  stop = true;
  writer.join();
}

TEST(IdleScan, FindsTheMatchesOfAnAwaitedOneAndNothingElse) {
  Bench bench(700, 3);
  // Parts of the directory in between hold nothing.
  for (const std::uint32_t base : {0U, 200'000U, 0xffff'fc00U}) {
    for (std::uint32_t serial_id = base + 1; serial_id <= base + 200; ++serial_id) {
      bench.Enrol(serial_id, 0, IrisOf(serial_id, 0));
      if (serial_id % 13 == 0) bench.gallery.Erase(serial_id, 1);
    }
  }
  const auto live = bench.gallery.used();
  for (const std::size_t probes : {1U, 3U, 40U, 300U}) {
    std::vector<SearchTerms> searches;
    for (std::size_t probe = 0; probe < probes; ++probe) {
      searches.push_back(Terms(ZeroProbe(), probe % 2 == 0 ? 4000 : 25,
                               probe % 3 == 0 ? Side::kLeft : Side::kRight, {0, 0}));
    }
    const auto awaited = bench.RunScan(searches);
    const auto idle = bench.RunScan(searches, ScanManner::kIdle);
    EXPECT_EQ(idle->outcome(), ScanOutcome::kDone);
    for (std::size_t search = 0; search < searches.size(); ++search) {
      const ScanAnswer& answer = idle->answers()[search];
      std::vector<Found> expected = awaited->answers()[search].nearest;
      expected.resize(awaited->answers()[search].match_count);
      EXPECT_GE(expected.size(), 25U);
      ExpectSame(answer.nearest, expected);
      EXPECT_EQ(answer.match_count, expected.size());
      EXPECT_EQ(answer.compared, live);
    }
  }
}

TEST(IdleScan, OfAnEmptyGalleryOrForNobodyIsDone) {
  Bench bench(4);
  EXPECT_TRUE(bench.RunScan({Terms(ZeroProbe(), 5)}, ScanManner::kIdle)->answers()[0].nearest.empty());
  EXPECT_TRUE(bench.RunScan({}, ScanManner::kIdle)->answers().empty());
  EXPECT_EQ(bench.distances.load(), 0U);
}

TEST(IdleScan, TellsThatAStoredProbeIsNotCurrent) {
  Bench bench(8);
  bench.Enrol(1, 0, IrisOf(1, 0));
  SearchTerms terms = Terms<Query>(nullptr, 2);
  terms.stored = {1, 3};
  EXPECT_EQ(bench.RunScan({terms}, ScanManner::kIdle)->outcome(), ScanOutcome::kUnknownQuery);
}

TEST(IdleScan, WaitsForWhateverElseIsQueuedOnEitherSide) {
  Bench bench(8);
  bench.Enrol(1, 0, IrisOf(1, 0));
  std::future<std::shared_ptr<Scan>> done;
  std::atomic<int> began_before{0};
  {
    // The scan comes first, then what somebody waits for, on both sides and lanes.
    const Gate gate(bench);
    done = Bench::Wait(std::make_shared<Scan>(
        bench.GetWorkshop(), std::vector{Terms(ZeroProbe(), 5, Side::kLeft)}, ScanManner::kIdle));
    for (int task = 0; task < 50; ++task) {
      bench.pools.Submit(task % 2 == 0 ? Side::kRight : Side::kLeft,
                         task % 3 == 0 ? Lane::kScan : Lane::kSearch, [&](WorkerContext&) {
                           if (bench.distances.load() > 0) began_before.fetch_add(1);
                         });
    }
    EXPECT_EQ(bench.pools.Counters(Side::kLeft).queued, 25U);
  }
  EXPECT_EQ(done.get()->answers()[0].match_count, 1U);
  // The other worker may be inside the last of them.
  EXPECT_LE(began_before.load(), 1);
}

TEST(IdleScan, DropsWhatIsLeftWhenCancelledAndLetsThePoolsStop) {
  Bench bench(8);
  bench.Enrol(1, 0, IrisOf(1, 0));
  const auto scan =
      std::make_shared<Scan>(bench.GetWorkshop(), std::vector{Terms(ZeroProbe(), 5)}, ScanManner::kIdle);
  std::future<std::shared_ptr<Scan>> done;
  {
    const Gate gate(bench);
    done = Bench::Wait(scan);
    scan->Cancel();
  }
  EXPECT_EQ(done.get()->outcome(), ScanOutcome::kCancelled);
  EXPECT_EQ(bench.distances.load(), 0U);
}

}  // namespace
}  // namespace irispair
