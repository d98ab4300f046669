#include "core/search/batch_compare.h"

#include <gtest/gtest.h>

#include "tests/search/support.h"

namespace irispair {
namespace {

using test::kLimit;
using test::NaiveIris;
using test::NaiveLeast;
using test::Recaptured;

// The bits as the header defines them, from the naive distance.
std::uint8_t NaiveBits(const NaiveIris& earlier, const NaiveIris& later, RotationWindow window) {
  const auto match = [window](const naive::Template& probe, const naive::Template& gallery) {
    const Distance least = NaiveLeast(probe, gallery, window);
    return least.unmasked != 0 && static_cast<double>(least.differing) / least.unmasked < 0.375;
  };
  unsigned bits = 0;
  if (match(later.left, earlier.left)) bits |= 1;
  if (match(later.right, earlier.right)) bits |= 2;
  if (match(naive::Mirrored(later.right), earlier.left)) bits |= 4;
  if (match(naive::Mirrored(later.left), earlier.right)) bits |= 8;
  return static_cast<std::uint8_t>(bits);
}

template <typename Eye>
class BatchCompareTest : public testing::Test {
 protected:
  static std::vector<std::uint8_t> Bits(const std::vector<std::shared_ptr<const BasicQuery<Eye>>>& queries,
                                        std::size_t i, RotationWindow window) {
    return MatchBitsWithLater<Eye>(queries, i, window, kLimit, BestKernel<Eye>());
  }
};

using Shapes = testing::Types<EyePlanes, WideEyePlanes>;
TYPED_TEST_SUITE(BatchCompareTest, Shapes);

TYPED_TEST(BatchCompareTest, TellsWhichEyesOfEveryPairMatch) {
  std::mt19937 random(31);
  std::vector<NaiveIris> batch = test::CapturesOfOnePerson(random, TypeParam::kColumns);
  // Nothing to compare.
  batch.push_back(
      {naive::Random(random, 0.0, TypeParam::kColumns), naive::Random(random, 0.8, TypeParam::kColumns)});
  std::vector<std::shared_ptr<const BasicQuery<TypeParam>>> queries;
  for (const NaiveIris& iris : batch) queries.push_back(test::Prepared<TypeParam>(iris));

  const RotationWindow window{0, 5};
  unsigned all = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto bits = this->Bits(queries, i, window);
    ASSERT_EQ(bits.size(), batch.size() - i - 1);
    for (std::size_t j = i + 1; j < batch.size(); ++j) {
      EXPECT_EQ(bits[j - i - 1], NaiveBits(batch[i], batch[j], window)) << i << " with " << j;
      all |= bits[j - i - 1];
    }
  }
  EXPECT_EQ(all, 15U);
  const auto first = this->Bits(queries, 0, window);
  EXPECT_EQ(first, (std::vector<std::uint8_t>{3, 1, 2, 12, 4, 0, 0}));
}

TYPED_TEST(BatchCompareTest, LooksAtTheWindowThatItIsGiven) {
  std::mt19937 random(32);
  const naive::Template eye = naive::Random(random, 0.9, TypeParam::kColumns);
  const NaiveIris earlier{eye, eye};
  const NaiveIris later{Recaptured(eye, 0.1, 9, random), Recaptured(eye, 0.1, -9, random)};
  const std::vector queries{test::Prepared<TypeParam>(earlier), test::Prepared<TypeParam>(later)};
  const auto bits = [this, &queries](RotationWindow window) { return this->Bits(queries, 0, window)[0]; };
  EXPECT_EQ(bits({0, 5}), 0);
  EXPECT_EQ(bits({-9, 0}), 1);
  EXPECT_EQ(bits({9, 1}), 2);
  EXPECT_EQ(bits({0, 15}), 3);
}

}  // namespace
}  // namespace irispair
