// Packed candidates of several steps, evaluated on the pools against a small gallery. Whatever the bytes say,
// the ranks are those of keeping every distance and sorting.
#include <algorithm>
#include <future>

#include "core/search/evaluation.h"
#include "core/search/packed_ids.h"
#include "core/system/error.h"
#include "fuzz/input.h"

namespace irispair {
namespace {

using fuzz::Require;

constexpr std::uint32_t kPeople = 24;
constexpr std::uint32_t kLimit = 16384;

// The first `count` columns all ones: each eye has a distance of its own from the one without any.
EyePlanes Eye(std::uint32_t count) {
  EyePlanes eye{};
  eye.mask.fill(~std::uint32_t{0});
  std::fill_n(eye.real.begin(), count, ~std::uint32_t{0});
  return eye;
}

// Some ids are never given and some are deleted; every third person is a twin of the one before.
class World {
 public:
  World() : gallery(Plan(), 2, KernelCalls::System()), pools({{0}, -1, false}, {{0}, -1, false}) {
    Require(gallery.Reserve(kPeople));
    for (std::uint32_t person = 1; person <= kPeople; ++person) {
      if (person % 5 == 0) continue;
      gallery.Publish(person, static_cast<std::uint16_t>(person % 2), {Eye(Columns(person)), Eye(0)});
      if (person % 7 == 0) gallery.Erase(person, 2);
    }
    gallery.Publish(0xffff'ffff, 0xffff, {Eye(3), Eye(3)});
  }

  static std::uint32_t Columns(std::uint32_t person) { return 7 * (person - (person % 3 == 2 ? 1 : 0)); }

  // What a candidate's least distance must be; none for what is not current.
  static Distance Expected(const StoredId& id) {
    if (id.serial_id == 0xffff'ffff && id.version == 0xffff) return DistanceOf(3);
    const bool live = id.serial_id >= 1 && id.serial_id <= kPeople && id.serial_id % 5 != 0 &&
                      id.serial_id % 7 != 0 && id.version == id.serial_id % 2;
    return live ? DistanceOf(Columns(id.serial_id)) : Distance{};
  }

  StepAnswer Evaluate(Step step) {
    std::promise<void> done;
    std::vector<Step> steps;
    steps.push_back(std::move(step));
    const auto evaluation =
        std::make_shared<Evaluation>(Workshop{gallery, pools, BestKernel(), distances}, std::move(steps));
    evaluation->Start([&done](const std::shared_ptr<Evaluation>&) { done.set_value(); });
    done.get_future().wait();
    return evaluation->steps()[0].answer;
  }

  const std::shared_ptr<const Query> probe = std::make_shared<Query>(IrisPlanes{Eye(0), Eye(0)});
  Gallery gallery;
  std::atomic<std::uint64_t> distances{0};
  // Last: its workers stop before what they use goes.
  WorkerPools pools;

 private:
  static ArenaPlan Plan() {
    ArenaPlan plan;
    plan.segment.hugepages = HugepageUse::kOff;
    plan.initial_capacity = plan.maximum_capacity = 2 * kPeople;
    plan.grow_by = 1;
    return plan;
  }
  static Distance DistanceOf(std::uint32_t columns) {
    return {static_cast<std::uint16_t>(32 * columns), static_cast<std::uint16_t>(EyePlanes::kCodeBits), 0, 0};
  }
};

// One step against everything that the search has seen.
void CheckStep(const StepAnswer& answer, std::vector<Distance>& seen, const std::vector<Distance>& batch,
               std::size_t ef) {
  const std::size_t before = seen.size();
  seen.insert(seen.end(), batch.begin(), batch.end());
  std::vector<std::size_t> order(seen.size());
  for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return Nearer(seen[a], seen[b]); });
  order.resize(std::min(order.size(), ef));
  std::size_t next = 0;
  std::uint32_t matches = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    if (IsMatch(seen[order[rank]], kLimit)) ++matches;
    if (order[rank] < before) continue;
    Require(next < answer.entered.size());
    Require(answer.entered[next].index == order[rank] - before && answer.entered[next].rank == rank);
    Require(answer.distances[next] == seen[order[rank]]);
    ++next;
  }
  Require(next == answer.entered.size() && next == answer.distances.size());
  Require(answer.match_count == matches && answer.neighbourhood_size == order.size());
}

void EvaluateSteps(fuzz::Input input) {
  static World world;
  SearchTerms terms;
  terms.query = world.probe;
  terms.ef = 1 + input.Number(300);
  terms.match_limit = kLimit;
  const auto search = std::make_shared<Search>(terms);
  std::vector<Distance> seen;
  for (int steps = 0; steps < 4 && input.left() > 0; ++steps) {
    const auto packed = input.Take(input.Number(2400));
    Step step;
    try {
      step.candidates = UnpackIds(packed);
      Require(packed.size() % 8 == 0);
    } catch (const Error& error) {
      Require(error.code() == ErrorCode::kInvalidArgument && packed.size() % 8 != 0);
      continue;
    }
    std::vector<Distance> batch;
    for (const StoredId& id : step.candidates) batch.push_back(World::Expected(id));
    step.search = search;
    step.with_distances = true;
    const StepAnswer answer = world.Evaluate(std::move(step));
    Require(answer.outcome == StepOutcome::kOk);
    Require(answer.stale == std::ranges::count(batch, Distance{}));
    CheckStep(answer, seen, batch, terms.ef);
  }
}

}  // namespace
}  // namespace irispair

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  irispair::EvaluateSteps(irispair::fuzz::Input(data, size));
  return 0;
}
