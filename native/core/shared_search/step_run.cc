#include "core/shared_search/step_run.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/system/thread_clock.h"

namespace irispair {
namespace {

// Some 0.2 ms of work at 11 rotations.
constexpr std::size_t kChunk = 32;

}  // namespace

void StepRun::Begin() {
  if (step_.search == nullptr) {
    Finish();
    return;
  }
  const std::size_t candidates = step_.candidates.size();
  // Nothing to compute: the step answers the state of its search without waking anybody. A stored iris has to
  // be looked up all the same: it may not be current.
  if (candidates == 0 && step_.search->terms().query != nullptr) {
    Answer();
    Finish();
    return;
  }
  live_.resize(candidates);
  code_.resize(candidates * rotations());
  mask_.resize(candidates * rotations());
  // Set before the first chunk is submitted: a worker may finish it at once.
  chunks_left_ = static_cast<std::uint32_t>(std::max<std::size_t>(1, (candidates + kChunk - 1) / kChunk));
  std::size_t first = 0;
  do {
    const std::size_t count = std::min(kChunk, candidates - first);
    workshop_.pools.Submit(side(), Lane::kSearch,
                           [self = std::static_pointer_cast<StepRun>(shared_from_this()), first,
                            count](WorkerContext& worker) { self->EvaluateChunk(first, count, worker); });
    first += count;
  } while (first < candidates);
}

void StepRun::EvaluateChunk(std::size_t first, std::size_t count, WorkerContext& worker) {
  if (!abandoned()) ComputeDots(first, count, worker);
  if (chunks_left_.fetch_sub(1) == 1) EndChunks();
}

void StepRun::ComputeDots(std::size_t first, std::size_t count, WorkerContext& worker) {
  const ReadingEpochs::Section reading(workshop_.gallery.epochs(), worker.index);
  SharedSearch& search = *step_.search;
  const PreparedShare* probe = search.Probe(workshop_.gallery, workshop_.party);
  if (probe == nullptr) {
    probe_is_stale_ = true;
    return;
  }
  std::array<const ShareRecord*, kChunk> eyes;
  std::size_t found = 0;
  for (std::size_t index = first; index < first + count; ++index) {
    const StoredId& id = step_.candidates[index];
    const ShareRecord* eye = workshop_.gallery.Find(search.terms().side, id.serial_id, id.version);
    if (eye == nullptr) continue;
    eyes[found++] = eye;
    live_[index] = 1;
  }
  const std::uint64_t before = ThreadCpuNanoseconds();
  workshop_.kernel.dots({&probe, 1}, search.terms().window, std::span(eyes).first(found),
                        std::span(code_).subspan(first * rotations(), found * rotations()),
                        std::span(mask_).subspan(first * rotations(), found * rotations()));
  worker.kernel_nanoseconds += ThreadCpuNanoseconds() - before;
  workshop_.distances.fetch_add(found);
}

void StepRun::EndChunks() {
  if (probe_is_stale_ && !abandoned()) {
    step_.answer.outcome = StepOutcome::kUnknownQuery;
    step_.answer.detail = "the stored query is not current";
    Finish();
    return;
  }
  DotProducts dots = TakeDots();
  if (abandoned() || dots.pairs == 0) {
    if (!abandoned()) Answer();
    Finish();
    return;
  }
  const PublicTerms terms = Terms();
  SharedSearch& search = *step_.search;
  EvaluateInput input{std::move(dots), search.terms().ef, search.terms().match_limit,
                      std::move(search.neighbourhood)};
  auto program = std::make_unique<ProgramRun<EvaluateOutput>>(
      workshop_.party, keys(), [&input](Party& party) { return EvaluateProgram(party, std::move(input)); });
  program_ = program.get();
  StartProgram(std::move(program), terms);
}

DotProducts StepRun::TakeDots() {
  DotProducts dots;
  dots.rotations = rotations();
  for (std::size_t first = 0; first < live_.size(); first += kChunk) {
    const auto chunk = std::span(live_).subspan(first, std::min(kChunk, live_.size() - first));
    const auto found = static_cast<std::size_t>(std::ranges::count(chunk, 1));
    const auto from = static_cast<std::ptrdiff_t>(first * rotations());
    const auto to = static_cast<std::ptrdiff_t>(dots.pairs * rotations());
    const auto length = static_cast<std::ptrdiff_t>(found * rotations());
    for (std::vector<std::uint16_t>* products : {&code_, &mask_}) {
      std::copy(products->begin() + from, products->begin() + from + length, products->begin() + to);
    }
    dots.pairs += found;
  }
  dots.code = std::exchange(code_, {});
  dots.mask = std::exchange(mask_, {});
  dots.code.resize(dots.pairs * rotations());
  dots.mask.resize(dots.pairs * rotations());
  return dots;
}

PublicTerms StepRun::Terms() const {
  const SharedSearchTerms& search = step_.search->terms();
  PublicTerms terms;
  terms.Add(Index(search.side));
  terms.Add(static_cast<std::uint64_t>(search.orientation));
  terms.Add(static_cast<std::uint64_t>(static_cast<std::int64_t>(search.window.base)));
  terms.Add(static_cast<std::uint64_t>(search.window.reach));
  terms.Add(search.ef);
  terms.Add(search.match_limit);
  // A query's handle is each party's own.
  if (search.query == nullptr) {
    terms.Add(search.stored.serial_id);
    terms.Add(search.stored.version);
  }
  terms.Add(step_.search->neighbourhood.size());
  terms.Add(step_.search->stale);
  for (std::size_t index = 0; index < live_.size(); ++index) {
    terms.Add(step_.candidates[index].serial_id);
    terms.Add(std::uint64_t{step_.candidates[index].version} << 1 | live_[index]);
  }
  return terms;
}

void StepRun::Conclude() {
  std::vector<std::uint32_t> places;
  for (std::uint32_t index = 0; index < live_.size(); ++index) {
    if (live_[index] == 1) places.push_back(index);
  }
  EvaluateOutput& output = program_->output();
  for (const Entered& entered : output.entered) {
    step_.answer.entered.push_back({places[entered.index], entered.rank});
  }
  step_.search->neighbourhood = std::move(output.neighbourhood);
  Answer();
}

void StepRun::Answer() {
  SharedSearch& search = *step_.search;
  const std::size_t room = search.terms().ef - search.neighbourhood.size();
  std::size_t stale = std::min<std::size_t>(search.stale, room);
  for (std::uint32_t index = 0; index < live_.size(); ++index) {
    if (live_[index] == 1) continue;
    ++step_.answer.stale;
    if (stale == room) continue;
    const std::size_t rank = search.neighbourhood.size() + stale++;
    step_.answer.entered.push_back({index, static_cast<std::uint32_t>(rank)});
  }
  search.stale = static_cast<std::uint32_t>(stale);
  step_.answer.match_count = search.neighbourhood.MatchCount();
  step_.answer.neighbourhood_size = static_cast<std::uint32_t>(search.neighbourhood.size() + stale);
}

}  // namespace irispair
