// Three parties of secret-shared mode in one process, beside the plain engine on the same irises.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "core/shared_search/comparison_run.h"
#include "core/shared_search/step_run.h"
#include "tests/protocol/support/ring.h"
#include "tests/search/support.h"
#include "tests/shares/support.h"

namespace irispair::test {

template <typename Each>
using PerParty = std::array<Each, kParties>;

inline PerParty<IrisShares> SharesOf(const NaiveIris& iris, std::mt19937_64& random) {
  const auto left = Shared(iris.left, random);
  const auto right = Shared(iris.right, random);
  return {IrisShares{left[0], right[0]}, IrisShares{left[1], right[1]}, IrisShares{left[2], right[2]}};
}

// One party's parts without Node.
class SharedBench {
 public:
  SharedBench(unsigned party, std::uint32_t capacity, std::size_t workers_a_side = 1)
      : gallery(ArenasOf(capacity), 2 * workers_a_side, KernelCalls::System()),
        party_(party),
        pools(Workers(workers_a_side), Workers(workers_a_side)) {}

  SharedWorkshop GetWorkshop() { return {gallery, pools, BestDotKernel(), distances, party_}; }

  // The writer's: enrols or replaces.
  void Enrol(std::uint32_t serial_id, std::uint16_t version, const IrisShares& iris) {
    while (!gallery.Reserve(1)) std::this_thread::yield();
    gallery.Publish(serial_id, version, iris);
  }

  SharedGallery gallery;
  std::atomic<std::uint64_t> distances{0};

 private:
  unsigned party_;

 public:
  // Last: its workers stop before what they use goes.
  WorkerPools pools;
};

// One call of a run, awaited.
inline RunProgress Advance(PartyRun& run, Bytes received) {
  std::promise<RunProgress> reported;
  run.Advance(std::move(received),
              [&reported](RunProgress progress) { reported.set_value(std::move(progress)); });
  return reported.get_future().get();
}

// The same call of all three, awaited: what they came to. Throws what one of them failed with.
template <typename Run>
PerParty<RunProgress> AdvanceAll(const PerParty<std::shared_ptr<Run>>& runs, PerParty<Bytes> received) {
  PerParty<std::promise<RunProgress>> reported;
  PerParty<RunProgress> progress;
  for (unsigned party = 0; party < kParties; ++party) {
    try {
      runs[party]->Advance(std::move(received[party]), [&reported, party](RunProgress came_to) {
        reported[party].set_value(std::move(came_to));
      });
    } catch (const Error& error) {
      reported[party].set_value({std::nullopt, error});
    }
  }
  for (unsigned party = 0; party < kParties; ++party) progress[party] = reported[party].get_future().get();
  for (const RunProgress& of_party : progress) {
    if (of_party.failure.has_value()) throw *of_party.failure;
  }
  return progress;
}

// Hands messages round until all are over, and returns how often.
template <typename Run>
std::size_t HandRound(const PerParty<std::shared_ptr<Run>>& runs) {
  PerParty<Bytes> received;
  for (std::size_t round = 0;; ++round) {
    const PerParty<RunProgress> progress = AdvanceAll(runs, std::move(received));
    if (!progress[0].message && !progress[1].message && !progress[2].message) return round;
    for (unsigned party = 0; party < kParties; ++party) {
      const std::optional<Bytes>& message = progress[party].message;
      if (!message.has_value()) throw Error(ErrorCode::kPartyFailed, "a party was over before the others");
      received[(party + 1) % kParties] = *message;
    }
  }
}

// The same irises, shared between three parties and plain.
class Trio {
 public:
  explicit Trio(std::uint32_t capacity, unsigned seed = 1)
      : plain(capacity),
        random_(seed),
        parties{std::make_unique<SharedBench>(0, capacity), std::make_unique<SharedBench>(1, capacity),
                std::make_unique<SharedBench>(2, capacity)} {}

