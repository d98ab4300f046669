#include "core/memory/segment.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/memory/numa_maps.h"
#include "core/system/error.h"

#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif

namespace irispair {
namespace {

std::size_t RoundUp(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

std::size_t SmallPageBytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

// Closes its file when it goes.
class OwnedFile {
 public:
  OwnedFile() = default;
  ~OwnedFile() {
    if (number >= 0) close(number);
  }
  OwnedFile(const OwnedFile&) = delete;
  OwnedFile& operator=(const OwnedFile&) = delete;

  int number = -1;
};

std::string OpenProblem(int error) {
  if (error == EMEDIUMTYPE) return "no hugetlbfs of 2 MiB pages is mounted there";
  return std::strerror(error);
}

std::string PopulateProblem(int error) {
  if (error == EINVAL) return "this kernel cannot populate them safely";
  if (error == EFAULT || error == ENOMEM) return "not that many are free there";
  return std::strerror(error);
}

// A pool of 2 MiB hugepages: of one node, or of the whole machine.
struct HugepagePool {
  explicit HugepagePool(const std::string& of) : directory(of + "/hugepages-2048kB") {}

  std::size_t free() const { return Read("free_hugepages"); }
  // The size at which it has that many free pages.
  std::size_t SizeWithFree(std::size_t pages) const {
    const std::size_t total = Read("nr_hugepages");
    return total - std::min(total, free()) + pages;
  }

  const std::string directory;

 private:
  std::size_t Read(const char* name) const {
    std::ifstream file(directory + "/" + name);
    std::size_t pages = 0;
    file >> pages;
    return pages;
  }
};

// What an operator needs to know when hugepages are required and cannot be had.
std::string ReservationAdvice(std::size_t bytes, const SegmentPlan& plan) {
  const std::size_t pages = bytes / kHugepageBytes;
  const std::string needed =
      "hugepages are required: this segment needs " + std::to_string(pages) + " free pages of 2 MiB";
  if (plan.policy.kind == PolicyKind::kDefault || plan.policy.nodes.empty()) {
    const HugepagePool pool("/sys/kernel/mm/hugepages");
    return needed + ", there are " + std::to_string(pool.free()) +
           "; reserve enough with: sysctl -w vm.nr_hugepages=" +
           std::to_string(pool.SizeWithFree(pages * plan.in_turn));
  }
  const std::size_t nodes = plan.policy.nodes.size();
  const std::size_t share = (pages * plan.in_turn + nodes - 1) / nodes;
  std::string advice = needed + " on";
  for (const int node : plan.policy.nodes) {
    const HugepagePool pool("/sys/devices/system/node/node" + std::to_string(node) + "/hugepages");
    advice += " node " + std::to_string(node) + " (" + std::to_string(pool.free()) +
              " free; reserve enough with: echo " + std::to_string(pool.SizeWithFree(share)) + " > " +
              pool.directory + "/nr_hugepages)";
  }
  return advice;
}

}  // namespace

const char* BackingName(Backing backing) {
  switch (backing) {
    case Backing::kHugetlbfs:
      return "hugetlbfs";
    case Backing::kHugepages:
      return "hugepages";
    case Backing::kTransparent:
      return "transparent";
    case Backing::kPlain:
      return "plain";
  }
  return "plain";
}

Segment::Segment(std::size_t bytes, const SegmentPlan& plan, KernelCalls& calls) {
  bytes_ = RoundUp(bytes, kHugepageBytes);
  if (plan.hugepages != HugepageUse::kOff) {
    if (TryHugetlbfs(plan, calls) || TryHugepages(plan, calls)) return;
    if (plan.hugepages == HugepageUse::kRequire) {
      std::string message = ReservationAdvice(bytes_, plan);
      for (const std::string& fallback : fallbacks_) message += "; " + fallback;
      throw Error(ErrorCode::kHugepagesRequired, message);
    }
  }
  MapSmallPages(plan, calls);
}

Segment::~Segment() { Unmap(); }

PageCount Segment::CountPages() const {
  const PageCount looked_up = irispair::CountPages(address_, bytes_, page_bytes());
  const bool on_hugepages = backing_ == Backing::kHugetlbfs || backing_ == Backing::kHugepages;
  if (looked_up.refused == 0 || !on_hugepages) return looked_up;
  std::ifstream numa_maps("/proc/self/numa_maps");
  return CountMapping(numa_maps, address_, bytes_, page_bytes()).value_or(looked_up);
}

std::size_t Segment::page_bytes() const {
  return backing_ == Backing::kHugetlbfs || backing_ == Backing::kHugepages ? kHugepageBytes
                                                                            : SmallPageBytes();
}

bool Segment::TryHugetlbfs(const SegmentPlan& plan, KernelCalls& calls) {
  if (plan.hugetlbfs.empty()) return false;
  OwnedFile file;
  if (const int error = calls.OpenHugetlbfs(plan.hugetlbfs.c_str(), bytes_, &file.number); error != 0) {
    Note("hugetlbfs at " + plan.hugetlbfs + ": " + OpenProblem(error));
    return false;
  }
  backing_ = Backing::kHugetlbfs;
  return MapOnHugepages("hugetlbfs", MAP_SHARED, file.number, plan, calls);
}

bool Segment::TryHugepages(const SegmentPlan& plan, KernelCalls& calls) {
  backing_ = Backing::kHugepages;
  return MapOnHugepages("anonymous hugepages", MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1,
                        plan, calls);
}

bool Segment::MapOnHugepages(const char* rung, int flags, int file, const SegmentPlan& plan,
                             KernelCalls& calls) {
  // Without a reservation the mapping itself succeeds and populating tells whether the node has the pages.
  if (const int error = calls.Map(bytes_, flags | MAP_NORESERVE, file, &address_); error != 0) {
    address_ = nullptr;
    Note(std::string(rung) + ": " + std::strerror(error));
    return false;
  }
  BindOrFallBack(plan, calls);
  if (const int error = calls.Populate(address_, bytes_); error != 0) {
    Note(std::string(rung) + ": " + std::to_string(bytes_ / kHugepageBytes) + " pages of 2 MiB (" +
         PolicyName(policy_) + "): " + PopulateProblem(error));
    Unmap();
    return false;
  }
  return true;
}

void Segment::MapSmallPages(const SegmentPlan& plan, KernelCalls& calls) {
  if (const int error = calls.Map(bytes_, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, &address_);
      error != 0) {
    address_ = nullptr;
    throw Error(ErrorCode::kCapacityExhausted,
                "cannot map " + std::to_string(bytes_) + " bytes: " + std::strerror(error));
  }
  BindOrFallBack(plan, calls);
  const bool advised = plan.hugepages == HugepageUse::kOff || calls.AdviseHuge(address_, bytes_) == 0;
  if (!advised) Note("transparent hugepages: not available");
  if (const int error = calls.Populate(address_, bytes_); error == EINVAL) {
    // Kernels before 5.14: small pages may be touched, they never raise SIGBUS.
    for (std::size_t offset = 0; offset < bytes_; offset += SmallPageBytes()) data()[offset] = std::byte{0};
  } else if (error != 0) {
    Unmap();
    throw Error(ErrorCode::kCapacityExhausted,
                "cannot populate " + std::to_string(bytes_) + " bytes: " + std::strerror(error));
  }
  backing_ = TransparentHugeBytes(address_, bytes_) > bytes_ / 2 ? Backing::kTransparent : Backing::kPlain;
}

void Segment::BindOrFallBack(const SegmentPlan& plan, KernelCalls& calls) {
  policy_ = PolicyKind::kDefault;
  if (plan.policy.kind == PolicyKind::kDefault) return;
  const int refused = calls.BindRange(address_, bytes_, plan.policy);
  if (refused == 0) {
    policy_ = plan.policy.kind;
    return;
  }
  const std::string sentence = Describe(plan.policy) + " was refused: " + std::strerror(refused) +
                               (refused == EPERM ? " (containers need CAP_SYS_NICE)" : "");
  if (plan.strict) {
    Unmap();
    throw Error(ErrorCode::kBindingRefused, sentence);
  }
  Note(sentence);
  if (plan.fallback_nodes.empty()) return;
  const MemoryPolicy interleave{PolicyKind::kInterleave, plan.fallback_nodes};
  if (const int error = calls.BindRange(address_, bytes_, interleave); error != 0) {
    Note(Describe(interleave) + " was refused: " + std::strerror(error));
  } else {
    policy_ = PolicyKind::kInterleave;
  }
}

void Segment::Unmap() {
  if (address_ != nullptr) munmap(address_, bytes_);
  address_ = nullptr;
}

}  // namespace irispair
