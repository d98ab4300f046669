#include "core/system/kernel_calls.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace irispair {
namespace {

// An anonymous mapping that goes with it, its start on a hugepage's bound.
class Mapping {
 public:
  explicit Mapping(std::size_t bytes) : bytes_(bytes + kHugepageBytes) {
    EXPECT_EQ(KernelCalls::System().Map(bytes_, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, &address_),
              0);
    const auto start = reinterpret_cast<std::uintptr_t>(address_);
    data = static_cast<char*>(address_) + (kHugepageBytes - start % kHugepageBytes) % kHugepageBytes;
  }
  ~Mapping() { munmap(address_, bytes_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  char* data = nullptr;

 private:
  std::size_t bytes_;
  void* address_ = nullptr;
};

TEST(MemoryPolicy, IsDescribedInWords) {
  EXPECT_EQ(Describe({}), "default");
  EXPECT_EQ(Describe({PolicyKind::kPreferred, {1}}), "preferred on node 1");
  EXPECT_EQ(Describe({PolicyKind::kInterleave, {0, 2, 5}}), "interleave on nodes 0, 2, 5");
}

TEST(KernelCalls, TellPagesThatAreNotBackedFromThoseThatAre) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  constexpr std::size_t kPages = 1100;
  const Mapping mapping(kPages * page);
  mapping.data[3 * page] = 1;
  mapping.data[(kPages - 1) * page] = 1;
  const std::vector<int> nodes = NodesOfPages(mapping.data, kPages, page);
  ASSERT_EQ(nodes.size(), kPages);
  for (std::size_t index = 0; index < kPages; ++index) {
    if (index == 3 || index == kPages - 1) {
      EXPECT_GE(nodes[index], 0) << index;
    } else {
      EXPECT_LT(nodes[index], 0) << index;
    }
  }
}

TEST(KernelCalls, CountTransparentHugepagesOfARangeWithinALargerMapping) {
  constexpr std::size_t kBytes = 8 * kHugepageBytes;
  const Mapping mapping(kBytes);
  if (KernelCalls::System().AdviseHuge(mapping.data, kBytes) != 0) {
    EXPECT_EQ(TransparentHugeBytes(mapping.data, kBytes), 0U);
    return;
  }
  EXPECT_EQ(TransparentHugeBytes(mapping.data, kBytes), 0U);
  ASSERT_EQ(KernelCalls::System().Populate(mapping.data, kBytes), 0);
  const std::size_t whole = TransparentHugeBytes(mapping.data, kBytes);
  EXPECT_LE(whole, kBytes);
  const std::size_t half = TransparentHugeBytes(mapping.data + kBytes / 2, kBytes / 2);
  EXPECT_EQ(half > 0, whole > 0);
  EXPECT_LE(half, kBytes / 2);
}

TEST(KernelCalls, RefuseCpusAndNodesThatDoNotExist) {
  EXPECT_EQ(SetThreadCpus({}), EINVAL);
  EXPECT_EQ(SetThreadCpus({CPU_SETSIZE * 8}), EINVAL);
  EXPECT_NE(SetThreadPolicy({PolicyKind::kBind, {1023}}), 0);
  EXPECT_NE(SetThreadPolicy({PolicyKind::kBind, {}}), 0);
}

TEST(KernelCalls, RestrictTheCallingThreadOnly) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  std::thread([cpu] {
    EXPECT_EQ(SetThreadCpus({cpu}), 0);
    cpu_set_t now;
    ASSERT_EQ(sched_getaffinity(0, sizeof(now), &now), 0);
    EXPECT_EQ(CPU_COUNT(&now), 1);
    EXPECT_TRUE(CPU_ISSET(cpu, &now));
  }).join();
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace irispair