  void Enrol(std::uint32_t serial_id, std::uint16_t version, const NaiveIris& iris) {
    plain.Enrol(serial_id, version, iris.Planes());
    const auto shares = SharesOf(iris, random_);
    for (unsigned party = 0; party < kParties; ++party) {
      parties[party]->Enrol(serial_id, version, shares[party]);
    }
  }

  void Erase(std::uint32_t serial_id, std::uint16_t version) {
    plain.gallery.Erase(serial_id, version);
    for (const auto& party : parties) party->gallery.Erase(serial_id, version);
  }

  struct Probe {
    std::shared_ptr<const Query> plain;
    PerParty<std::shared_ptr<const ShareQuery>> shared;
  };

  Probe Prepare(const NaiveIris& iris) {
    Probe probe{Prepared(iris), {}};
    const auto shares = SharesOf(iris, random_);
    for (unsigned party = 0; party < kParties; ++party) {
      probe.shared[party] = std::make_shared<ShareQuery>(shares[party], party);
    }
    return probe;
  }

  struct Opened {
    std::shared_ptr<Search> plain;
    PerParty<std::shared_ptr<SharedSearch>> shared;
  };

  // Of a stored iris when there is no probe.
  Opened Open(const SearchTerms& terms, const Probe* probe) {
    Opened opened{std::make_shared<Search>(terms), {}};
    for (unsigned party = 0; party < kParties; ++party) {
      SharedSearchTerms shared;
      if (probe != nullptr) shared.query = probe->shared[party];
      shared.stored = terms.stored;
      shared.side = terms.side;
      shared.orientation = terms.orientation;
      shared.window = terms.window;
      shared.ef = terms.ef;
      shared.match_limit = terms.match_limit;
      opened.shared[party] = std::make_shared<SharedSearch>(shared);
    }
    return opened;
  }

  PerParty<std::shared_ptr<StepRun>> Begin(const Opened& opened, const std::vector<StoredId>& candidates) {
    const auto keys = RandomKeys(random_);
    PerParty<std::shared_ptr<StepRun>> runs;
    for (unsigned party = 0; party < kParties; ++party) {
      SharedStep step;
      step.search = opened.shared[party];
      step.candidates = candidates;
      runs[party] = std::make_shared<StepRun>(parties[party]->GetWorkshop(), keys[party], std::move(step));
    }
    return runs;
  }

  PerParty<std::shared_ptr<ComparisonRun>> Compare(const std::vector<Probe>& probes, RotationWindow window) {
    const auto keys = RandomKeys(random_);
    PerParty<std::shared_ptr<ComparisonRun>> runs;
    for (unsigned party = 0; party < kParties; ++party) {
      std::vector<std::shared_ptr<const ShareQuery>> queries;
      for (const Probe& probe : probes) queries.push_back(probe.shared[party]);
      runs[party] = std::make_shared<ComparisonRun>(parties[party]->GetWorkshop(), keys[party],
                                                    std::move(queries), window, kLimit);
    }
    return runs;
  }

  // One step of both; all four answers have to be alike. The number of rounds.
  std::size_t StepAlike(const Opened& opened, const std::vector<StoredId>& candidates) {
    const StepAnswer expected = plain.Answer(StepOf(opened.plain, candidates));
    const auto runs = Begin(opened, candidates);
    const std::size_t rounds = HandRound(runs);
    for (const auto& run : runs) {
      const StepAnswer& answer = run->step().answer;
      EXPECT_EQ(answer.outcome, expected.outcome);
      EXPECT_EQ(answer.detail, expected.detail);
      EXPECT_EQ(Pairs(answer.entered), Pairs(expected.entered));
      EXPECT_EQ(answer.match_count, expected.match_count);
      EXPECT_EQ(answer.neighbourhood_size, expected.neighbourhood_size);
      EXPECT_EQ(answer.stale, expected.stale);
      EXPECT_TRUE(answer.distances.empty());
    }
    return rounds;
  }

  Bench plain;

 private:
  std::mt19937_64 random_;

 public:
  PerParty<std::unique_ptr<SharedBench>> parties;
};

}  // namespace irispair::test
