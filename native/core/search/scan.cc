#include "core/search/scan.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/system/thread_clock.h"

namespace irispair {
namespace {

// Serial ids of one chunk: a few milliseconds for a handful of searches.
constexpr std::uint32_t kChunk = 512;
// Irises of one block: 19 KiB, or 24 at 256 columns, which stay in the first-level cache beside a probe.
constexpr std::size_t kBlock = 8;

// Comparisons of one slice of an idle scan, some 0.2 ms: what somebody waits for waits no longer for it.
constexpr std::size_t kSliceComparisons = 256;

// Serial ids of a slice for so many searches: a power of two, so that slices lie within one part of the
// directory, and no less than a block.
std::uint32_t SliceFor(std::size_t searches) {
  return static_cast<std::uint32_t>(std::max(kBlock, std::bit_floor(kSliceComparisons / searches)));
}

std::size_t TakersOf(const WorkerPools& pools, Side side) {
  return std::max<std::size_t>(1, pools.workers_of(side) / 2);
}

bool Before(const Found& a, const Found& b) {
  if (Nearer(a.distance, b.distance)) return true;
  if (Nearer(b.distance, a.distance)) return false;
  return a.id.serial_id < b.id.serial_id;
}

}  // namespace

template <typename Eye>
BasicScan<Eye>::BasicScan(Workshop workshop, std::vector<typename Search::Terms> searches, ScanManner manner)
    : workshop_(workshop), answer_mutexes_(searches.size()), answers_(searches.size()), manner_(manner) {
  for (auto& terms : searches) searches_.push_back(std::make_unique<Search>(std::move(terms)));
}

template <typename Eye>
void BasicScan<Eye>::Start(Report report) {
  report_ = std::move(report);
  highest_ = workshop_.gallery.directory().highest();
  std::vector<Side> sides;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const auto of_side =
        std::ranges::count_if(searches_, [side](const auto& search) { return search->terms().side == side; });
    if (of_side == 0) continue;
    sides.push_back(side);
    slice_[Index(side)] = SliceFor(static_cast<std::size_t>(of_side));
  }
  if (manner_ == ScanManner::kIdle) {
    StartIdle(sides);
  } else {
    StartAwaited(sides);
  }
}

template <typename Eye>
void BasicScan<Eye>::StartAwaited(const std::vector<Side>& sides) {
  // Aligned, so that a chunk lies within one part of the directory; parts that hold nothing are passed over.
  std::vector<std::uint32_t> chunks;
  for (std::uint64_t first = 0; first <= highest_; first += kChunk) {
    const auto serial_id = static_cast<std::uint32_t>(first);
    if (workshop_.gallery.directory().MayHold(serial_id)) chunks.push_back(serial_id);
  }
  parts_left_ = sides.size() * chunks.size();
  if (parts_left_ == 0) {
    Reported();
    return;
  }
  for (const Side side : sides) {
    for (const std::uint32_t first : chunks) {
      workshop_.pools.Submit(side, Lane::kScan,
                             [self = this->shared_from_this(), side, first](WorkerContext& worker) {
                               if (self->outcome_ == ScanOutcome::kDone) {
                                 self->ScanRun(side, first, kChunk, worker);
                               }
                               self->FinishPart();
                             });
    }
  }
}

template <typename Eye>
void BasicScan<Eye>::StartIdle(const std::vector<Side>& sides) {
  std::size_t takers = 0;
  // The other half of the workers is there at once for what somebody waits for.
  for (const Side side : sides) takers += TakersOf(workshop_.pools, side);
  parts_left_ = takers;
  if (takers == 0) {
    Reported();
    return;
  }
  for (const Side side : sides) {
    for (std::size_t taker = 0; taker < TakersOf(workshop_.pools, side); ++taker) {
      workshop_.pools.Submit(side, Lane::kIdle, SliceTask(side));
    }
  }
}

template <typename Eye>
Task BasicScan<Eye>::SliceTask(Side side) {
  return [self = this->shared_from_this(), side](WorkerContext& worker) {
    const std::optional<std::uint32_t> first =
        self->outcome_ == ScanOutcome::kDone ? self->TakeSlice(side) : std::nullopt;
    if (!first.has_value()) {
      self->FinishPart();
      return;
    }
    self->ScanRun(side, *first, self->slice_[Index(side)], worker);
    self->workshop_.pools.Continue(side, self->SliceTask(side));
  };
}

