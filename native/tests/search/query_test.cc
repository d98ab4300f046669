#include "core/search/query.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/search/packed_ids.h"
#include "core/system/error.h"
#include "tests/search/support.h"

namespace irispair {
namespace {

using test::NaiveIris;

template <typename Eye>
bool Same(const Eye& a, const Eye& b) {
  return std::memcmp(&a, &b, sizeof(Eye)) == 0;
}

template <typename Eye>
BothEyes<Eye> Decoded(const NaiveIris& iris, std::size_t index = 0) {
  const std::vector<std::uint8_t> probe = test::Upload(iris);
  return DecodeProbe<Eye>(std::span<const std::uint8_t, kProbeBytes<Eye>>(probe), index);
}

template <typename Eye>
class QueryTest : public testing::Test {};

using Shapes = testing::Types<EyePlanes, WideEyePlanes>;
TYPED_TEST_SUITE(QueryTest, Shapes);

TYPED_TEST(QueryTest, IsComparedWithTheOtherEyeWhenMirrored) {
  std::mt19937 random(41);
  const NaiveIris iris = test::RandomIris(random, 0.8, TypeParam::kColumns);
  const BasicQuery<TypeParam> query(Decoded<TypeParam>(iris));
  EXPECT_TRUE(
      Same(query.Against(Side::kLeft, Orientation::kNormal).Planes(), naive::Encoded<TypeParam>(iris.left)));
  EXPECT_TRUE(Same(query.Against(Side::kRight, Orientation::kNormal).Planes(),
                   naive::Encoded<TypeParam>(iris.right)));
  EXPECT_TRUE(Same(query.Against(Side::kLeft, Orientation::kMirror).Planes(),
                   naive::Encoded<TypeParam>(naive::Mirrored(iris.right))));
  EXPECT_TRUE(Same(query.Against(Side::kRight, Orientation::kMirror).Planes(),
                   naive::Encoded<TypeParam>(naive::Mirrored(iris.left))));
  EXPECT_TRUE(Same(query.Iris()[0], naive::Encoded<TypeParam>(iris.left)));
  EXPECT_TRUE(Same(query.Iris()[1], naive::Encoded<TypeParam>(iris.right)));
}

template <typename Eye>
void ExpectRefused(const NaiveIris& iris, const std::string& field, const std::string& reason) {
  try {
    Decoded<Eye>(iris, 7);
    ADD_FAILURE() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(std::string(error.what()).find("probes[7]." + field + ".mask_codes: "), 0U) << error.what();
    EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
  }
}

TYPED_TEST(QueryTest, RefusesAProbeNamingTheEyeAndTheReason) {
  std::mt19937 random(42);
  const NaiveIris good = test::RandomIris(random, 0.8, TypeParam::kColumns);
  NaiveIris bad = good;
  bad.left.mask.back() ^= 1;
  ExpectRefused<TypeParam>(bad, "left", "masked differently");
  bad = good;
  bad.right.mask[0] ^= 0x80;
  ExpectRefused<TypeParam>(bad, "right", "masked differently");
  bad = good;
  std::fill(bad.right.mask.begin(), bad.right.mask.begin() + TypeParam::kCodeBytes / 2 + 100,
            std::uint8_t{0});
  ExpectRefused<TypeParam>(
      bad, "right", TypeParam::kColumns == 200 ? "fewer than 6400 of 12800" : "fewer than 8192 of 16384");
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
