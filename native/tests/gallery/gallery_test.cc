#include "core/gallery/gallery.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

#include "core/shares/share_record.h"
#include "core/system/error.h"
#include "tests/shares/support.h"

namespace irispair {
namespace {

ArenaPlan Plan(std::uint32_t capacity, std::uint32_t maximum) {
  ArenaPlan plan;
  plan.initial_capacity = capacity;
  plan.grow_by = 4;
  plan.maximum_capacity = maximum;
  return plan;
}

// Every word of both eyes tells the same number, so that half of an iris is seen at once.
IrisPlanes Filled(std::uint32_t value) {
  IrisPlanes iris;
  for (EyePlanes& eye : iris) {
    eye.real.fill(value);
    eye.imaginary.fill(value);
    eye.mask.fill(value);
  }
  return iris;
}

bool IsWhole(const EyePlanes& eye) {
  const std::uint32_t value = eye.real[0];
  for (const EyePlanes::Plane* plane : {&eye.real, &eye.imaginary, &eye.mask}) {
    for (const std::uint32_t word : *plane) {
      if (word != value) return false;
    }
  }
  return true;
}

TEST(Gallery, FindsTheCurrentVersionOnly) {
  Gallery gallery(Plan(4, 4), 1, KernelCalls::System());
  ASSERT_TRUE(gallery.Reserve(2));
  gallery.Publish(1, 0, Filled(10));
  EXPECT_EQ(gallery.Find(Side::kLeft, 1, 0)->real[0], 10U);
  gallery.Publish(1, 1, Filled(11));
  EXPECT_EQ(gallery.Find(Side::kRight, 1, 0), nullptr);
  EXPECT_EQ(gallery.Find(Side::kRight, 1, 1)->mask[199], 11U);
  gallery.Erase(1, 2);
  EXPECT_EQ(gallery.Find(Side::kLeft, 1, 2), nullptr);
  EXPECT_EQ(gallery.Read(1)[0], nullptr);
  EXPECT_EQ(gallery.directory().Find(1).version, 2);
  EXPECT_EQ(gallery.Find(Side::kLeft, 99, 0), nullptr);
}

TEST(Gallery, ErasesTheBitsAndReusesTheSlotOnceNobodyReads) {
  Gallery gallery(Plan(1, 1), 1, KernelCalls::System());
  ASSERT_TRUE(gallery.Reserve(1));
  gallery.Publish(1, 0, Filled(10));
  const EyePlanes* seen = nullptr;
  {
    const ReadingEpochs::Section reading(gallery.epochs(), 0);
    seen = gallery.Find(Side::kLeft, 1, 0);
    gallery.Erase(1, 1);
    EXPECT_EQ(seen->real[0], 10U);
    EXPECT_FALSE(gallery.Reserve(1));
  }
  EXPECT_TRUE(gallery.Reserve(1));
  EXPECT_EQ(seen->real[0], 0U);
  EXPECT_EQ(gallery.used(), 0U);
}

TEST(Gallery, HoldsSharesAlike) {
  std::mt19937_64 random(3);
  const IrisShares iris{RandomShare(random), RandomShare(random)};
  BasicGallery<ShareRecord> gallery(Plan(2, 6), 1, KernelCalls::System());
  EXPECT_EQ(gallery.arena(Side::kLeft).stride_bytes(), 38'400U);
  ASSERT_TRUE(gallery.Reserve(2));
  gallery.Publish(1, 0, {RandomShare(random), RandomShare(random)});
  gallery.Publish(2, 4, iris);
  EXPECT_EQ(*gallery.Find(Side::kLeft, 2, 4), iris[0]);
  EXPECT_EQ(*gallery.Find(Side::kRight, 2, 4), iris[1]);
  const ShareRecord* erased = gallery.Find(Side::kRight, 1, 0);
  gallery.Erase(1, 1);
  EXPECT_EQ(*erased, ShareRecord{});
  EXPECT_FALSE(gallery.Reserve(2));
  gallery.Grow();
  EXPECT_TRUE(gallery.Reserve(5));
  EXPECT_EQ(*gallery.Read(2)[1], iris[1]);
}

TEST(Gallery, HoldsEyesOf256ColumnsAlike) {
  BothEyes<WideEyePlanes> iris{};
  iris[0].mask.fill(7);
  iris[1].real.back() = 9;
  BasicGallery<WideEyePlanes> gallery(Plan(2, 6), 1, KernelCalls::System());
  EXPECT_EQ(gallery.arena(Side::kLeft).stride_bytes(), 3'072U);
  ASSERT_TRUE(gallery.Reserve(2));
  gallery.Publish(1, 0, {});
  gallery.Publish(2, 4, iris);
  EXPECT_EQ(gallery.Find(Side::kLeft, 2, 4)->mask.back(), 7U);
  EXPECT_EQ(gallery.Find(Side::kRight, 2, 4)->real.back(), 9U);
  EXPECT_EQ(gallery.Find(Side::kRight, 1, 0)->real.back(), 0U);
}

TEST(Gallery, RefusesToPublishWhatWasNotReserved) {
  Gallery gallery(Plan(2, 2), 1, KernelCalls::System());
  EXPECT_THROW(gallery.Publish(1, 0, Filled(1)), Error);
  EXPECT_FALSE(gallery.Reserve(3));
  ASSERT_TRUE(gallery.Reserve(2));
  EXPECT_FALSE(gallery.Reserve(1));
  gallery.Unreserve(1);
  EXPECT_TRUE(gallery.Reserve(1));
}

TEST(Gallery, GrowsBothArenasInStep) {
  Gallery gallery(Plan(2, 6), 1, KernelCalls::System());
  ASSERT_TRUE(gallery.Reserve(2));
  EXPECT_FALSE(gallery.Reserve(1));
  gallery.Grow();
  EXPECT_TRUE(gallery.Reserve(4));
  EXPECT_THROW(gallery.Grow(), Error);
}

// The real system calls, of which the mapping may be refused after a while.
class RunningOut final : public KernelCalls {
 public:
  int Map(std::size_t bytes, int flags, int file, void** address) override {
    return maps_left-- > 0 ? KernelCalls::System().Map(bytes, flags, file, address) : ENOMEM;
  }
  int BindRange(void* address, std::size_t bytes, const MemoryPolicy& policy) override {
    return KernelCalls::System().BindRange(address, bytes, policy);
  }
  int Populate(void* address, std::size_t bytes) override {
    return KernelCalls::System().Populate(address, bytes);
  }
  int AdviseHuge(void* address, std::size_t bytes) override {
    return KernelCalls::System().AdviseHuge(address, bytes);
  }
  int OpenHugetlbfs(const char*, std::size_t, int*) override { return ENOENT; }

  int maps_left = 0;
};

TEST(Gallery, CatchesUpWhenOneArenaGrewAndTheOtherCouldNot) {
  RunningOut calls;
  ArenaPlan plan = Plan(2, 6);
  plan.segment.hugepages = HugepageUse::kOff;
  calls.maps_left = 3;
  Gallery gallery(plan, 1, calls);
  EXPECT_THROW(gallery.Grow(), Error);
  EXPECT_EQ(gallery.Capacity(), 2U);
  EXPECT_FALSE(gallery.Reserve(3));
  calls.maps_left = 1;
  gallery.Grow();
  EXPECT_EQ(gallery.arena(Side::kLeft).capacity(), 6U);
  EXPECT_EQ(gallery.Capacity(), 6U);
  ASSERT_TRUE(gallery.Reserve(6));
  for (std::uint32_t serial_id = 1; serial_id <= 6; ++serial_id) {
    gallery.Publish(serial_id, 0, Filled(serial_id));
  }
  for (std::uint32_t serial_id = 1; serial_id <= 6; ++serial_id) {
    EXPECT_EQ(gallery.Find(Side::kRight, serial_id, 0)->imaginary[7], serial_id);
  }
}

TEST(Gallery, CountsEveryIrisOnceHoweverItIsErasedAndEnrolledAgain) {
  Gallery gallery(Plan(3, 3), 1, KernelCalls::System());
  gallery.Erase(5, 1);
  gallery.Erase(5, 2);
  EXPECT_EQ(gallery.used(), 0U);
  ASSERT_TRUE(gallery.Reserve(3));
  gallery.Publish(5, 3, Filled(1));
  gallery.Publish(5, 4, Filled(2));
  EXPECT_EQ(gallery.used(), 1U);
  EXPECT_EQ(gallery.Find(Side::kLeft, 5, 4)->real[0], 2U);
  gallery.Erase(5, 5);
  gallery.Erase(5, 6);
  EXPECT_EQ(gallery.used(), 0U);
  gallery.Unreserve(100);
  EXPECT_TRUE(gallery.Reserve(3));
}

TEST(Gallery, IsReadWhileAnotherThreadGrowsIt) {
  ArenaPlan plan = Plan(4, 200);
  plan.segment.hugepages = HugepageUse::kOff;
  Gallery gallery(plan, 1, KernelCalls::System());
  std::atomic<std::uint32_t> published{0};
  std::thread grower([&] {
    while (gallery.Capacity() < 200) gallery.Grow();
  });
  std::thread reader([&] {
    std::uint32_t seen = 0;
    while (seen < 200) {
      seen = published.load();
      const ReadingEpochs::Section reading(gallery.epochs(), 0);
      for (std::uint32_t serial_id = 1; serial_id <= seen; ++serial_id) {
        ASSERT_EQ(gallery.Find(Side::kRight, serial_id, 0)->mask[0], serial_id);
      }
    }
  });
  for (std::uint32_t serial_id = 1; serial_id <= 200; ++serial_id) {
    while (!gallery.Reserve(1)) std::this_thread::yield();
    gallery.Publish(serial_id, 0, Filled(serial_id));
    published = serial_id;
  }
  grower.join();
  reader.join();
  EXPECT_EQ(gallery.arena(Side::kLeft).Segments().size(), 50U);
}

TEST(Gallery, NeverShowsHalfAnIrisWhileItIsReplaced) {
  Gallery gallery(Plan(3, 3), 2, KernelCalls::System());
  ASSERT_TRUE(gallery.Reserve(1));
  gallery.Publish(1, 0, Filled(0));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> read{0};
  std::vector<std::thread> readers;
  for (std::size_t reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      while (!stop.load()) {
        const ReadingEpochs::Section reading(gallery.epochs(), reader);
        const DirectoryEntry entry = gallery.directory().Find(1);
        const EyePlanes* eye = gallery.Find(Side::kLeft, 1, entry.version);
        if (eye == nullptr) continue;
        EXPECT_TRUE(IsWhole(*eye));
        read.fetch_add(1);
      }
    });
  }
  std::uint16_t version = 0;
  while (version < 2000 || read.load() < 100) {
    if (version == 60000) break;
    if (gallery.Reserve(1)) {
      ++version;
      gallery.Publish(1, version, Filled(version));
    } else {
      std::this_thread::yield();
    }
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(read.load(), 0U);
}

}  // namespace
}  // namespace irispair
