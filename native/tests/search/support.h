// What the tests of searches share: a small gallery with its pools, templates at known distances, and the
// ranking that keeps every distance and sorts.
#pragma once

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/search/evaluation.h"
#include "core/search/scan.h"
#include "tests/kernels/naive.h"

namespace irispair::test {

// FHD 0.375.
inline constexpr std::uint32_t kLimit = 16384;

struct NaiveIris {
  naive::Template left;
  naive::Template right;

  const naive::Template& On(Side side) const { return side == Side::kLeft ? left : right; }
  template <typename Eye = EyePlanes>
  BothEyes<Eye> Planes() const {
    return {naive::Encoded<Eye>(left), naive::Encoded<Eye>(right)};
  }
};

inline NaiveIris RandomIris(std::mt19937& random, double usable = 0.8, std::size_t columns = 200) {
  return {naive::Random(random, usable, columns), naive::Random(random, usable, columns)};
}

// The same eye captured again: about `flipped` of its bits differ, its columns rolled right by `rotation`.
inline naive::Template Recaptured(const naive::Template& eye, double flipped, int rotation,
                                  std::mt19937& random) {
  naive::Template again(eye.columns);
  const auto columns = static_cast<int>(eye.columns);
  std::bernoulli_distribution flip(flipped);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < eye.columns; ++column) {
      const auto source = static_cast<std::size_t>((static_cast<int>(column) - rotation + columns) % columns);
      for (std::size_t bit = 0; bit < 2 * kWavelets; ++bit) {
        const std::size_t to = naive::BitIndex(eye.columns, row, column, bit / 2, bit % 2);
        const std::size_t from = naive::BitIndex(eye.columns, row, source, bit / 2, bit % 2);
        naive::SetBit(again.code, to, naive::Bit(eye.code, from) != flip(random));
        naive::SetBit(again.mask, to, naive::Bit(eye.mask, from));
      }
    }
  }
  return again;
}

inline Distance NaiveLeast(const naive::Template& probe, const naive::Template& gallery,
                           RotationWindow window) {
  Distance least = naive::Compare(probe, gallery, window.First());
  for (int rotation = window.First() + 1; rotation <= window.Last(); ++rotation) {
    const Distance other = naive::Compare(probe, gallery, rotation);
    if (Nearer(other, least)) least = other;
  }
  return least;
}

// A probe as uploaded.
inline std::vector<std::uint8_t> Upload(const NaiveIris& iris) {
  std::vector<std::uint8_t> probe;
  for (const auto* part : {&iris.left.code, &iris.left.mask, &iris.right.code, &iris.right.mask}) {
    probe.insert(probe.end(), part->begin(), part->end());
  }
  return probe;
}

template <typename Eye = EyePlanes>
std::shared_ptr<const BasicQuery<Eye>> Prepared(const NaiveIris& iris) {
  return std::make_shared<BasicQuery<Eye>>(iris.Planes<Eye>());
}

// A person and captures that match it in every way there is, or nearly.
inline std::vector<NaiveIris> CapturesOfOnePerson(std::mt19937& random, std::size_t columns = 200) {
  const auto stranger = [&random, columns] { return naive::Random(random, 0.8, columns); };
  const NaiveIris person{stranger(), stranger()};
  return {
      person,
      // The same person, turned by 4 columns.
      {Recaptured(person.left, 0.2, 4, random), Recaptured(person.right, 0.2, 4, random)},
      // One eye only.
      {Recaptured(person.left, 0.2, -3, random), stranger()},
      {stranger(), Recaptured(person.right, 0.2, 0, random)},
      // The person in a mirrored picture, whole and one eye.
      {naive::Mirrored(person.right), naive::Mirrored(person.left)},
      {stranger(), Recaptured(naive::Mirrored(person.left), 0.2, 2, random)},
      // Turned too far for the window.
      {Recaptured(person.left, 0.1, 9, random), stranger()},
  };
}

// Arenas on plain pages that do not grow.
inline ArenaPlan ArenasOf(std::uint32_t capacity) {
  ArenaPlan plan;
  plan.segment.hugepages = HugepageUse::kOff;
  plan.initial_capacity = capacity;
  plan.grow_by = 1;
  plan.maximum_capacity = capacity;
  return plan;
}

// Workers that go where they like.
inline PoolPlan Workers(std::size_t count) { return {std::vector<int>(count, 0), -1, false}; }

// The engine's parts without Node.
template <typename Eye>
class BasicBench {
 public:
  using Evaluation = BasicEvaluation<Eye>;
  using Step = typename Evaluation::Step;
  using Scan = BasicScan<Eye>;

  explicit BasicBench(std::uint32_t capacity, std::size_t workers_a_side = 1)
      : gallery(ArenasOf(capacity), 2 * workers_a_side, KernelCalls::System()),
        pools(Workers(workers_a_side), Workers(workers_a_side)) {}

  BasicWorkshop<Eye> GetWorkshop() { return {gallery, pools, BestKernel<Eye>(), distances}; }

