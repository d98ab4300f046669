#include "core/search/query.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/search/packed_ids.h"
#include "core/system/error.h"
#include "tests/search/support.h"

namespace irispair {
namespace {

using test::NaiveIris;

bool Same(const EyePlanes& a, const EyePlanes& b) { return std::memcmp(&a, &b, sizeof(EyePlanes)) == 0; }

IrisPlanes Decoded(const NaiveIris& iris, std::size_t index = 0) {
  const std::vector<std::uint8_t> probe = test::Upload(iris);
  return DecodeProbe(std::span<const std::uint8_t, kProbeBytes>(probe), index);
}

TEST(Query, IsComparedWithTheOtherEyeWhenMirrored) {
  std::mt19937 random(41);
  const NaiveIris iris = test::RandomIris(random);
  const Query query(Decoded(iris));
  EXPECT_TRUE(Same(query.Against(Side::kLeft, Orientation::kNormal).Planes(), naive::Encoded(iris.left)));
  EXPECT_TRUE(Same(query.Against(Side::kRight, Orientation::kNormal).Planes(), naive::Encoded(iris.right)));
  EXPECT_TRUE(Same(query.Against(Side::kLeft, Orientation::kMirror).Planes(),
                   naive::Encoded(naive::Mirrored(iris.right))));
  EXPECT_TRUE(Same(query.Against(Side::kRight, Orientation::kMirror).Planes(),
                   naive::Encoded(naive::Mirrored(iris.left))));
  EXPECT_TRUE(Same(query.Iris()[0], naive::Encoded(iris.left)));
  EXPECT_TRUE(Same(query.Iris()[1], naive::Encoded(iris.right)));
}

void ExpectRefused(const NaiveIris& iris, const std::string& field, const std::string& reason) {
  try {
    Decoded(iris, 7);
    ADD_FAILURE() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(std::string(error.what()).find("probes[7]." + field + ".mask_codes: "), 0U) << error.what();
    EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
  }
}

TEST(Query, RefusesAProbeNamingTheEyeAndTheReason) {
  std::mt19937 random(42);
  const NaiveIris good = test::RandomIris(random);
  NaiveIris bad = good;
  bad.left.mask[1599] ^= 1;
  ExpectRefused(bad, "left", "masked differently");
  bad = good;
  bad.right.mask[0] ^= 0x80;
  ExpectRefused(bad, "right", "masked differently");
  bad = good;
  std::fill(bad.right.mask.begin(), bad.right.mask.begin() + 900, std::uint8_t{0});
  ExpectRefused(bad, "right", "fewer than 6400");
}

TEST(PackedIds, AreCopiedOutWhateverTheirAlignment) {
  const std::vector<std::uint8_t> bytes{0xaa, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 1, 0, 0, 0};
  const auto ids = UnpackIds(std::span(bytes).subspan(1));
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(ids[0].serial_id, 0x04030201U);
  EXPECT_EQ(ids[0].version, 0x08070605U);
  EXPECT_EQ(ids[1].serial_id, 9U);
  EXPECT_EQ(ids[1].version, 1U);
  EXPECT_TRUE(UnpackIds({}).empty());
}

TEST(PackedIds, AreRefusedUnlessWhole) {
  const std::vector<std::uint8_t> bytes(17);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    if (size % 8 == 0) continue;
    EXPECT_THROW(UnpackIds(std::span(bytes).first(size)), Error) << size;
  }
}

}  // namespace
}  // namespace irispair
