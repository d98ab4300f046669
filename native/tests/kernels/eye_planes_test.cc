#include "core/iris/eye_planes.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/iris/template_check.h"
#include "core/kernels/prepared_eye.h"
#include "tests/kernels/naive.h"

namespace irispair {
namespace {

bool Same(const EyePlanes& a, const EyePlanes& b) { return std::memcmp(&a, &b, sizeof(EyePlanes)) == 0; }

TEST(EyePlanes, HoldEveryBitWhereTheDefinitionSays) {
  std::mt19937 random(4);
  const naive::Template eye = naive::Random(random, 0.6);
  const EyePlanes planes = naive::Encoded(eye);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      for (std::size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
        const std::size_t real = ((row * kColumns + column) * kWavelets + wavelet) * 2;
        const std::size_t shift = row * kWavelets + wavelet;
        ASSERT_EQ((planes.real[column] >> shift & 1U) != 0, naive::Bit(eye.code, real));
        ASSERT_EQ((planes.imaginary[column] >> shift & 1U) != 0, naive::Bit(eye.code, real + 1));
        ASSERT_EQ((planes.mask[column] >> shift & 1U) != 0, naive::Bit(eye.mask, real));
      }
    }
  }
}

TEST(EyePlanes, DecodeToWhatWasEncoded) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    const naive::Template eye = naive::Random(random, 0.6);
    naive::Template decoded;
    DecodeEye(naive::Encoded(eye), MutablePackedCode(decoded.code), MutablePackedCode(decoded.mask));
    EXPECT_EQ(decoded.code, eye.code);
    EXPECT_EQ(decoded.mask, eye.mask);
  }
}

TEST(EyePlanes, MirrorAsTheDefinitionSaysAndBack) {
  std::mt19937 random(2);
  const naive::Template eye = naive::Random(random, 0.6);
  EyePlanes once;
  EyePlanes twice;
  Mirror(naive::Encoded(eye), once);
  Mirror(once, twice);
  EXPECT_TRUE(Same(once, naive::Encoded(naive::Mirrored(eye))));
  EXPECT_TRUE(Same(twice, naive::Encoded(eye)));
}

TEST(EyePlanes, ComeBackFromAPreparedEye) {
  std::mt19937 random(3);
  const EyePlanes eye = naive::Encoded(naive::Random(random, 0.6));
  EXPECT_TRUE(Same(PreparedEye(eye).Planes(), eye));
}

TEST(TemplateCheck, AcceptsHalfUsableAndRefusesLess) {
  naive::Template eye;
  std::fill(eye.mask.begin(), eye.mask.begin() + kCodeBytes / 2, std::uint8_t{0xff});
  EXPECT_EQ(CheckMask(eye.Mask()), TemplateFault::kNone);
  eye.mask[0] = 0x3f;
  EXPECT_EQ(CheckMask(eye.Mask()), TemplateFault::kTooFewUsable);
}

TEST(TemplateCheck, RefusesPartsMaskedDifferently) {
  for (std::size_t bit = 0; bit < kCodeBits; bit += 97) {
    naive::Template eye;
    std::fill(eye.mask.begin(), eye.mask.end(), std::uint8_t{0xff});
    naive::SetBit(eye.mask, bit, false);
    EXPECT_EQ(CheckMask(eye.Mask()), TemplateFault::kPartsDiffer) << bit;
  }
}

}  // namespace
}  // namespace irispair
