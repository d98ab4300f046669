// One mapped, placed and populated run of memory.
//
// Tries, in order: a file on hugetlbfs, anonymous 2 MiB hugepages, transparent hugepages, plain pages. On
// each rung the range is bound first and populated then: touching a bound hugepage that the node does not
// have is a SIGBUS, while populating says so with an error code. A refused policy falls back to interleaving
// over the given nodes, then to the default policy, unless the plan is strict.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/memory/page_count.h"
#include "core/system/kernel_calls.h"

namespace irispair {

enum class HugepageUse { kRequire, kPrefer, kOff };

enum class Backing { kHugetlbfs, kHugepages, kTransparent, kPlain };

// `hugetlbfs`, `hugepages`, `transparent` or `plain`.
const char* BackingName(Backing backing);

struct SegmentPlan {
  MemoryPolicy policy;
  // Nodes to interleave over when the policy is refused; empty when there is no such fallback.
  std::vector<int> fallback_nodes;
  HugepageUse hugepages = HugepageUse::kPrefer;
  // Mount point of hugetlbfs; empty when there is none.
  std::string hugetlbfs;
  // Fail instead of falling back when the policy is refused.
  bool strict = false;
  // Segments like this one that are mapped in turn, from this one on: told when hugepages are missing.
  std::size_t in_turn = 1;
};

class Segment {
 public:
  // At least `bytes` bytes, zeroed. Throws Error: kHugepagesRequired, kBindingRefused, kCapacityExhausted.
  Segment(std::size_t bytes, const SegmentPlan& plan, KernelCalls& calls);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(address_); }
  // Whole pages, so it may be more than was asked for.
  std::size_t bytes() const { return bytes_; }
  Backing backing() const { return backing_; }
  std::size_t page_bytes() const;
  PolicyKind policy() const { return policy_; }
  // What was tried before and why it failed, one sentence each.
  const std::vector<std::string>& fallbacks() const { return fallbacks_; }
  // Where the kernel does not look pages up for this process, hugepages are told by their mapping.
  PageCount CountPages() const;

 private:
  bool TryHugetlbfs(const SegmentPlan& plan, KernelCalls& calls);
  bool TryHugepages(const SegmentPlan& plan, KernelCalls& calls);
  void MapSmallPages(const SegmentPlan& plan, KernelCalls& calls);
  bool MapOnHugepages(const char* rung, int flags, int file, const SegmentPlan& plan, KernelCalls& calls);
  void BindOrFallBack(const SegmentPlan& plan, KernelCalls& calls);
  void Note(const std::string& sentence) { fallbacks_.push_back(sentence); }
  void Unmap();

  void* address_ = nullptr;
  std::size_t bytes_ = 0;
  Backing backing_ = Backing::kPlain;
  PolicyKind policy_ = PolicyKind::kDefault;
  std::vector<std::string> fallbacks_;
};

}  // namespace irispair
