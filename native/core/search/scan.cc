#include "core/search/scan.h"

#include <algorithm>
#include <array>

#include "core/system/thread_clock.h"

namespace irispair {
namespace {

// Serial ids of one chunk: a few milliseconds for a handful of searches.
constexpr std::uint32_t kChunk = 512;
// Irises of one block: 19 KiB, which stay in the first-level cache beside a probe.
constexpr std::size_t kBlock = 8;

bool Before(const Found& a, const Found& b) {
  if (Nearer(a.distance, b.distance)) return true;
  if (Nearer(b.distance, a.distance)) return false;
  return a.id.serial_id < b.id.serial_id;
}

}  // namespace

Scan::Scan(Workshop workshop, std::vector<SearchTerms> searches)
    : workshop_(workshop), answer_mutexes_(searches.size()), answers_(searches.size()) {
  for (SearchTerms& terms : searches) searches_.push_back(std::make_unique<Search>(std::move(terms)));
}

void Scan::Start(Report report) {
  report_ = std::move(report);
  const std::uint32_t highest = workshop_.gallery.directory().highest();
  std::vector<Side> sides;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (std::ranges::any_of(searches_, [side](const auto& search) { return search->terms().side == side; })) {
      sides.push_back(side);
    }
  }
  // Aligned, so that a chunk lies within one part of the directory; parts that hold nothing are passed over.
  std::vector<std::uint32_t> chunks;
  for (std::uint64_t first = 0; first <= highest; first += kChunk) {
    const auto serial_id = static_cast<std::uint32_t>(first);
    if (workshop_.gallery.directory().MayHold(serial_id)) chunks.push_back(serial_id);
  }
  chunks_left_ = sides.size() * chunks.size();
  if (chunks_left_ == 0) {
    Reported();
    return;
  }
  for (const Side side : sides) {
    for (const std::uint32_t first : chunks) {
      workshop_.pools.Submit(
          side, Lane::kScan, [self = shared_from_this(), side, first](WorkerContext& worker) {
            if (self->outcome_ == ScanOutcome::kDone) self->ScanChunk(side, first, worker);
            if (self->chunks_left_.fetch_sub(1) == 1) {
              for (std::size_t search = 0; search < self->searches_.size(); ++search) {
                ScanAnswer& answer = self->answers_[search];
                const std::uint32_t limit = self->searches_[search]->terms().match_limit;
                answer.match_count = static_cast<std::uint32_t>(std::ranges::count_if(
                    answer.nearest, [limit](const Found& found) { return IsMatch(found.distance, limit); }));
              }
              self->Reported();
            }
          });
    }
  }
}

void Scan::ScanChunk(Side side, std::uint32_t first, WorkerContext& worker) {
  const ReadingEpochs::Section reading(workshop_.gallery.epochs(), worker.index);
  std::vector<StoredId> ids;
  std::vector<const EyePlanes*> eyes;
  for (std::uint32_t offset = 0; offset < kChunk; ++offset) {
    const std::uint32_t serial_id = first + offset;
    const DirectoryEntry entry = workshop_.gallery.directory().Find(serial_id);
    if (entry.state != IrisState::kLive) continue;
    ids.push_back({serial_id, entry.version});
    eyes.push_back(workshop_.gallery.arena(side).Slot(entry.slot));
  }
  std::vector<std::vector<Found>> found(searches_.size());
  std::array<Distance, kBlock> least;
  const std::uint64_t before = ThreadCpuNanoseconds();
  for (std::size_t block = 0; block < eyes.size(); block += kBlock) {
    const std::size_t count = std::min(kBlock, eyes.size() - block);
    for (std::size_t search = 0; search < searches_.size(); ++search) {
      const SearchTerms& terms = searches_[search]->terms();
      if (terms.side != side) continue;
      const PreparedEye* probe = searches_[search]->Probe(workshop_.gallery);
      if (probe == nullptr) {
        outcome_ = ScanOutcome::kUnknownQuery;
        return;
      }
      workshop_.kernel.least(*probe, terms.window, std::span(eyes).subspan(block, count),
                             std::span(least).first(count));
      for (std::size_t index = 0; index < count; ++index) {
        found[search].push_back({ids[block + index], least[index]});
      }
    }
  }
  worker.kernel_nanoseconds.fetch_add(ThreadCpuNanoseconds() - before);
  for (std::size_t search = 0; search < searches_.size(); ++search) {
    if (searches_[search]->terms().side == side) Merge(search, found[search], eyes.size());
  }
}

void Scan::Merge(std::size_t search, std::vector<Found>& found, std::uint64_t compared) {
  const std::size_t ef = searches_[search]->terms().ef;
  const std::lock_guard lock(answer_mutexes_[search]);
  ScanAnswer& answer = answers_[search];
  answer.compared += compared;
  workshop_.distances.fetch_add(compared);
  answer.nearest.insert(answer.nearest.end(), found.begin(), found.end());
  const std::size_t kept = std::min(ef, answer.nearest.size());
  std::ranges::partial_sort(answer.nearest, answer.nearest.begin() + static_cast<std::ptrdiff_t>(kept),
                            Before);
  answer.nearest.resize(kept);
}

}  // namespace irispair
