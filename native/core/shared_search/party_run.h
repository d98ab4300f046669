// One run of a protocol at this party, worked on by the pools from message to message.
//
// 1. The first call computes this party's additive shares of the dot products, in chunks.
// 2. Whoever finishes the last chunk starts the program on them.
// 3. Each further call has one worker go on with the program, from the message that came to the next one.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "core/pool/worker_pools.h"
#include "core/protocol/protocol_run.h"
#include "core/shared_search/public_terms.h"
#include "core/shared_search/shared_search.h"
#include "core/shares/dot_products.h"
#include "core/system/error.h"

namespace irispair {

// What every run needs of the engine.
struct SharedWorkshop {
  SharedGallery& gallery;
  WorkerPools& pools;
  const DotKernel& kernel;
  std::atomic<std::uint64_t>& distances;
  // 0, 1 or 2.
  unsigned party;
};

// What one call came to.
struct RunProgress {
  // For the next party; nullopt when the run is over.
  std::optional<Bytes> message;
  // Why it is over without an answer.
  std::optional<Error> failure;
};

class PartyRun : public std::enable_shared_from_this<PartyRun> {
 public:
  using Report = std::function<void(RunProgress)>;

  virtual ~PartyRun() = default;
  PartyRun(const PartyRun&) = delete;
  PartyRun& operator=(const PartyRun&) = delete;

  // First with nothing, then with the message of the previous party. Reports once, from a worker, or at once
  // when nothing is to be computed. One call at a time. Throws Error: kInvalidArgument, with the run going on
  // undisturbed, while a call is not reported; kCancelled once it was abandoned; kInvalidArgument once it is
  // over.
  void Advance(Bytes received, Report report);

  // Ends it: what works at this moment reports kCancelled when it ends. Any thread.
  void Abandon();

 protected:
  PartyRun(SharedWorkshop workshop, const PairKeys& keys) : workshop_(workshop), keys_(keys) {}

  // Has the dot products computed, then calls StartProgram or Finish.
  virtual void Begin() = 0;
  // Takes what the program came to.
  virtual void Conclude() = 0;

  // By the worker that finished the last chunk: from here on `program` is advanced.
  void StartProgram(std::unique_ptr<ProtocolRun> program, const PublicTerms& terms);
  // Reports that the run is over: nothing had to be computed together.
  void Finish();
  bool abandoned() const { return abandoned_; }
  const PairKeys& keys() const { return keys_; }

  const SharedWorkshop workshop_;

 private:
  enum class Stage { kNew, kWaiting, kWorking, kOver };
  static constexpr std::size_t kTermsBytes = sizeof(std::uint64_t);

  virtual Side side() const = 0;
  void Work();
  // Compares what the previous party knows of the run with what this one knows; returns the rest.
  std::span<const std::uint8_t> CheckTerms(std::span<const std::uint8_t> received) const;
  std::optional<Bytes> AdvanceProgram();
  void Reported(Stage stage, RunProgress progress);

  const PairKeys keys_;
  std::unique_ptr<ProtocolRun> program_;
  std::uint64_t terms_ = 0;
  Bytes received_;
  Report report_;
  std::atomic<Stage> stage_{Stage::kNew};
  std::atomic<bool> abandoned_{false};
};

}  // namespace irispair
