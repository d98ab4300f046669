// One step of a search over shares.
//
// 1. The candidates are cut into chunks; a worker finds them in the gallery and computes this party's shares
// of
//    their dot products with the probe. Stale ones are left out: all parties know them.
// 2. The three parties merge the others into the search's neighbourhood.
// 3. Stale ones come after all that has a distance, as long as there is room.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "core/shared_search/party_run.h"

namespace irispair {

class StepRun final : public PartyRun {
 public:
  // Of a refused step, which has its answer, nothing is computed.
  StepRun(SharedWorkshop workshop, const PairKeys& keys, SharedStep step)
      : PartyRun(workshop, keys), step_(std::move(step)) {}

  // Its answer counts once the run is over.
  const SharedStep& step() const { return step_; }

 private:
  void Begin() override;
  void Conclude() override;
  Side side() const override { return step_.search->terms().side; }

  void EvaluateChunk(std::size_t first, std::size_t count, WorkerContext& worker);
  void ComputeDots(std::size_t first, std::size_t count, WorkerContext& worker);
  // By whoever finished the last chunk.
  void EndChunks();
  // This party's shares of all that has a distance, one after the other.
  DotProducts TakeDots();
  PublicTerms Terms() const;
  // Puts what is stale after what has a distance, and says how the search stands.
  void Answer();
  std::size_t rotations() const { return static_cast<std::size_t>(step_.search->terms().window.Size()); }

  SharedStep step_;
  // By candidate: 1 when it has a distance. The dot products of a chunk stand together from its first
  // candidate's place on.
  std::vector<std::uint8_t> live_;
  std::vector<std::uint16_t> code_;
  std::vector<std::uint16_t> mask_;
  std::atomic<std::uint32_t> chunks_left_{0};
  std::atomic<bool> probe_is_stale_{false};
  // Lives as long as the run is not over.
  ProgramRun<EvaluateOutput>* program_ = nullptr;
};

}  // namespace irispair
