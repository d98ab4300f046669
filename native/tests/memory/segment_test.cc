#include "core/memory/segment.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <string>

#include "core/memory/arena.h"
#include "core/system/error.h"

namespace irispair {
namespace {

// The real system calls, any of which a test may refuse.
class RefusingCalls final : public KernelCalls {
 public:
  int Map(std::size_t bytes, int flags, int file, void** address) override {
    if ((flags & MAP_HUGETLB) != 0) {
      if (hugepages_error != 0) return hugepages_error;
      flags &= ~(MAP_HUGETLB | (0x3f << 26));
    }
    return KernelCalls::System().Map(bytes, flags, file, address);
  }
  int BindRange(void*, std::size_t, const MemoryPolicy& policy) override {
    bound.push_back(policy.kind);
    if (policy.kind == PolicyKind::kBind) return bind_error;
    return policy.kind == PolicyKind::kInterleave ? interleave_error : 0;
  }
  int Populate(void* address, std::size_t bytes) override {
    populated_after = bound.size();
    if (populate_error != 0 && populate_errors_left-- > 0) return populate_error;
    return KernelCalls::System().Populate(address, bytes);
  }
  int AdviseHuge(void*, std::size_t) override { return advise_error; }
  int OpenHugetlbfs(const char*, std::size_t bytes, int* file) override {
    if (hugetlbfs_error != 0) return hugetlbfs_error;
    // An ordinary unlinked file stands for one on hugetlbfs.
    *file = memfd_create("irispair-test", MFD_CLOEXEC);
    return ftruncate(*file, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
  }

  int hugetlbfs_error = 0;
  int hugepages_error = 0;
  int bind_error = 0;
  int interleave_error = 0;
  int advise_error = 0;
  int populate_error = 0;
  int populate_errors_left = 0;
  std::size_t populated_after = 0;
  std::vector<PolicyKind> bound;
};

SegmentPlan BoundPlan() {
  return {{PolicyKind::kBind, {1}}, {0, 1}, HugepageUse::kPrefer, "/hugepages", false};
}

constexpr std::size_t kBytes = 3 << 20;

bool Mentions(const std::vector<std::string>& sentences, const std::string& words) {
  for (const std::string& sentence : sentences) {
    if (sentence.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST(Segment, PrefersAFileOnHugetlbfsAndRoundsToWholePages) {
  RefusingCalls calls;
  const Segment segment(kBytes, BoundPlan(), calls);
  EXPECT_EQ(segment.backing(), Backing::kHugetlbfs);
  EXPECT_EQ(segment.bytes(), std::size_t{4} << 20);
  EXPECT_EQ(segment.policy(), PolicyKind::kBind);
  EXPECT_TRUE(segment.fallbacks().empty());
}

TEST(Segment, BindsBeforeItPopulates) {
  RefusingCalls calls;
  const Segment segment(kBytes, BoundPlan(), calls);
  EXPECT_EQ(calls.populated_after, 1U);
}

TEST(Segment, FallsBackToAnonymousHugepages) {
  RefusingCalls calls;
  calls.hugetlbfs_error = ENOENT;
  const Segment segment(kBytes, BoundPlan(), calls);
  EXPECT_EQ(segment.backing(), Backing::kHugepages);
  EXPECT_TRUE(Mentions(segment.fallbacks(), "hugetlbfs at /hugepages"));
}

TEST(Segment, FallsBackToSmallPagesWhenTheNodeHasTooFewHugepages) {
  RefusingCalls calls;
  calls.populate_error = EFAULT;
  calls.populate_errors_left = 2;
  const Segment segment(kBytes, BoundPlan(), calls);
  EXPECT_TRUE(segment.backing() == Backing::kPlain || segment.backing() == Backing::kTransparent);
  EXPECT_EQ(segment.fallbacks().size(), 2U);
  EXPECT_TRUE(Mentions(segment.fallbacks(), "not that many are free there"));
  segment.data()[segment.bytes() - 1] = std::byte{1};
}

TEST(Segment, TouchesSmallPagesWhereTheKernelCannotPopulate) {
  RefusingCalls calls;
  calls.populate_error = EINVAL;
  calls.populate_errors_left = 3;
  const Segment segment(kBytes, BoundPlan(), calls);
  EXPECT_EQ(segment.CountPages().not_backed, 0U);
}

TEST(Segment, UsesNoHugepagesWhenTheyAreOff) {
  RefusingCalls calls;
  SegmentPlan plan = BoundPlan();
  plan.hugepages = HugepageUse::kOff;
  const Segment segment(kBytes, plan, calls);
  EXPECT_EQ(segment.backing(), Backing::kPlain);
  EXPECT_TRUE(segment.fallbacks().empty());
}

TEST(Segment, RefusesToStartWithoutRequiredHugepagesAndSaysWhatToDo) {
  RefusingCalls calls;
  calls.hugetlbfs_error = ENOENT;
  calls.hugepages_error = ENOMEM;
  SegmentPlan plan = BoundPlan();
  plan.hugepages = HugepageUse::kRequire;
  // No machine has that node, and so no pages there: what is to be reserved follows from the plan alone.
  plan.policy = {PolicyKind::kBind, {1022}};
  plan.in_turn = 2;
  try {
    const Segment segment(kBytes, plan, calls);
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kHugepagesRequired);
    const std::string message = error.what();
    EXPECT_NE(message.find("needs 2 free pages of 2 MiB on node 1022"), std::string::npos) << message;
    EXPECT_NE(message.find("(0 free; reserve enough with: echo 4 > "
                           "/sys/devices/system/node/node1022/hugepages/hugepages-2048kB/nr_hugepages)"),
              std::string::npos)
        << message;
  }
}

TEST(Segment, InterleavesWhenBindingIsRefusedAndThenGoesOnWithout) {
  RefusingCalls calls;
  calls.bind_error = EPERM;
  {
    const Segment segment(kBytes, BoundPlan(), calls);
    EXPECT_EQ(segment.policy(), PolicyKind::kInterleave);
    EXPECT_TRUE(Mentions(segment.fallbacks(), "bind on node 1 was refused"));
    EXPECT_TRUE(Mentions(segment.fallbacks(), "CAP_SYS_NICE"));
  }
  calls.interleave_error = EPERM;
  const Segment segment(kBytes, BoundPlan(), calls);
  EXPECT_EQ(segment.policy(), PolicyKind::kDefault);
  EXPECT_TRUE(Mentions(segment.fallbacks(), "interleave on nodes 0, 1 was refused"));
}

TEST(Segment, StopsWhenBindingIsRefusedAndPlacementIsStrict) {
  RefusingCalls calls;
  calls.bind_error = EPERM;
  SegmentPlan plan = BoundPlan();
  plan.strict = true;
  try {
    const Segment segment(kBytes, plan, calls);
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBindingRefused);
  }
}

TEST(Segment, IsBackedWholeByTheRealSystem) {
  const Segment segment(kBytes, {}, KernelCalls::System());
  const PageCount count = segment.CountPages();
  EXPECT_EQ(count.not_backed, 0U);
  std::size_t pages = 0;
  for (const auto& [node, on_node] : count.nodes) pages += on_node;
  EXPECT_EQ(pages * segment.page_bytes(), segment.bytes());
}

TEST(Arena, GrowsBySegmentsThatNeverMoveUpToItsMaximum) {
  ArenaPlan plan;
  plan.initial_capacity = 10;
  plan.grow_by = 4;
  plan.maximum_capacity = 17;
  Arena arena(plan, 2400, KernelCalls::System());
  std::byte* const first = arena.Slot(9);
  *first = std::byte{42};
  arena.Grow();
  EXPECT_EQ(arena.capacity(), 14U);
  arena.Grow();
  EXPECT_EQ(arena.capacity(), 17U);
  EXPECT_EQ(arena.Slot(9), first);
  EXPECT_EQ(arena.Slot(9)[0], std::byte{42});
  arena.Slot(16)[2399] = std::byte{7};
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.Slot(11)) % 64, 0U);
  EXPECT_THROW(arena.Grow(), Error);
}

}  // namespace
}  // namespace irispair
