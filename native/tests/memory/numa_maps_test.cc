#include "core/memory/numa_maps.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace irispair {
namespace {

constexpr std::size_t kHugepage = 2 << 20;

const void* At(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

std::optional<PageCount> Count(const std::string& maps, std::uintptr_t address, std::size_t bytes,
                               std::size_t page_bytes = kHugepage) {
  std::istringstream text(maps);
  return CountMapping(text, At(address), bytes, page_bytes);
}

const std::string kMaps =
    "00400000 default file=/usr/bin/node mapped=20 N0=20 kernelpagesize_kB=4\n"
    "7f1a60000000 default file=/mnt/hugepages-2MB/x\\040(deleted) huge dirty=115 N0=5 N1=110 "
    "kernelpagesize_kB=2048\n"
    "7f1a80000000 default file=/anon_hugepage\\040(deleted) huge dirty=3 N1=3 kernelpagesize_kB=2048\n"
    "7f1aa0000000 default\n";

TEST(NumaMaps, TellThePagesOfTheMappingThatStartsThere) {
  const auto count = Count(kMaps, 0x7f1a60000000, 120 * kHugepage);
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(count->nodes, (std::map<int, std::size_t>{{0, 5}, {1, 110}}));
  EXPECT_EQ(count->not_backed, 5U);
  EXPECT_EQ(count->interval, 1U);
  EXPECT_EQ(count->refused, 0);
}

TEST(NumaMaps, TellNothingOfWhatIsNotAMapping) {
  EXPECT_FALSE(Count(kMaps, 0x7f1a60200000, 10 * kHugepage).has_value());
  EXPECT_FALSE(Count("", 0x7f1a60000000, kHugepage).has_value());
  EXPECT_FALSE(Count("nonsense\n", 0x7f1a60000000, kHugepage).has_value());
}

TEST(NumaMaps, TellNothingWhenSizesDoNotFit) {
  EXPECT_FALSE(Count(kMaps, 0x7f1a60000000, 120 * kHugepage, 4096).has_value());
  EXPECT_FALSE(Count(kMaps, 0x7f1a60000000, 100 * kHugepage).has_value());
  EXPECT_FALSE(Count(kMaps, 0x7f1aa0000000, kHugepage).has_value());
}

TEST(NumaMaps, AreReadOfThisProcess) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  constexpr std::size_t kPages = 64;
  // A file of its own keeps a mapping from being joined with its neighbours.
  const int file = memfd_create("numa-maps-test", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  ASSERT_EQ(ftruncate(file, static_cast<off_t>(kPages * page)), 0);
  void* mapped = mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ASSERT_NE(mapped, MAP_FAILED);
  for (std::size_t index = 0; index < 10; ++index) static_cast<char*>(mapped)[index * page] = 1;
  std::ifstream maps("/proc/self/numa_maps");
  const auto count = CountMapping(maps, mapped, kPages * page, page);
  munmap(mapped, kPages * page);
  close(file);
  ASSERT_TRUE(count.has_value());
  std::size_t backed = 0;
  for (const auto& [node, pages] : count->nodes) backed += pages;
  EXPECT_EQ(backed, 10U);
  EXPECT_EQ(count->not_backed, kPages - 10);
}

}  // namespace
}  // namespace irispair
