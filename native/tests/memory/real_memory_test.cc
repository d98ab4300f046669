// Segments on this machine's own kernel, as far down the ladder as it lets a test go. Each test asserts
// something on every machine, and records as a property which branch it took.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "core/memory/segment.h"
#include "core/system/error.h"

namespace irispair {
namespace {

constexpr std::size_t kBytes = 2 * kHugepageBytes;
// Linux knows 1024 nodes at most: no machine has these.
constexpr int kNoNode = 1022;
constexpr int kNoNodeEither = 1023;

bool Mentions(const Segment& segment, const std::string& words) {
  for (const std::string& sentence : segment.fallbacks()) {
    if (sentence.find(words) != std::string::npos) return true;
  }
  return false;
}

bool IsSmall(const Segment& segment) {
  return segment.backing() == Backing::kPlain || segment.backing() == Backing::kTransparent;
}

void Took(const std::string& branch) {
  testing::Test::RecordProperty("branch", branch);
  std::cout << "[  branch  ] " << branch << "\n";
}

// Every byte can be written, was zero before, and every page has a node.
void ExpectBackedAndZeroed(const Segment& segment) {
  for (std::size_t offset = 0; offset < segment.bytes(); offset += 512) {
    ASSERT_EQ(segment.data()[offset], std::byte{0}) << offset;
    segment.data()[offset] = std::byte{0x5a};
  }
  const PageCount count = segment.CountPages();
  EXPECT_EQ(count.refused, 0);
  EXPECT_EQ(count.not_backed, 0U);
  std::size_t pages = 0;
  for (const auto& [node, on_node] : count.nodes) pages += on_node;
  EXPECT_EQ(pages * segment.page_bytes(), segment.bytes());
}

// Free hugepages of 2 MiB for as long as it lives, given back afterwards; one test at a time. Enough of them
// that another process may take a few.
class ReservedHugepages {
 public:
  ReservedHugepages() : lock_(open((std::string(kPool) + "nr_hugepages").c_str(), O_RDONLY | O_CLOEXEC)) {
    if (lock_ < 0 || flock(lock_, LOCK_EX) != 0) return;
    const long before = Persistent();
    if (!Keep(before + kWanted)) return;
    added_ = Persistent() - before;
    granted_ = added_ == kWanted && Read("free_hugepages") >= kWanted;
  }
  ~ReservedHugepages() {
    // What others reserved meanwhile stays.
    if (added_ > 0) Keep(Persistent() - added_);
    if (lock_ >= 0) close(lock_);
  }
  ReservedHugepages(const ReservedHugepages&) = delete;
  ReservedHugepages& operator=(const ReservedHugepages&) = delete;

  bool granted() const { return granted_; }
  static long Total() { return Read("nr_hugepages"); }

 private:
  static constexpr const char* kPool = "/sys/kernel/mm/hugepages/hugepages-2048kB/";
  static constexpr long kWanted = 16;

  static long Read(const char* figure) {
    long pages = 0;
    std::ifstream(std::string(kPool) + figure) >> pages;
    return pages;
  }
  // Without those that go once whoever uses them ends: writing their number back would keep them.
  static long Persistent() { return Total() - Read("surplus_hugepages"); }
  static bool Keep(long pages) {
    std::ofstream file(std::string(kPool) + "nr_hugepages");
    file << pages << std::flush;
    return file.good();
  }

