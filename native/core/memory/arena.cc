#include "core/memory/arena.h"

#include <algorithm>
#include <string>

#include "core/system/error.h"

namespace irispair {

Arena::Arena(const ArenaPlan& plan, KernelCalls& calls)
    : plan_(plan), calls_(calls), segments_(kMostSegments) {
  const std::uint32_t first = std::min(plan_.initial_capacity, plan_.maximum_capacity);
  segments_[0] = std::make_unique<Segment>(first * kStrideBytes, plan_.segment, calls_);
  segment_count_.store(1, std::memory_order_release);
  capacity_.store(first, std::memory_order_release);
}

EyePlanes* Arena::Slot(std::uint32_t slot) const {
  const std::uint32_t first = std::min(plan_.initial_capacity, plan_.maximum_capacity);
  const bool in_first = slot < first;
  const std::size_t segment = in_first ? 0 : 1 + (slot - first) / plan_.grow_by;
  const std::size_t within = in_first ? slot : (slot - first) % plan_.grow_by;
  return reinterpret_cast<EyePlanes*>(segments_[segment]->data() + within * kStrideBytes);
}

void Arena::Grow() {
  const std::uint32_t now = capacity_.load(std::memory_order_relaxed);
  const std::size_t count = segment_count_.load(std::memory_order_relaxed);
  const std::uint32_t room = plan_.maximum_capacity - now;
  if (room == 0 || count == kMostSegments) {
    throw Error(ErrorCode::kCapacityExhausted, "the arena holds its maximum of " + std::to_string(now) +
                                                   " irises: raise the maximum capacity");
  }
  const std::uint32_t added = std::min(plan_.grow_by, room);
  segments_[count] = std::make_unique<Segment>(added * kStrideBytes, plan_.segment, calls_);
  segment_count_.store(count + 1, std::memory_order_release);
  capacity_.store(now + added, std::memory_order_release);
}

std::vector<const Segment*> Arena::Segments() const {
  std::vector<const Segment*> segments;
  const std::size_t count = segment_count_.load(std::memory_order_acquire);
  for (std::size_t index = 0; index < count; ++index) segments.push_back(segments_[index].get());
  return segments;
}

}  // namespace irispair
