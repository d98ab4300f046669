// What a search is opened with.
#pragma once

#include <cstdint>
#include <memory>

#include "core/iris/orientation.h"
#include "core/kernels/distance.h"
#include "core/pool/worker_pools.h"

namespace irispair {

// A stored iris used as the probe.
struct StoredId {
  std::uint32_t serial_id = 0;
  std::uint32_t version = 0;
};

template <typename Query>
struct BasicSearchTerms {
  // Null: a stored iris is the probe.
  std::shared_ptr<const Query> query;
  StoredId stored;
  Side side = Side::kLeft;
  Orientation orientation = Orientation::kNormal;
  RotationWindow window;
  std::uint32_t ef = 0;
  std::uint32_t match_limit = 0;
};

}  // namespace irispair
