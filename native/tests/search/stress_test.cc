#include <gtest/gtest.h>

#include <thread>

#include "tests/search/support.h"

namespace irispair {
namespace {

using test::Bench;
using test::NaiveIris;
using test::Prepared;
using test::RandomIris;
using test::StepOf;
using test::Terms;

constexpr std::uint32_t kPeople = 40;
constexpr std::size_t kOthers = 4;
constexpr int kSearchesEach = 150;

// Whoever opens searches: some batches in flight at once over several steps, some scans, queries released
// early.
class Searcher {
 public:
  Searcher(Bench& bench, Queries& queries, const std::vector<NaiveIris>& people, unsigned seed)
      : bench_(bench), queries_(queries), people_(people), random_(seed) {}

  void Run() {
    for (int round = 0; round < kSearchesEach; ++round) {
      const std::size_t person = random_() % kOthers;
      const QueryHandle handle = queries_.Add(Prepared(people_[person]));
      const auto search = std::make_shared<Search>(Terms(queries_.Find(handle), 5));
      const auto opposite = std::make_shared<Search>(Terms(queries_.Find(handle), 5, Side::kRight));
      for (int batch = 0; batch < 3; ++batch) {
        std::vector<Step> steps;
        steps.push_back(StepOf(search, Candidates()));
        steps.push_back(StepOf(opposite, Candidates()));
        steps.push_back(StepOf(Stored(), Candidates()));
        auto evaluated = bench_.Start(std::move(steps));
        if (batch == 1) queries_.Release(handle);
        const auto done = evaluated.get();
        for (std::size_t step = 0; step < 2; ++step) Check(done->steps()[step].answer, batch);
        const StepOutcome stored = done->steps()[2].answer.outcome;
        EXPECT_TRUE(stored == StepOutcome::kOk || stored == StepOutcome::kUnknownQuery);
      }
      if (round % 8 == 0) RunScan(person);
    }
  }

 private:
  // A person who stays as she is, and others of any version.
  std::vector<StoredId> Candidates() {
    std::vector<StoredId> candidates{{1, 0}};
    for (std::size_t count = random_() % 90; count > 0; --count) {
      candidates.push_back(
          {static_cast<std::uint32_t>(2 + random_() % kPeople), static_cast<std::uint32_t>(random_() % 200)});
    }
    return candidates;
  }

  std::shared_ptr<Search> Stored() {
    SearchTerms terms = Terms<Query>(nullptr, 5);
    terms.stored = {static_cast<std::uint32_t>(1 + random_() % kPeople),
                    static_cast<std::uint32_t>(random_() % 3)};
    return std::make_shared<Search>(terms);
  }

  // Ranks ascend and lie within ef; all that was asked of the unchanging person has a distance.
  static void Check(const StepAnswer& answer, int batch) {
    ASSERT_EQ(answer.outcome, StepOutcome::kOk);
    std::int64_t last = -1;
    for (const Entered& entered : answer.entered) {
      EXPECT_GT(std::int64_t{entered.rank}, last);
      EXPECT_LT(entered.rank, 5U);
      last = entered.rank;
    }
    EXPECT_GE(answer.neighbourhood_size, static_cast<std::uint32_t>(std::min(batch + 1, 5)));
  }

  void RunScan(std::size_t person) {
    const auto scan =
        std::make_shared<Scan>(bench_.GetWorkshop(), std::vector{Terms(Prepared(people_[person]), 3)});
    auto done = Bench::Wait(scan);
    if (random_() % 2 == 0) scan->Cancel();
    done.wait();
    if (scan->outcome() == ScanOutcome::kDone) {
      EXPECT_GE(scan->answers()[0].compared, 1U);
    }
  }

  Bench& bench_;
  Queries& queries_;
  const std::vector<NaiveIris>& people_;
  std::mt19937 random_;
};

TEST(Stress, SearchersGoOnWhileAWriterUpdatesAndErases) {
  std::mt19937 random(51);
  std::vector<NaiveIris> people;
  for (std::size_t person = 0; person < kOthers; ++person) people.push_back(RandomIris(random));
  std::vector<IrisPlanes> planes;
  for (const NaiveIris& person : people) planes.push_back(person.Planes());
  Bench bench(kPeople + 20, 2);
  for (std::uint32_t serial_id = 1; serial_id <= kPeople; ++serial_id) {
    bench.Enrol(serial_id, 0, planes[serial_id % kOthers]);
  }
  Queries queries;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    std::vector<std::uint16_t> versions(kPeople + 1);
    while (!stop.load()) {
      const auto serial_id = 2 + static_cast<std::uint32_t>(random() % (kPeople - 1));
      const std::uint16_t version = ++versions[serial_id];
      if (version % 5 == 0) {
        bench.gallery.Erase(serial_id, version);
      } else {
        bench.Enrol(serial_id, version, planes[random() % kOthers]);
      }
    }
  });
  std::vector<std::thread> searchers;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    searchers.emplace_back([&, seed] { Searcher(bench, queries, people, seed).Run(); });
  }
  for (std::thread& searcher : searchers) searcher.join();
  stop = true;
  writer.join();
  EXPECT_EQ(queries.size(), 0U);
  EXPECT_GT(bench.distances.load(), 0U);
  // Nothing that was withdrawn is held once all is quiet.
  const test::Gate idle(bench);
  bench.gallery.Reclaim();
  EXPECT_TRUE(bench.gallery.Reserve(kPeople + 20 - bench.gallery.used()));
}

}  // namespace
}  // namespace irispair
