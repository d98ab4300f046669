// One step of a search, and what it answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/kernels/distance.h"
#include "core/search/neighbourhood.h"
#include "core/search/search_terms.h"

namespace irispair {

// Values as on the wire.
enum class StepOutcome : std::uint8_t {
  kOk = 1,
  kDeadlineExceeded = 2,
  kUnknownQuery = 3,
  kUnknownSearch = 4,
  kInvalid = 5,
  kPartyFailed = 6,
};

struct StepAnswer {
  StepOutcome outcome = StepOutcome::kOk;
  std::vector<Entered> entered;
  // Parallel to `entered`; empty unless asked for.
  std::vector<Distance> distances;
  std::uint32_t match_count = 0;
  std::uint32_t neighbourhood_size = 0;
  std::uint32_t stale = 0;
  std::string detail;
};

// One step that passed the border's checks.
template <typename Search>
struct BasicStep {
  // Null: the step was refused and `answer` already says why.
  std::shared_ptr<Search> search;
  std::vector<StoredId> candidates;
  bool with_distances = false;
  // Monotonic microseconds; 0 for none.
  double deadline_microseconds = 0;
  StepAnswer answer;
};

}  // namespace irispair
