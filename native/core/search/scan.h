// Exact comparison: every search against every iris, in one pass over memory a side.
//
// The serial ids are cut into chunks on the scan lane, which gives way to hops between chunks. Within a chunk
// a block of irises small enough for the cache is compared by all searches before the next block is read.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
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
  // The nearest, at most ef, in order; the lower serial id first on a tie.
  std::vector<Found> nearest;
  std::uint32_t match_count = 0;
  std::uint64_t compared = 0;
};

enum class ScanOutcome : std::uint8_t { kDone, kCancelled, kUnknownQuery };

class Scan : public std::enable_shared_from_this<Scan> {
 public:
  using Report = std::function<void(std::shared_ptr<Scan>)>;

  Scan(Workshop workshop, std::vector<SearchTerms> searches);

  // Reports once, from a worker, or at once when there is nothing to scan.
  void Start(Report report);
  // Chunks not yet started are dropped. Any thread.
  void Cancel() { outcome_ = ScanOutcome::kCancelled; }

  ScanOutcome outcome() const { return outcome_; }
  std::vector<ScanAnswer>& answers() { return answers_; }

 private:
  // The report is let go with what it holds, which may be this very object.
  void Reported() { std::exchange(report_, nullptr)(shared_from_this()); }
  void ScanChunk(Side side, std::uint32_t first, WorkerContext& worker);
  void Merge(std::size_t search, std::vector<Found>& found, std::uint64_t compared);

  Workshop workshop_;
  std::vector<std::unique_ptr<Search>> searches_;
  std::vector<std::mutex> answer_mutexes_;
  std::vector<ScanAnswer> answers_;
  std::atomic<std::size_t> chunks_left_{0};
  std::atomic<ScanOutcome> outcome_{ScanOutcome::kDone};
  Report report_;
};

}  // namespace irispair
