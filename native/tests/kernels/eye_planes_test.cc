#include "core/iris/eye_planes.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/iris/template_check.h"
#include "core/kernels/prepared_eye.h"
#include "tests/kernels/naive.h"

namespace irispair {
namespace {

bool Same(const EyePlanes& a, const EyePlanes& b) { return std::memcmp(&a, &b, sizeof(EyePlanes)) == 0; }

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
