// Three parties search at once from several threads while their writers update and erase, and runs are
// abandoned while workers work.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/shared_search/support.h"

namespace irispair {
namespace {

using test::SharedBench;

constexpr std::uint32_t kPeople = 12;

// Runs of one thread at all three parties. Irises change between parties: a run may fail with kPartyFailed.
class Searcher {
 public:
  Searcher(std::array<std::unique_ptr<SharedBench>, kParties>& parties, unsigned seed)
      : parties_(parties), random_(seed) {}

  void Run() {
    for (int round = 0; round < 60; ++round) Step();
    // A party that does not change while a run begins is there often enough.
    EXPECT_GT(answered_, 0);
    EXPECT_GT(abandoned_, 0);
  }

 private:
  void Step() {
    const auto keys = RandomKeys(random_);
    std::vector<StoredId> candidates;
    for (std::size_t count = 1 + random_() % 70; count > 0; --count) {
      candidates.push_back(
          {static_cast<std::uint32_t>(1 + random_() % kPeople), static_cast<std::uint32_t>(random_() % 3)});
    }
    std::array<std::shared_ptr<StepRun>, kParties> runs;
    for (unsigned party = 0; party < kParties; ++party) {
      SharedSearchTerms terms;
      terms.stored = {1, 0};
      terms.window = {0, 1};
      terms.ef = 4;
      terms.match_limit = test::kLimit;
      SharedStep step;
      step.search = std::make_shared<SharedSearch>(terms);
      step.candidates = candidates;
      runs[party] = std::make_shared<StepRun>(parties_[party]->GetWorkshop(), keys[party], std::move(step));
    }
    const std::uint64_t leaving = random_() % 6;
    std::thread leaver([&runs, leaving] {
      if (leaving < kParties) runs[leaving]->Abandon();
    });
    try {
      test::HandRound(runs);
      ++answered_;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kPartyFailed);
      if (error.code() == ErrorCode::kCancelled) ++abandoned_;
    }
    leaver.join();
  }

  std::array<std::unique_ptr<SharedBench>, kParties>& parties_;
  std::mt19937_64 random_;
  int answered_ = 0;
  int abandoned_ = 0;
};

TEST(SharedStress, RunsAreAbandonedWhileWorkersWorkAndAWriterUpdatesAndErases) {
  std::array<std::unique_ptr<SharedBench>, kParties> parties;
  std::mt19937_64 random(64);
  for (unsigned party = 0; party < kParties; ++party) {
    parties[party] = std::make_unique<SharedBench>(party, kPeople + 8, 2);
    for (std::uint32_t serial_id = 1; serial_id <= kPeople; ++serial_id) {
      parties[party]->Enrol(serial_id, 0, {RandomShare(random), RandomShare(random)});
    }
  }
  const IrisShares other{RandomShare(random), RandomShare(random)};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    std::uint16_t version = 1;
    while (!stop.load()) {
      const auto serial_id = static_cast<std::uint32_t>(2 + random() % (kPeople - 1));
      for (const auto& party : parties) {
        if (version % 5 == 0) {
          party->gallery.Erase(serial_id, version);
        } else {
          party->Enrol(serial_id, version % 3, other);
        }
      }
      ++version;
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> searchers;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    searchers.emplace_back([&, seed] { Searcher(parties, seed).Run(); });
  }
  for (std::thread& searcher : searchers) searcher.join();
  stop = true;
  writer.join();
  // Nothing that was withdrawn is held once all is quiet.
  for (const auto& party : parties) {
    const test::Gate idle(*party);
    party->gallery.Reclaim();
    EXPECT_TRUE(party->gallery.Reserve(kPeople + 8 - party->gallery.used()));
  }
}

}  // namespace
}  // namespace irispair
