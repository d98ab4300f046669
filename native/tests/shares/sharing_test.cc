#include "core/shares/sharing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/shares/galois_ring.h"
#include "core/system/error.h"
#include "tests/shares/published.h"
#include "tests/shares/support.h"

namespace irispair {
namespace {

EncodedEye EncodedElements(const naive::Template& eye) {
  return EncodeTemplate(SharedEye::PackedCode(eye.code), SharedEye::PackedCode(eye.mask));
}

// Masked bits are 0 in what comes back.
naive::Template Unmasked(naive::Template eye) {
  for (std::size_t byte = 0; byte < SharedEye::kCodeBytes; ++byte) eye.code[byte] &= eye.mask[byte];
  return eye;
}

void ExpectDecodesTo(const EncodedEye& encoded, const naive::Template& eye) {
  naive::Template decoded;
  ASSERT_TRUE(DecodeTemplate(encoded, SharedEye::MutablePackedCode(decoded.code),
                             SharedEye::MutablePackedCode(decoded.mask)));
  EXPECT_EQ(decoded.code, Unmasked(eye).code);
  EXPECT_EQ(decoded.mask, eye.mask);
}

TEST(TemplateEncoding, OrdersElementsByPartWaveletRowModFourColumnRowDivFour) {
  std::mt19937 random(1);
  const naive::Template eye = naive::Random(random, 0.6);
  const EncodedEye encoded = EncodedElements(eye);
  std::size_t element = 0;
  for (std::size_t part = 0; part < 2; ++part) {
    for (std::size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
      for (std::size_t low = 0; low < 4; ++low) {
        for (std::size_t column = 0; column < kShareColumns; ++column) {
          for (std::size_t high = 0; high < 4; ++high) {
            const std::size_t bit = naive::BitIndex(kShareColumns, 4 * high + low, column, wavelet, part);
            const bool usable = naive::Bit(eye.mask, bit);
            const int expected = !usable ? 0 : naive::Bit(eye.code, bit) ? 65535 : 1;
            ASSERT_EQ(encoded.code[element], expected);
            if (part == 0) {
              ASSERT_EQ(encoded.mask[element], usable ? 1 : 0);
            }
            ++element;
          }
        }
      }
    }
  }
}

TEST(TemplateEncoding, DecodesToWhatWasEncodedAndRefusesAnythingElse) {
  std::mt19937 random(2);
  const naive::Template eye = naive::Random(random, 0.6);
  ExpectDecodesTo(EncodedElements(eye), eye);
  naive::Template decoded;
  for (const std::uint16_t stray : {2, 65534, 32768}) {
    EncodedEye encoded = EncodedElements(eye);
    encoded.code[77] = stray;
    EXPECT_FALSE(DecodeTemplate(encoded, SharedEye::MutablePackedCode(decoded.code),
                                SharedEye::MutablePackedCode(decoded.mask)));
    encoded = EncodedElements(eye);
    encoded.mask[6399] = stray;
    EXPECT_FALSE(DecodeTemplate(encoded, SharedEye::MutablePackedCode(decoded.code),
                                SharedEye::MutablePackedCode(decoded.mask)));
  }
}

TEST(GaloisRing, MultipliesModuloItsPolynomial) {
  constexpr GaloisElement kX{0, 1, 0, 0};
  const GaloisElement cube = Multiply(kX, Multiply(kX, kX));
  EXPECT_EQ(cube, (GaloisElement{0, 0, 0, 1}));
  EXPECT_EQ(Multiply(cube, kX), (GaloisElement{1, 1, 0, 0}));
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    std::array<GaloisElement, 3> any;
    for (GaloisElement& element : any) {
      for (std::uint16_t& coefficient : element) coefficient = static_cast<std::uint16_t>(random());
    }
    const auto& [a, b, c] = any;
    EXPECT_EQ(Multiply(a, b), Multiply(b, a));
    EXPECT_EQ(Multiply(Multiply(a, b), c), Multiply(a, Multiply(b, c)));
    EXPECT_EQ(Multiply(Add(a, b), c), Add(Multiply(a, c), Multiply(b, c)));
  }
}

TEST(Sharing, AnyTwoPartiesRecombineToTheEye) {
  std::mt19937 random(4);
  std::mt19937_64 randomness(5);
  for (const double usable : {1.0, 0.6, 0.0}) {
    const naive::Template eye = naive::Random(random, usable);
    const auto shares = Shared(eye, randomness);
    for (std::size_t first = 0; first < kShareParties; ++first) {
      for (std::size_t second = 0; second < kShareParties; ++second) {
        if (first == second) continue;
        ExpectDecodesTo(RecombineEye(first, shares[first], second, shares[second]), eye);
      }
    }
  }
}

TEST(Sharing, SharesOfDifferentEyesDoNotRecombine) {
  std::mt19937 random(6);
  std::mt19937_64 randomness(7);
  const auto one = Shared(naive::Random(random, 0.7), randomness);
  const auto other = Shared(naive::Random(random, 0.7), randomness);
  naive::Template decoded;
  EXPECT_FALSE(DecodeTemplate(RecombineEye(0, one[0], 1, other[1]),
                              SharedEye::MutablePackedCode(decoded.code),
                              SharedEye::MutablePackedCode(decoded.mask)));
}

// The share that each randomness gives differs from the constant by r p_i: each party's share takes every
// value as often as r does.
TEST(Sharing, AShareIsTheSecretHiddenByTheRandomness) {
  const naive::Template blank;
  std::mt19937_64 random(8);
  const auto randomness = RandomBytes(random, kSharingRandomBytes);
  const auto shares =
      ShareEye(EncodedElements(blank), std::span<const std::uint8_t, kSharingRandomBytes>(randomness));
  // Everything is 0 and p_0 is 1: what is left is the randomness itself.
  EXPECT_EQ(shares[0], ToShareRecord(randomness, "randomness"));
  std::array<int, 16> counts{};
  for (const std::uint16_t element : shares[2].code) ++counts[element >> 12];
  for (const int count : counts) EXPECT_NEAR(count, 800, 150);
}

TEST(Sharing, RecombinesThePublishedShares) {
  const published::Vectors& vectors = published::Read();
  ASSERT_EQ(vectors.shares.size(), 4U);
  for (const auto& [id, shares] : vectors.shares) {
    SCOPED_TRACE(id);
    const naive::Template& eye = vectors.templates.at(id);
    for (std::size_t first = 0; first < kShareParties; ++first) {
      const std::size_t second = (first + 1) % kShareParties;
      EXPECT_EQ(RecombineEye(first, shares[first], second, shares[second]), EncodedElements(eye));
    }
  }
}

// The published randomness is unknown, but party 0 holds s + r: it gives r, which gives the other shares.
TEST(Sharing, ReproducesThePublishedSharesFromTheirRandomness) {
  const published::Vectors& vectors = published::Read();
  const naive::Template blank;
  for (const auto& [id, shares] : vectors.shares) {
    SCOPED_TRACE(id);
    const EncodedEye eye = EncodedElements(vectors.templates.at(id));
    const std::vector<std::uint8_t> zeros(kSharingRandomBytes);
    const ShareRecord constants = ShareEye(eye, std::span<const std::uint8_t, kSharingRandomBytes>(zeros))[0];
    std::vector<std::uint8_t> randomness(kSharingRandomBytes);
    for (std::size_t index = 0; index < kEyeElements; ++index) {
      const bool in_code = index < kCodeElements;
      const std::size_t in_mask = index - kCodeElements;
      const auto element =
          static_cast<std::uint16_t>(in_code ? shares[0].code[index] - constants.code[index]
                                             : shares[0].mask[in_mask] - constants.mask[in_mask]);
      std::memcpy(&randomness[2 * index], &element, sizeof(element));
    }
    EXPECT_EQ(ShareEye(eye, std::span<const std::uint8_t, kSharingRandomBytes>(randomness)), shares);
  }
}

TEST(ShareRecord, RefusesAnotherLengthByName) {
  for (const std::size_t length : {std::size_t{0}, kShareBytes - 1, kShareBytes + 1, kIrisShareBytes}) {
    try {
      ToShareRecord(std::vector<std::uint8_t>(length), "left.share");
      FAIL() << length;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_EQ(error.what(), "left.share: " + std::to_string(length) +
                                  " bytes, expected one party's share of 38400 bytes");
    }
  }
  EXPECT_THROW(ToIrisShares(std::vector<std::uint8_t>(kShareBytes), "share"), Error);
}

}  // namespace
}  // namespace irispair
