// The irises of one side: segments of equal stride, never moved, grown by adding one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/memory/segment.h"

namespace irispair {

struct ArenaPlan {
  SegmentPlan segment;
  // Eyes that the first segment holds, at least 1.
  std::uint32_t initial_capacity = 0;
  // Eyes that each further segment holds, at least 1.
  std::uint32_t grow_by = 0;
  // Eyes beyond which no segment is added.
  std::uint32_t maximum_capacity = 0;
};

class Arena {
 public:
  // For eyes of `eye_bytes`. Maps the first segment. Throws Error.
  Arena(const ArenaPlan& plan, std::size_t eye_bytes, KernelCalls& calls);

  // Bytes from one eye to the next: whole cache lines.
  std::size_t stride_bytes() const { return stride_bytes_; }

  // Eyes it holds before it grows. Any thread.
  std::uint32_t capacity() const { return capacity_.load(std::memory_order_acquire); }

  // Slot below a capacity that the caller has seen. Any thread, also while another thread grows.
  std::byte* Slot(std::uint32_t slot) const;

  // Adds a segment. One thread at a time. Throws Error: kCapacityExhausted at the maximum, or when memory is
  // out.
  void Grow();

  // What the segments are; pages by node are counted by the caller as it needs them. Any thread.
  std::vector<const Segment*> Segments() const;

 private:
  static constexpr std::size_t kMostSegments = 4096;

  const ArenaPlan plan_;
  const std::size_t stride_bytes_;
  KernelCalls& calls_;
  std::atomic<std::uint32_t> capacity_{0};
  std::atomic<std::size_t> segment_count_{0};
  // Reserved once, so that readers never see it move.
  std::vector<std::unique_ptr<Segment>> segments_;
};

}  // namespace irispair
