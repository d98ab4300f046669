// Exact comparison: every search against every iris, in one pass over memory a side.
//
// The serial ids are cut into chunks on the scan lane, which gives way to hops between chunks. Within a chunk
// a block of irises small enough for the cache is compared by all searches before the next block is read.
//
// An idle scan is one that nobody waits for. Up to half of a side's workers take small slices of the serial
// ids, one after the other, whenever there is nothing else to do, and keep what matches alone.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/search/evaluation.h"

namespace irispair {

// One iris found by a scan.
struct Found {
  StoredId id;
  Distance distance;
};

struct ScanAnswer {
  // The nearest, at most ef, in order; the lower serial id first on a tie. Of an idle scan, matches alone.
  std::vector<Found> nearest;
  std::uint32_t match_count = 0;
  std::uint64_t compared = 0;
};

// Whether somebody waits for it.
enum class ScanManner : std::uint8_t { kAwaited = 0, kIdle = 1 };

enum class ScanOutcome : std::uint8_t { kDone, kCancelled, kUnknownQuery };

template <typename Eye>
class BasicScan : public std::enable_shared_from_this<BasicScan<Eye>> {
 public:
  using Search = BasicSearch<Eye>;
  using Workshop = BasicWorkshop<Eye>;
  using Report = std::function<void(std::shared_ptr<BasicScan>)>;

  BasicScan(Workshop workshop, std::vector<typename Search::Terms> searches,
            ScanManner manner = ScanManner::kAwaited);

  // Reports once, from a worker, or at once when there is nothing to scan.
  void Start(Report report);
  // Chunks and slices not yet started are dropped. Any thread.
  void Cancel() { outcome_ = ScanOutcome::kCancelled; }

  ScanOutcome outcome() const { return outcome_; }
  std::vector<ScanAnswer>& answers() { return answers_; }

 private:
  // The report is let go with what it holds, which may be this very object.
  void Reported() { std::exchange(report_, nullptr)(this->shared_from_this()); }
  void StartAwaited(const std::vector<Side>& sides);
  void StartIdle(const std::vector<Side>& sides);
  // Takes the next slice of a side and leaves the rest to the same task again, until none is left.
  Task SliceTask(Side side);
  // First serial id of the next slice of a side that may hold something.
  std::optional<std::uint32_t> TakeSlice(Side side);
  void FinishPart();
  void ScanRun(Side side, std::uint32_t first, std::uint32_t count, WorkerContext& worker);
  void Merge(std::size_t search, std::vector<Found>& found, std::uint64_t compared);

  Workshop workshop_;
  std::vector<std::unique_ptr<Search>> searches_;
  std::vector<std::mutex> answer_mutexes_;
  std::vector<ScanAnswer> answers_;
  ScanManner manner_;
  // Highest serial id at the start: what is enrolled later is not looked for.
  std::uint32_t highest_ = 0;
  // Chunks, or workers that take slices.
  std::atomic<std::size_t> parts_left_{0};
  // Of an idle scan, a side each: serial ids of one slice, and where the next one begins.
  std::array<std::uint32_t, kSides> slice_{};
  std::array<std::atomic<std::uint64_t>, kSides> next_{};
  std::atomic<ScanOutcome> outcome_{ScanOutcome::kDone};
  Report report_;
};

using Scan = BasicScan<EyePlanes>;

}  // namespace irispair
