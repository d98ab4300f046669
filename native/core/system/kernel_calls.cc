#include "core/system/kernel_calls.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace irispair {
namespace {

int ModeOf(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::kBind:
      return MPOL_BIND;
    case PolicyKind::kPreferred:
      return MPOL_PREFERRED;
    case PolicyKind::kInterleave:
      return MPOL_INTERLEAVE;
    case PolicyKind::kDefault:
      return MPOL_DEFAULT;
  }
  return MPOL_DEFAULT;
}

// A node set as the kernel wants it: a bit array, and its length in bits, of which it ignores the last.
struct NodeMask {
  explicit NodeMask(const std::vector<int>& nodes) {
    for (const int node : nodes) {
      const auto word = static_cast<std::size_t>(node) / kBitsInWord;
      if (words.size() <= word) words.resize(word + 1);
      words[word] |= 1UL << (static_cast<std::size_t>(node) % kBitsInWord);
    }
  }

  static constexpr std::size_t kBitsInWord = 8 * sizeof(unsigned long);
  const unsigned long* data() const { return words.empty() ? nullptr : words.data(); }
  unsigned long bits() const { return words.empty() ? 0 : words.size() * kBitsInWord + 1; }
  std::vector<unsigned long> words;
};

int Errno(long result) { return result == 0 ? 0 : errno; }

class SystemKernelCalls final : public KernelCalls {
 public:
  int Map(std::size_t bytes, int flags, int file, void** address) override {
    *address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
    return *address == MAP_FAILED ? errno : 0;
  }

  int BindRange(void* address, std::size_t bytes, const MemoryPolicy& policy) override {
    const NodeMask mask(policy.nodes);
    return Errno(syscall(SYS_mbind, address, bytes, ModeOf(policy.kind), mask.data(), mask.bits(), 0));
  }

  int Populate(void* address, std::size_t bytes) override {
    return Errno(madvise(address, bytes, MADV_POPULATE_WRITE));
  }

  int AdviseHuge(void* address, std::size_t bytes) override {
    return Errno(madvise(address, bytes, MADV_HUGEPAGE));
  }

  int OpenHugetlbfs(const char* directory, std::size_t bytes, int* file) override {
    // On any other file system the irises would be written to a disk.
    struct statfs mounted {};
    if (statfs(directory, &mounted) != 0) return errno;
    if (mounted.f_type != HUGETLBFS_MAGIC || mounted.f_bsize != kHugepageBytes) return EMEDIUMTYPE;
    std::string path = std::string(directory) + "/irispair-XXXXXX";
    *file = mkostemp(path.data(), O_CLOEXEC);
    if (*file < 0) return errno;
    // Unlinked at once, so that a crash leaks no hugepage.
    unlink(path.c_str());
    return Errno(ftruncate(*file, static_cast<off_t>(bytes)));
  }
};

}  // namespace

KernelCalls& KernelCalls::System() {
  static SystemKernelCalls calls;
  return calls;
}

int SetThreadPolicy(const MemoryPolicy& policy) {
  const NodeMask mask(policy.nodes);
  return Errno(syscall(SYS_set_mempolicy, ModeOf(policy.kind), mask.data(), mask.bits()));
}

int SetThreadCpus(const std::vector<int>& cpus) {
  if (cpus.empty()) return EINVAL;
  const int highest = *std::max_element(cpus.begin(), cpus.end());
  cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(highest) + 1);
  const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(highest) + 1);
  CPU_ZERO_S(bytes, set);
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), bytes, set);
  const int result = Errno(sched_setaffinity(0, bytes, set));
  CPU_FREE(set);
  return result;
}

std::vector<int> NodesOfPages(const void* address, std::size_t count, std::size_t stride) {
  constexpr std::size_t kPagesACall = 512;
  std::vector<int> nodes(count, -ENOENT);
  std::vector<void*> pages;
  for (std::size_t first = 0; first < count; first += kPagesACall) {
    const std::size_t some = std::min(kPagesACall, count - first);
    pages.clear();
    for (std::size_t page = 0; page < some; ++page) {
      pages.push_back(const_cast<char*>(static_cast<const char*>(address)) + (first + page) * stride);
    }
    if (syscall(SYS_move_pages, 0, some, pages.data(), nullptr, &nodes[first], 0) != 0) {
      std::fill_n(nodes.begin() + static_cast<std::ptrdiff_t>(first), some, -errno);
    }
  }
  return nodes;
}

std::size_t TransparentHugeBytes(const void* address, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream smaps("/proc/self/smaps");
  std::string line;
  // Bytes of the range within the mapping that the lines are about.
  std::size_t within = 0;
  std::size_t huge = 0;
  while (std::getline(smaps, line)) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (const auto dash = first.find('-');
        dash != std::string::npos && first.find(':') == std::string::npos) {
      const std::uintptr_t start = std::stoull(first.substr(0, dash), nullptr, 16);
      const std::uintptr_t end = std::stoull(first.substr(dash + 1), nullptr, 16);
      const std::uintptr_t from = std::max(start, begin);
      const std::uintptr_t to = std::min<std::uintptr_t>(end, begin + bytes);
      within = to > from ? to - from : 0;
    } else if (within != 0 && first == "AnonHugePages:") {
      std::size_t kibibytes = 0;
      words >> kibibytes;
      // The kernel joins neighbours that were mapped alike: what lies on hugepages may be partly theirs.
      huge += std::min(within, kibibytes * 1024);
    }
  }
  return huge;
}

}  // namespace irispair
