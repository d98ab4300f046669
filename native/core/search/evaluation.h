// One message of the hop, evaluated on the pools.
//
// Each step's candidates are cut into chunks; a worker finds them in the gallery and computes their
// distances; whoever finishes a step's last chunk merges it into the search's neighbourhood; whoever finishes
// the last step reports.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/kernels/kernel.h"
#include "core/pool/worker_pools.h"
#include "core/search/search.h"
#include "core/search/step.h"

namespace irispair {

// Microseconds of the machine's monotonic clock.
double MonotonicMicroseconds();

// What every evaluation needs of the engine.
template <typename Eye>
struct BasicWorkshop {
  BasicGallery<Eye>& gallery;
  WorkerPools& pools;
  const BasicKernel<Eye>& kernel;
  std::atomic<std::uint64_t>& distances;
};

template <typename Eye>
class BasicEvaluation : public std::enable_shared_from_this<BasicEvaluation<Eye>> {
 public:
  using Step = BasicStep<BasicSearch<Eye>>;
  using Workshop = BasicWorkshop<Eye>;
  using Report = std::function<void(std::shared_ptr<BasicEvaluation>)>;

  BasicEvaluation(Workshop workshop, std::vector<Step> steps)
      : workshop_(workshop), work_(steps.size()), steps_(std::move(steps)) {}

  // Reports once, from a worker, or at once when nothing is to be computed.
  void Start(Report report);

  std::vector<Step>& steps() { return steps_; }
  double started_microseconds() const { return started_.load(); }
  double finished_microseconds() const { return finished_; }

 private:
  struct StepWork {
    std::vector<Distance> distances;
    std::atomic<std::uint32_t> chunks_left{0};
    std::atomic<std::uint32_t> stale{0};
    std::atomic<StepOutcome> outcome{StepOutcome::kOk};
  };

  void NoteStart(double now);
  // The report is let go with what it holds, which may be this very object.
  void Reported() { std::exchange(report_, nullptr)(this->shared_from_this()); }
  void EvaluateChunk(std::size_t step, std::size_t first, std::size_t count, WorkerContext& worker);
  void ComputeDistances(std::size_t step, std::size_t first, std::size_t count, WorkerContext& worker);
  void Finish(std::size_t step);

  Workshop workshop_;
  std::vector<StepWork> work_;
  std::vector<Step> steps_;
  std::atomic<std::size_t> steps_left_{0};
  std::atomic<double> started_{0};
  double finished_ = 0;
  Report report_;
};

using Workshop = BasicWorkshop<EyePlanes>;
using Evaluation = BasicEvaluation<EyePlanes>;
using Step = Evaluation::Step;

}  // namespace irispair
