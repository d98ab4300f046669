// The best `ef` candidates of one search so far, in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/kernels/distance.h"

namespace irispair {

// A candidate that entered: its index in the batch, and its rank after the whole batch was merged.
struct Entered {
  std::uint32_t index;
  std::uint32_t rank;
};

class Neighbourhood {
 public:
  explicit Neighbourhood(std::size_t ef) : ef_(ef) {}

  // Merges a batch of distances. On a tie what was there stays ahead, and of the batch the earlier candidate;
  // what has no distance comes last. Returns those that entered, in ascending rank.
  std::vector<Entered> Merge(std::span<const Distance> batch);

  std::size_t size() const { return ranked_.size(); }
  // How many of the front match.
  std::uint32_t Matches(std::uint32_t match_limit) const;

 private:
  std::size_t ef_;
  std::vector<Distance> ranked_;
};

}  // namespace irispair
