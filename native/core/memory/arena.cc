#include "core/memory/arena.h"

#include <algorithm>
#include <string>

#include "core/system/error.h"

namespace irispair {
namespace {

constexpr std::size_t kLineBytes = 64;

}  // namespace

Arena::Arena(const ArenaPlan& plan, std::size_t eye_bytes, KernelCalls& calls)
    : plan_(plan),
      stride_bytes_((eye_bytes + kLineBytes - 1) / kLineBytes * kLineBytes),
      calls_(calls),
      segments_(kMostSegments) {
  const std::uint32_t first = std::min(plan_.initial_capacity, plan_.maximum_capacity);
  segments_[0] = std::make_unique<Segment>(first * stride_bytes_, plan_.segment, calls_);
  segment_count_.store(1, std::memory_order_release);
  capacity_.store(first, std::memory_order_release);
}

std::byte* Arena::Slot(std::uint32_t slot) const {
  const std::uint32_t first = std::min(plan_.initial_capacity, plan_.maximum_capacity);
  const bool in_first = slot < first;
  const std::size_t segment = in_first ? 0 : 1 + (slot - first) / plan_.grow_by;
  const std::size_t within = in_first ? slot : (slot - first) % plan_.grow_by;
  return segments_[segment]->data() + within * stride_bytes_;
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
  segments_[count] = std::make_unique<Segment>(added * stride_bytes_, plan_.segment, calls_);
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
