#include "core/search/evaluation.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/system/thread_clock.h"

namespace irispair {
namespace {

// 50 to 100 microseconds of work: waking a worker costs about half of that, so a usual step wakes one.
constexpr std::size_t kChunk = 128;

}  // namespace

double MonotonicMicroseconds() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

template <typename Eye>
void BasicEvaluation<Eye>::Start(Report report) {
  report_ = std::move(report);
  std::size_t running = 0;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    if (steps_[step].search == nullptr) continue;
    ++running;
    const std::size_t candidates = steps_[step].candidates.size();
    work_[step].distances.resize(candidates);
    work_[step].chunks_left =
        static_cast<std::uint32_t>(std::max<std::size_t>(1, (candidates + kChunk - 1) / kChunk));
  }
  if (running == 0) {
    started_ = finished_ = MonotonicMicroseconds();
    Reported();
    return;
  }
  // Set before the first chunk is submitted: a worker may finish it at once.
  steps_left_ = running;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    if (steps_[step].search == nullptr) continue;
    const std::size_t candidates = steps_[step].candidates.size();
    // Nothing to compute: the step answers the state of its search without waking anybody. A stored iris has
    // to be looked up all the same: it may not be current.
    if (candidates == 0 && steps_[step].search->terms().query != nullptr) {
      NoteStart(MonotonicMicroseconds());
      Finish(step);
      continue;
    }
    std::size_t first = 0;
    do {
      const std::size_t count = std::min(kChunk, candidates - first);
      workshop_.pools.Submit(steps_[step].search->terms().side, Lane::kSearch,
                             [self = this->shared_from_this(), step, first, count](WorkerContext& worker) {
                               self->EvaluateChunk(step, first, count, worker);
                             });
      first += count;
    } while (first < candidates);
  }
}

template <typename Eye>
void BasicEvaluation<Eye>::NoteStart(double now) {
  double not_started = 0;
  started_.compare_exchange_strong(not_started, now);
}

template <typename Eye>
void BasicEvaluation<Eye>::EvaluateChunk(std::size_t step, std::size_t first, std::size_t count,
                                         WorkerContext& worker) {
  const double now = MonotonicMicroseconds();
  NoteStart(now);
  const double deadline = steps_[step].deadline_microseconds;
  if (deadline != 0 && now > deadline) {
    work_[step].outcome = StepOutcome::kDeadlineExceeded;
  } else {
    ComputeDistances(step, first, count, worker);
  }
  if (work_[step].chunks_left.fetch_sub(1) == 1) Finish(step);
}

template <typename Eye>
void BasicEvaluation<Eye>::ComputeDistances(std::size_t step, std::size_t first, std::size_t count,
                                            WorkerContext& worker) {
  const ReadingEpochs::Section reading(workshop_.gallery.epochs(), worker.index);
  BasicSearch<Eye>& search = *steps_[step].search;
  const BasicPreparedEye<Eye>* probe = search.Probe(workshop_.gallery);
  if (probe == nullptr) {
    work_[step].outcome = StepOutcome::kUnknownQuery;
    return;
  }
  std::array<const Eye*, kChunk> eyes;
  std::array<std::size_t, kChunk> places;
  std::size_t found = 0;
  for (std::size_t index = first; index < first + count; ++index) {
    const StoredId& id = steps_[step].candidates[index];
    const Eye* eye = workshop_.gallery.Find(search.terms().side, id.serial_id, id.version);
    if (eye == nullptr) continue;
    eyes[found] = eye;
    places[found++] = index;
  }
  std::array<Distance, kChunk> least;
  const std::uint64_t before = ThreadCpuNanoseconds();
  workshop_.kernel.least(*probe, search.terms().window, std::span(eyes).first(found),
                         std::span(least).first(found));
  worker.kernel_nanoseconds += ThreadCpuNanoseconds() - before;
  for (std::size_t index = 0; index < found; ++index) work_[step].distances[places[index]] = least[index];
  work_[step].stale.fetch_add(static_cast<std::uint32_t>(count - found));
  workshop_.distances.fetch_add(found);
}

template <typename Eye>
void BasicEvaluation<Eye>::Finish(std::size_t step) {
  Step& done = steps_[step];
  StepAnswer& answer = done.answer;
  answer.outcome = work_[step].outcome;
  if (answer.outcome == StepOutcome::kOk) {
    Neighbourhood& neighbourhood = done.search->neighbourhood();
    answer.entered = neighbourhood.Merge(work_[step].distances);
    answer.match_count = neighbourhood.Matches(done.search->terms().match_limit);
    answer.neighbourhood_size = static_cast<std::uint32_t>(neighbourhood.size());
    answer.stale = work_[step].stale;
    if (done.with_distances) {
      for (const Entered& entered : answer.entered)
        answer.distances.push_back(work_[step].distances[entered.index]);
    }
  } else if (answer.outcome == StepOutcome::kDeadlineExceeded) {
    answer.detail = "the step's deadline had passed: nothing was computed";
  } else {
    answer.detail = "the stored query is not current";
  }
  if (steps_left_.fetch_sub(1) == 1) {
    finished_ = MonotonicMicroseconds();
    Reported();
  }
}

template class BasicEvaluation<EyePlanes>;
template class BasicEvaluation<WideEyePlanes>;

}  // namespace irispair