  // The writer's: enrols or replaces.
  void Enrol(std::uint32_t serial_id, std::uint16_t version, const BothEyes<Eye>& iris) {
    while (!gallery.Reserve(1)) std::this_thread::yield();
    gallery.Publish(serial_id, version, iris);
  }

  std::shared_ptr<Evaluation> Evaluate(std::vector<Step> steps) { return Start(std::move(steps)).get(); }

  std::future<std::shared_ptr<Evaluation>> Start(std::vector<Step> steps) {
    auto done = std::make_shared<std::promise<std::shared_ptr<Evaluation>>>();
    std::make_shared<Evaluation>(GetWorkshop(), std::move(steps))
        ->Start([done](std::shared_ptr<Evaluation> evaluation) { done->set_value(std::move(evaluation)); });
    return done->get_future();
  }

  // Evaluates one step and returns its answer.
  StepAnswer Answer(Step step) {
    std::vector<Step> steps;
    steps.push_back(std::move(step));
    return Evaluate(std::move(steps))->steps()[0].answer;
  }

  std::shared_ptr<Scan> RunScan(std::vector<typename BasicSearch<Eye>::Terms> searches,
                                ScanManner manner = ScanManner::kAwaited) {
    const auto scan = std::make_shared<Scan>(GetWorkshop(), std::move(searches), manner);
    return Wait(scan).get();
  }

  static std::future<std::shared_ptr<Scan>> Wait(const std::shared_ptr<Scan>& scan) {
    auto done = std::make_shared<std::promise<std::shared_ptr<Scan>>>();
    scan->Start([done](std::shared_ptr<Scan> finished) { done->set_value(std::move(finished)); });
    return done->get_future();
  }

  BasicGallery<Eye> gallery;
  std::atomic<std::uint64_t> distances{0};
  // Last: its workers stop before what they use goes.
  WorkerPools pools;
};

using Bench = BasicBench<EyePlanes>;

// Holds every worker of a bench until it is opened or goes.
class Gate {
 public:
  template <typename AnyBench>
  explicit Gate(AnyBench& bench) {
    const std::size_t workers = bench.pools.worker_count();
    auto held = std::make_shared<std::promise<void>>();
    auto left = std::make_shared<std::atomic<std::size_t>>(workers);
    std::future<void> all = held->get_future();
    for (std::size_t worker = 0; worker < workers; ++worker) {
      bench.pools.Submit(Side::kLeft, Lane::kSearch, [held, left, opened = opened_](WorkerContext&) {
        if (left->fetch_sub(1) == 1) held->set_value();
        opened.wait();
      });
    }
    all.wait();
  }
  ~Gate() {
    if (!is_open_) Open();
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void Open() {
    is_open_ = true;
    open_.set_value();
  }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  bool is_open_ = false;
};

// One search as the definition says: it keeps every distance it was given and sorts them all.
class NaiveRanking {
 public:
  struct Answer {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> entered;
    std::vector<Distance> distances;
    std::uint32_t match_count = 0;
    std::uint32_t size = 0;
  };

  explicit NaiveRanking(std::size_t ef) : ef_(ef) {}

  Answer Add(const std::vector<Distance>& batch) {
    const std::size_t before = seen_.size();
    seen_.insert(seen_.end(), batch.begin(), batch.end());
    std::vector<std::size_t> order(seen_.size());
    for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return Fhd(seen_[a]) < Fhd(seen_[b]); });
    order.resize(std::min(order.size(), ef_));
    Answer answer;
    answer.size = static_cast<std::uint32_t>(order.size());
    for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
      const Distance& distance = seen_[order[rank]];
      if (Fhd(distance) < 0.375) ++answer.match_count;
      if (order[rank] < before) continue;
      answer.entered.emplace_back(static_cast<std::uint32_t>(order[rank] - before), rank);
      answer.distances.push_back(distance);
    }
    return answer;
  }

 private:
  // No distance is farther than all.
  static double Fhd(const Distance& distance) {
    return distance.unmasked == 0 ? 2.0 : static_cast<double>(distance.differing) / distance.unmasked;
  }

  std::size_t ef_;
  std::vector<Distance> seen_;
};

inline std::vector<std::pair<std::uint32_t, std::uint32_t>> Pairs(const std::vector<Entered>& entered) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Entered& one : entered) pairs.emplace_back(one.index, one.rank);
  return pairs;
}

template <typename Query = irispair::Query>
BasicSearchTerms<Query> Terms(std::shared_ptr<const Query> query, std::uint32_t ef, Side side = Side::kLeft,
                              RotationWindow window = {0, 5}) {
  BasicSearchTerms<Query> terms;
  terms.query = std::move(query);
  terms.side = side;
  terms.window = window;
  terms.ef = ef;
  terms.match_limit = kLimit;
  return terms;
}

template <typename Search>
BasicStep<Search> StepOf(std::shared_ptr<Search> search, std::vector<StoredId> candidates) {
  BasicStep<Search> step;
  step.search = std::move(search);
  step.candidates = std::move(candidates);
  return step;
}

}  // namespace irispair::test
