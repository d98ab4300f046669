#include "core/memory/page_count.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace irispair {
namespace {

constexpr std::size_t kPages = 1'000;

// Pages of a mapping, none of which has memory until it is written.
class PageCounts : public testing::Test {
 protected:
  PageCounts() {
    void* mapped = mmap(nullptr, kPages * page_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT_NE(mapped, MAP_FAILED);
    // A hugepage would back its neighbours too.
    madvise(mapped, kPages * page_, MADV_NOHUGEPAGE);
    data_ = static_cast<std::byte*>(mapped);
  }
  ~PageCounts() override { munmap(data_, kPages * page_); }

  void Write(std::size_t page) { data_[page * page_] = std::byte{1}; }
  std::span<const std::byte> Range(std::size_t offset, std::size_t bytes) const {
    return {data_ + offset, bytes};
  }
  static std::size_t Backed(const PageCount& count) {
    std::size_t pages = 0;
    for (const auto& [node, on_node] : count.nodes) {
      EXPECT_GE(node, 0);
      pages += on_node;
    }
    return pages;
  }

  const std::size_t page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::byte* data_ = nullptr;
};

TEST_F(PageCounts, TellThePagesOfEachNodeFromThoseWithoutMemory) {
  for (const std::size_t page : {0UL, 3UL, kPages - 1}) Write(page);
  const PageCount count = CountPages(data_, kPages * page_, page_);
  EXPECT_EQ(count.refused, 0);
  EXPECT_EQ(count.interval, 1U);
  EXPECT_EQ(Backed(count), 3U);
  EXPECT_EQ(count.not_backed, kPages - 3);
}

TEST_F(PageCounts, TakeThePageThatIsOnlyReadForOneWithoutMemory) {
  EXPECT_EQ(data_[0], std::byte{0});
  const PageCount count = CountPages(data_, page_, page_);
  EXPECT_EQ(count.refused, 0);
  EXPECT_EQ(count.not_backed, 1U);
}

TEST_F(PageCounts, CountAPageOnceThatSeveralRangesShare) {
  for (std::size_t page = 0; page < 10; ++page) Write(page);
  const PageCount count = CountPagesOfRanges({Range(page_ / 2, 2 * page_), Range(0, 10),
                                              Range(2 * page_ + 100, 10), Range(9 * page_, 1), Range(0, 0)},
                                             page_);
  // Pages 0 to 2 and page 9.
  EXPECT_EQ(Backed(count), 4U);
  EXPECT_EQ(count.not_backed, 0U);
}

TEST_F(PageCounts, LookUpSomeOfManyPagesForAll) {
  for (std::size_t page = 0; page < kPages; page += 2) Write(page);
  const PageCount count = CountPages(data_, kPages * page_, page_, 100);
  EXPECT_EQ(count.interval, 10U);
  // Every tenth page, all of them written.
  EXPECT_EQ(Backed(count), kPages);
  const PageCount odd = CountPages(data_ + page_, (kPages - 3) * page_, page_, 100);
  EXPECT_EQ(Backed(odd) + odd.not_backed, kPages - 3);
  EXPECT_EQ(Backed(odd), 0U);
}

TEST_F(PageCounts, AreNothingForNothing) {
  const PageCount count = CountPagesOfRanges({}, page_);
  EXPECT_TRUE(count.nodes.empty());
  EXPECT_EQ(count.not_backed, 0U);
  EXPECT_EQ(count.interval, 1U);
}

}  // namespace
}  // namespace irispair
