#include "core/randomness/aes_ctr.h"

#include <gtest/gtest.h>

namespace irispair {
namespace {

// By `openssl enc -aes-128-ctr` of zeroes.
TEST(AesCtr, IsTheCipherOfCountersFromZero) {
  const AesKey key{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                   0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
  EXPECT_EQ(AesCtr(key).Draw<std::uint8_t>(32),
            (std::vector<std::uint8_t>{0xc6, 0xa1, 0x3b, 0x37, 0x87, 0x8f, 0x5b, 0x82, 0x6f, 0x4f, 0x81,
                                       0x62, 0xa1, 0xc8, 0xd8, 0x79, 0x73, 0x46, 0x13, 0x95, 0x95, 0xc0,
                                       0xb4, 0x1e, 0x49, 0x7b, 0xbd, 0xe3, 0x65, 0xf4, 0x2d, 0x0a}));
}

TEST(AesCtr, IsOneStreamHoweverItIsDrawn) {
  const AesKey key{7};
  const std::vector<std::uint8_t> whole = AesCtr(key).Draw<std::uint8_t>(100'000);
  AesCtr stream(key);
  std::vector<std::uint8_t> pieces;
  for (std::size_t size = 0; pieces.size() < whole.size(); size = size * 2 + 1) {
    const auto piece = stream.Draw<std::uint8_t>(std::min(size, whole.size() - pieces.size()));
    pieces.insert(pieces.end(), piece.begin(), piece.end());
  }
  EXPECT_EQ(pieces, whole);
}

}  // namespace
}  // namespace irispair