  int lock_;
  long added_ = 0;
  bool granted_ = false;
};

// An empty directory that goes with its contents.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "irispair-test-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string path;
};

// hugetlbfs mounted in a directory, as long as it lives.
class HugetlbfsMount {
 public:
  explicit HugetlbfsMount(const char* options)
      : mounted_(mount("none", directory_.path.c_str(), "hugetlbfs", 0, options) == 0) {}
  ~HugetlbfsMount() {
    if (mounted_) umount2(directory_.path.c_str(), MNT_DETACH);
  }
  HugetlbfsMount(const HugetlbfsMount&) = delete;
  HugetlbfsMount& operator=(const HugetlbfsMount&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& path() const { return directory_.path; }

 private:
  Directory directory_;
  bool mounted_;
};

std::size_t OpenFiles() {
  const auto files = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

bool TransparentHugepagesAllowed() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string setting;
  std::getline(file, setting);
  return !setting.empty() && setting.find("[never]") == std::string::npos;
}

// Whether this process may set memory policies at all; containers often may not.
bool MayBind() {
  void* address = nullptr;
  if (KernelCalls::System().Map(kHugepageBytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, &address) != 0) return false;
  const int refused =
      KernelCalls::System().BindRange(address, kHugepageBytes, {PolicyKind::kInterleave, {0}});
  munmap(address, kHugepageBytes);
  return refused == 0;
}

TEST(RealMemory, TakesAMissingDirectoryForNoHugetlbfs) {
  SegmentPlan plan;
  plan.hugetlbfs = "/nowhere/hugepages";
  const Segment segment(kBytes, plan, KernelCalls::System());
  EXPECT_NE(segment.backing(), Backing::kHugetlbfs);
  EXPECT_TRUE(Mentions(segment, "hugetlbfs at /nowhere/hugepages: No such file or directory"));
  ExpectBackedAndZeroed(segment);
}

TEST(RealMemory, WritesNothingToADirectoryThatIsNoHugetlbfs) {
  const Directory directory;
  SegmentPlan plan;
  plan.hugetlbfs = directory.path;
  const Segment segment(kBytes, plan, KernelCalls::System());
  EXPECT_NE(segment.backing(), Backing::kHugetlbfs);
  EXPECT_TRUE(Mentions(segment, "no hugetlbfs of 2 MiB pages is mounted there"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path));
  ExpectBackedAndZeroed(segment);
}

TEST(RealMemory, LiesOnHugetlbfsWhereItIsMountedAndHasPages) {
  const ReservedHugepages reserved;
  const HugetlbfsMount mounted("pagesize=2M");
  SegmentPlan plan;
  plan.hugetlbfs = mounted.path();
  if (reserved.granted() && mounted.mounted()) {
    Took("hugetlbfs mounted, pages reserved");
    plan.hugepages = HugepageUse::kRequire;
    const std::size_t files = OpenFiles();
    const Segment segment(kBytes, plan, KernelCalls::System());
    EXPECT_EQ(segment.backing(), Backing::kHugetlbfs);
    EXPECT_TRUE(segment.fallbacks().empty());
    EXPECT_EQ(segment.page_bytes(), kHugepageBytes);
    ExpectBackedAndZeroed(segment);
    // The file is unlinked and closed: a crash leaks nothing.
    EXPECT_TRUE(std::filesystem::is_empty(mounted.path()));
    EXPECT_EQ(OpenFiles(), files);
  } else {
    Took("no hugetlbfs can be had");
    const Segment segment(kBytes, plan, KernelCalls::System());
    EXPECT_EQ(segment.backing() == Backing::kHugetlbfs, segment.fallbacks().empty());
    ExpectBackedAndZeroed(segment);
  }
}

TEST(RealMemory, FallsBackFromAFullHugetlbfsToAnonymousHugepages) {
  const ReservedHugepages reserved;
  const HugetlbfsMount mounted("pagesize=2M,size=2M");
  SegmentPlan plan;
  plan.hugetlbfs = mounted.path();
  const Segment segment(kBytes, plan, KernelCalls::System());
  if (reserved.granted() && mounted.mounted()) {
    Took("hugetlbfs too small, pages reserved");
    EXPECT_EQ(segment.backing(), Backing::kHugepages);
    EXPECT_TRUE(Mentions(segment, "hugetlbfs: 2 pages of 2 MiB"));
  } else {
    Took("no hugetlbfs can be had");
    EXPECT_FALSE(segment.fallbacks().empty());
  }
  ExpectBackedAndZeroed(segment);
}

TEST(RealMemory, RefusesAHugetlbfsOfAnotherPageSize) {
  const HugetlbfsMount mounted("pagesize=1G");
  SegmentPlan plan;
  plan.hugetlbfs = mounted.path();
  Took(mounted.mounted() ? "hugetlbfs of 1 GiB pages" : "an empty directory");
  const Segment segment(kBytes, plan, KernelCalls::System());
  EXPECT_NE(segment.backing(), Backing::kHugetlbfs);
  EXPECT_TRUE(Mentions(segment, "no hugetlbfs of 2 MiB pages is mounted there"));
}

TEST(RealMemory, LiesOnAnonymousHugepagesWhereSomeAreFree) {
  const ReservedHugepages reserved;
  if (reserved.granted()) {
    Took("pages reserved");
    SegmentPlan plan;
    plan.hugepages = HugepageUse::kRequire;
    const Segment segment(kBytes, plan, KernelCalls::System());
    EXPECT_EQ(segment.backing(), Backing::kHugepages);
    EXPECT_TRUE(segment.fallbacks().empty());
    ExpectBackedAndZeroed(segment);
  } else {
    Took("no pages can be reserved");
    const Segment segment(kBytes, {}, KernelCalls::System());
    EXPECT_EQ(IsSmall(segment), Mentions(segment, "anonymous hugepages: "));
    ExpectBackedAndZeroed(segment);
  }
}

TEST(RealMemory, FallsBackToSmallPagesWhenMoreAreNeededThanThereAre) {
  const ReservedHugepages reserved;
  // 64 pages more than the machine has in all, reserved by whomever.
  const long total = ReservedHugepages::Total();
  if (total > 512) GTEST_SKIP() << "this machine reserves so many hugepages that more is too much for a test";
  const Segment segment((static_cast<std::size_t>(total) + 64) * kHugepageBytes, {}, KernelCalls::System());
  Took(reserved.granted() ? "some pages reserved" : "no pages can be reserved");
  EXPECT_TRUE(IsSmall(segment));
  EXPECT_TRUE(Mentions(segment, "anonymous hugepages: "));
  if (TransparentHugepagesAllowed()) {
    Took("transparent hugepages allowed");
    EXPECT_EQ(segment.backing(), Backing::kTransparent);
  } else {
    Took("no transparent hugepages");
    EXPECT_EQ(segment.backing(), Backing::kPlain);
  }
  ExpectBackedAndZeroed(segment);
}

TEST(RealMemory, LiesOnPlainPagesWhenHugepagesAreOff) {
  SegmentPlan plan;
  plan.hugepages = HugepageUse::kOff;
  plan.hugetlbfs = "/nowhere/hugepages";
  const Segment segment(kBytes, plan, KernelCalls::System());
  EXPECT_TRUE(IsSmall(segment));
  EXPECT_TRUE(segment.fallbacks().empty());
  ExpectBackedAndZeroed(segment);
}

TEST(RealMemory, StopsWithoutRequiredHugepagesAndSaysNodePagesAndCommand) {
  // A terabyte of hugepages is free nowhere.
  constexpr std::size_t kTooMuch = std::size_t{1} << 40;
  SegmentPlan plan;
  plan.hugepages = HugepageUse::kRequire;
  plan.hugetlbfs = "/nowhere/hugepages";
  const std::size_t files = OpenFiles();
  for (const bool bound : {false, true}) {
    if (bound) plan.policy = {PolicyKind::kBind, {0}};
    try {
      const Segment segment(kTooMuch, plan, KernelCalls::System());
      ADD_FAILURE() << "it started";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kHugepagesRequired);
      const std::string message = error.what();
      EXPECT_NE(message.find("524288 free pages of 2 MiB"), std::string::npos) << message;
      EXPECT_NE(message.find("hugetlbfs at /nowhere/hugepages"), std::string::npos) << message;
      EXPECT_NE(
          message.find(bound ? " > /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"
                             : "sysctl -w vm.nr_hugepages="),
          std::string::npos)
          << message;
      EXPECT_EQ(message.find("on node 0") != std::string::npos, bound) << message;
    }
  }
  EXPECT_EQ(OpenFiles(), files);
}

TEST(RealMemory, InterleavesAndThenGoesOnWhenTheNodeDoesNotExist) {
  SegmentPlan plan;
  plan.hugepages = HugepageUse::kOff;
  plan.policy = {PolicyKind::kBind, {kNoNode}};
  plan.fallback_nodes = {0};
  const bool may_bind = MayBind();
  Took(may_bind ? "policies may be set" : "policies may not be set");
  {
    const Segment segment(kBytes, plan, KernelCalls::System());
    EXPECT_EQ(segment.policy(), may_bind ? PolicyKind::kInterleave : PolicyKind::kDefault);
    EXPECT_TRUE(Mentions(segment, "bind on node 1022 was refused: "));
    EXPECT_EQ(Mentions(segment, "interleave on node 0 was refused"), !may_bind);
    ExpectBackedAndZeroed(segment);
  }
  plan.fallback_nodes = {kNoNode, kNoNodeEither};
  const Segment segment(kBytes, plan, KernelCalls::System());
  EXPECT_EQ(segment.policy(), PolicyKind::kDefault);
  EXPECT_TRUE(Mentions(segment, "interleave on nodes 1022, 1023 was refused: "));
  ExpectBackedAndZeroed(segment);
}

TEST(RealMemory, StopsWhenTheNodeDoesNotExistAndPlacementIsStrict) {
  const ReservedHugepages reserved;
  const HugetlbfsMount mounted("pagesize=2M");
  SegmentPlan plan;
  plan.policy = {PolicyKind::kBind, {kNoNode}};
  plan.fallback_nodes = {0};
  plan.strict = true;
  plan.hugetlbfs = mounted.path();
  const std::size_t files = OpenFiles();
  for (const HugepageUse use : {HugepageUse::kOff, HugepageUse::kPrefer}) {
    plan.hugepages = use;
    try {
      const Segment segment(kBytes, plan, KernelCalls::System());
      ADD_FAILURE() << "it started";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBindingRefused);
      EXPECT_NE(std::string(error.what()).find("bind on node 1022 was refused"), std::string::npos);
    }
  }
  EXPECT_EQ(OpenFiles(), files);
}

TEST(RealMemory, IsBoundToANodeThatExists) {
  SegmentPlan plan;
  plan.policy = {PolicyKind::kBind, {0}};
  plan.strict = true;
  if (MayBind()) {
    Took("policies may be set");
    const Segment segment(kBytes, plan, KernelCalls::System());
    EXPECT_EQ(segment.policy(), PolicyKind::kBind);
    const auto pages = segment.CountPages().nodes;
    ASSERT_EQ(pages.size(), 1U);
    EXPECT_EQ(pages.begin()->first, 0);
    EXPECT_EQ(pages.begin()->second * segment.page_bytes(), segment.bytes());
  } else {
    Took("policies may not be set");
    EXPECT_THROW(Segment(kBytes, plan, KernelCalls::System()), Error);
  }
}

}  // namespace
}  // namespace irispair