template <typename Eye>
std::optional<std::uint32_t> BasicScan<Eye>::TakeSlice(Side side) {
  const Directory& directory = workshop_.gallery.directory();
  std::atomic<std::uint64_t>& place = next_[Index(side)];
  std::uint64_t next = place.load();
  while (next <= highest_) {
    const auto first = static_cast<std::uint32_t>(next);
    const bool may_hold = directory.MayHold(first);
    // A part of the directory that holds nothing is passed over whole.
    const std::uint64_t after = may_hold ? next + slice_[Index(side)] : Directory::PartAfter(first);
    if (!place.compare_exchange_weak(next, after)) continue;
    if (may_hold) return first;
    next = after;
  }
  return std::nullopt;
}

template <typename Eye>
void BasicScan<Eye>::FinishPart() {
  if (parts_left_.fetch_sub(1) != 1) return;
  for (std::size_t search = 0; search < searches_.size(); ++search) {
    ScanAnswer& answer = answers_[search];
    const std::uint32_t limit = searches_[search]->terms().match_limit;
    answer.match_count = static_cast<std::uint32_t>(std::ranges::count_if(
        answer.nearest, [limit](const Found& found) { return IsMatch(found.distance, limit); }));
  }
  Reported();
}

template <typename Eye>
void BasicScan<Eye>::ScanRun(Side side, std::uint32_t first, std::uint32_t count, WorkerContext& worker) {
  const ReadingEpochs::Section reading(workshop_.gallery.epochs(), worker.index);
  std::vector<StoredId> ids;
  std::vector<const Eye*> eyes;
  for (std::uint32_t offset = 0; offset < count; ++offset) {
    const std::uint32_t serial_id = first + offset;
    const DirectoryEntry entry = workshop_.gallery.directory().Find(serial_id);
    if (entry.state != IrisState::kLive) continue;
    ids.push_back({serial_id, entry.version});
    eyes.push_back(workshop_.gallery.At(side, entry));
  }
  std::vector<std::vector<Found>> found(searches_.size());
  std::array<Distance, kBlock> least;
  const std::uint64_t before = ThreadCpuNanoseconds();
  for (std::size_t block = 0; block < eyes.size(); block += kBlock) {
    const std::size_t in_block = std::min(kBlock, eyes.size() - block);
    for (std::size_t search = 0; search < searches_.size(); ++search) {
      const auto& terms = searches_[search]->terms();
      if (terms.side != side) continue;
      const BasicPreparedEye<Eye>* probe = searches_[search]->Probe(workshop_.gallery);
      if (probe == nullptr) {
        outcome_ = ScanOutcome::kUnknownQuery;
        return;
      }
      workshop_.kernel.least(*probe, terms.window, std::span(eyes).subspan(block, in_block),
                             std::span(least).first(in_block));
      for (std::size_t index = 0; index < in_block; ++index) {
        if (manner_ == ScanManner::kIdle && !IsMatch(least[index], terms.match_limit)) continue;
        found[search].push_back({ids[block + index], least[index]});
      }
    }
  }
  worker.kernel_nanoseconds += ThreadCpuNanoseconds() - before;
  for (std::size_t search = 0; search < searches_.size(); ++search) {
    if (searches_[search]->terms().side == side) Merge(search, found[search], eyes.size());
  }
}

template <typename Eye>
void BasicScan<Eye>::Merge(std::size_t search, std::vector<Found>& found, std::uint64_t compared) {
  const std::size_t ef = searches_[search]->terms().ef;
  const std::lock_guard lock(answer_mutexes_[search]);
  ScanAnswer& answer = answers_[search];
  answer.compared += compared;
  workshop_.distances.fetch_add(compared);
  // As in most slices of an idle scan.
  if (found.empty()) return;
  answer.nearest.insert(answer.nearest.end(), found.begin(), found.end());
  const std::size_t kept = std::min(ef, answer.nearest.size());
  std::ranges::partial_sort(answer.nearest, answer.nearest.begin() + static_cast<std::ptrdiff_t>(kept),
                            Before);
  answer.nearest.resize(kept);
}

template class BasicScan<EyePlanes>;
template class BasicScan<WideEyePlanes>;

}  // namespace irispair
