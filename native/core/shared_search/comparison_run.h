// The queries of one batch against each other, over shares.
//
// 1. This party's shares of the dot products of every pair: both sides, as captured and mirrored.
// 2. The three parties open one match bit for each, block by block: what is worked on at once is bounded.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/protocol/programs/match_program.h"
#include "core/shared_search/party_run.h"

namespace irispair {

// Most queries of one run: their dot products take 92 MB at 11 rotations.
inline constexpr std::size_t kMostCompared = 1024;

class ComparisonRun final : public PartyRun {
 public:
  // Of 2 to kMostCompared queries.
  ComparisonRun(SharedWorkshop workshop, const PairKeys& keys,
                std::vector<std::shared_ptr<const ShareQuery>> queries, RotationWindow window,
                std::uint32_t match_limit);

  // Once the run is over: match bits of query 0 with all later ones, one byte each, then of query 1, and so
  // on. Bit 0: left matches left; bit 1: right matches right; bit 2: the later one's mirrored right eye
  // matches the earlier one's left; bit 3: its mirrored left eye matches the earlier one's right.
  const std::vector<std::uint8_t>& bits() const { return bits_; }

 private:
  void Begin() override;
  void Conclude() override;
  Side side() const override { return Side::kLeft; }

  // Dot products of query `row` with all later ones.
  void ComputeRow(std::size_t row, WorkerContext& worker);
  void EndRows();
  // Pairs of queries before those of `row`.
  std::size_t PairsBefore(std::size_t row) const;

  const std::vector<std::shared_ptr<const ShareQuery>> queries_;
  const RotationWindow window_;
  const std::uint32_t match_limit_;
  // By row, side, later query and orientation.
  DotProducts dots_;
  std::atomic<std::size_t> rows_left_{0};
  std::vector<std::uint8_t> bits_;
  // Lives as long as the run is not over.
  ProgramRun<MatchOutput>* program_ = nullptr;
};

}  // namespace irispair
