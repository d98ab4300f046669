#include "core/kernels/distance.h"

#include <gtest/gtest.h>

#include "core/iris/eye_planes.h"

namespace irispair {
namespace {

TEST(Distance, OrdersByFractionNotByCount) {
  EXPECT_TRUE(Nearer({100, 12800, 0, 0}, {99, 6400, 0, 0}));
  EXPECT_FALSE(Nearer({50, 100, 0, 0}, {100, 200, 0, 0}));
  EXPECT_FALSE(Nearer({100, 200, 0, 0}, {50, 100, 0, 0}));
  EXPECT_TRUE(Nearer({12799, 12800, 0, 0}, {12800, 12800, 0, 0}));
}

TEST(Distance, PutsWhatHasNoBitInCommonLast) {
  const Distance none{0, 0, 0, 0};
  EXPECT_TRUE(Nearer({12800, 12800, 0, 0}, none));
  EXPECT_FALSE(Nearer(none, {12800, 12800, 0, 0}));
  EXPECT_FALSE(Nearer(none, none));
}

TEST(Distance, MatchesStrictlyBelowTheThreshold) {
  constexpr std::uint32_t kLimit = 16384;  // threshold 0.375
  EXPECT_FALSE(IsMatch({3750, 10000, 0, 0}, kLimit));
  EXPECT_TRUE(IsMatch({3749, 10000, 0, 0}, kLimit));
  EXPECT_FALSE(IsMatch({0, 0, 0, 0}, kLimit));
  EXPECT_FALSE(IsMatch({0, 100, 0, 0}, 65536));
}

TEST(Distance, IsDecidedExactlyAtTheLargestCounts) {
  constexpr std::uint16_t kMost = WideEyePlanes::kCodeBits;
  EXPECT_TRUE(Nearer({kMost - 1, kMost, 0, 0}, {kMost, kMost, 0, 0}));
  EXPECT_TRUE(Nearer({kMost - 1, kMost, 0, 0}, {kMost - 1, kMost - 1, 0, 0}));
  EXPECT_FALSE(Nearer({kMost, kMost, 0, 0}, {kMost - 1, kMost - 1, 0, 0}));
  EXPECT_FALSE(IsMatch({6144, kMost, 0, 0}, 16384));
  EXPECT_TRUE(IsMatch({6143, kMost, 0, 0}, 16384));
  EXPECT_FALSE(IsMatch({kMost, kMost, 0, 0}, 0));
  EXPECT_TRUE(IsMatch({0, kMost, 0, 0}, 65535));
}

}  // namespace
}  // namespace irispair
