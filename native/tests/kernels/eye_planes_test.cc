#include "core/iris/eye_planes.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/iris/template_check.h"
#include "core/kernels/prepared_eye.h"
#include "tests/kernels/naive.h"

namespace irispair {
namespace {

template <typename Eye>
bool Same(const Eye& a, const Eye& b) {
  return std::memcmp(&a, &b, sizeof(Eye)) == 0;
}

template <typename Eye>
class EyePlanesTest : public testing::Test {
 protected:
  static naive::Template Random(std::mt19937& random) { return naive::Random(random, 0.6, Eye::kColumns); }
};

template <typename Eye>
class TemplateCheckTest : public testing::Test {};

using Shapes = testing::Types<EyePlanes, WideEyePlanes>;
TYPED_TEST_SUITE(EyePlanesTest, Shapes);
TYPED_TEST_SUITE(TemplateCheckTest, Shapes);

TYPED_TEST(EyePlanesTest, HoldEveryBitWhereTheDefinitionSays) {
  std::mt19937 random(4);
  const naive::Template eye = this->Random(random);
  const TypeParam planes = naive::Encoded<TypeParam>(eye);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < TypeParam::kColumns; ++column) {
      for (std::size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
        const std::size_t real = ((row * TypeParam::kColumns + column) * kWavelets + wavelet) * 2;
        const std::size_t shift = row * kWavelets + wavelet;
        ASSERT_EQ((planes.real[column] >> shift & 1U) != 0, naive::Bit(eye.code, real));
        ASSERT_EQ((planes.imaginary[column] >> shift & 1U) != 0, naive::Bit(eye.code, real + 1));
        ASSERT_EQ((planes.mask[column] >> shift & 1U) != 0, naive::Bit(eye.mask, real));
      }
    }
  }
}

TYPED_TEST(EyePlanesTest, DecodeToWhatWasEncoded) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    const naive::Template eye = this->Random(random);
    naive::Template decoded(TypeParam::kColumns);
    DecodeEye(naive::Encoded<TypeParam>(eye), typename TypeParam::MutablePackedCode(decoded.code),
              typename TypeParam::MutablePackedCode(decoded.mask));
    EXPECT_EQ(decoded.code, eye.code);
    EXPECT_EQ(decoded.mask, eye.mask);
  }
}

TYPED_TEST(EyePlanesTest, MirrorAsTheDefinitionSaysAndBack) {
  std::mt19937 random(2);
  const naive::Template eye = this->Random(random);
  TypeParam once;
  TypeParam twice;
  Mirror(naive::Encoded<TypeParam>(eye), once);
  Mirror(once, twice);
  EXPECT_TRUE(Same(once, naive::Encoded<TypeParam>(naive::Mirrored(eye))));
  EXPECT_TRUE(Same(twice, naive::Encoded<TypeParam>(eye)));
}

TYPED_TEST(EyePlanesTest, ComeBackFromAPreparedEye) {
  std::mt19937 random(3);
  const TypeParam eye = naive::Encoded<TypeParam>(this->Random(random));
  EXPECT_TRUE(Same(BasicPreparedEye<TypeParam>(eye).Planes(), eye));
}

TYPED_TEST(TemplateCheckTest, AcceptsHalfUsableAndRefusesLess) {
  naive::Template eye(TypeParam::kColumns);
  std::fill(eye.mask.begin(), eye.mask.begin() + TypeParam::kCodeBytes / 2, std::uint8_t{0xff});
  EXPECT_EQ(CheckMask<TypeParam>(typename TypeParam::PackedCode(eye.mask)), TemplateFault::kNone);
  eye.mask[0] = 0x3f;
  EXPECT_EQ(CheckMask<TypeParam>(typename TypeParam::PackedCode(eye.mask)), TemplateFault::kTooFewUsable);
}

TYPED_TEST(TemplateCheckTest, RefusesPartsMaskedDifferently) {
  for (std::size_t bit = 0; bit < TypeParam::kCodeBits; bit += 97) {
    naive::Template eye(TypeParam::kColumns);
    std::fill(eye.mask.begin(), eye.mask.end(), std::uint8_t{0xff});
    naive::SetBit(eye.mask, bit, false);
    EXPECT_EQ(CheckMask<TypeParam>(typename TypeParam::PackedCode(eye.mask)), TemplateFault::kPartsDiffer)
        << bit;
  }
}

}  // namespace
}  // namespace irispair
