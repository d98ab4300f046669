// The system calls that place memory and threads, behind one small interface so that tests can refuse them.
//
// Every call returns 0 or the errno value.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "core/system/memory_policy.h"

namespace irispair {

class KernelCalls {
 public:
  virtual ~KernelCalls() = default;

  virtual int Map(std::size_t bytes, int flags, int file, void** address) = 0;
  // Sets the policy of a mapped range. Pages that exist already are not moved.
  virtual int BindRange(void* address, std::size_t bytes, const MemoryPolicy& policy) = 0;
  // MADV_POPULATE_WRITE: backs every page now, and says so when it cannot, where touching would be a SIGBUS.
  virtual int Populate(void* address, std::size_t bytes) = 0;
  // MADV_HUGEPAGE.
  virtual int AdviseHuge(void* address, std::size_t bytes) = 0;
  // An unlinked file on hugetlbfs of 2 MiB pages, EMEDIUMTYPE where something else is mounted; the descriptor
  // is the caller's.
  virtual int OpenHugetlbfs(const char* directory, std::size_t bytes, int* file) = 0;

  // The real ones.
  static KernelCalls& System();
};

// What a hugepage is here.
inline constexpr std::size_t kHugepageBytes = 2 << 20;

// The policy of the calling thread and of all that it starts from now on.
int SetThreadPolicy(const MemoryPolicy& policy);

// The CPUs of the calling thread and of all that it starts from now on.
int SetThreadCpus(const std::vector<int>& cpus);

// The nodes of `count` pages whose addresses are `stride` bytes apart, or negative errno values (-ENOENT: not
// backed yet). move_pages in its query form.
std::vector<int> NodesOfPages(const void* address, std::size_t count, std::size_t stride);

// Bytes of a range that lie on transparent hugepages, from /proc/self/smaps; at most that many where the
// kernel joined the range with its neighbours.
std::size_t TransparentHugeBytes(const void* address, std::size_t bytes);

}  // namespace irispair
