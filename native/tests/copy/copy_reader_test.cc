#include "core/copy/copy_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <random>

#include "core/system/error.h"
#include "tests/search/support.h"
#include "tests/shares/support.h"

namespace irispair {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Column = std::optional<Bytes>;

Bytes BigEndian(std::uint64_t value, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t index = size; index-- > 0; value >>= 8) bytes[index] = static_cast<std::uint8_t>(value);
  return bytes;
}

void Append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes Header() {
  Bytes bytes{'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0};
  bytes.resize(19);
  return bytes;
}

Bytes Row(std::uint64_t id, const std::optional<std::uint16_t>& version, const std::vector<Column>& iris) {
  Bytes row = BigEndian(2 + iris.size(), 2);
  std::vector<Column> columns{BigEndian(id, 8),
                              version.has_value() ? Column(BigEndian(*version, 2)) : std::nullopt};
  columns.insert(columns.end(), iris.begin(), iris.end());
  for (const Column& column : columns) {
    Append(row, BigEndian(column.has_value() ? column->size() : 0xffff'ffff, 4));
    if (column.has_value()) Append(row, *column);
  }
  return row;
}

std::vector<Column> Columns(const test::NaiveIris& iris) {
  const auto bytes = [](const auto& part) { return Column(Bytes(part.begin(), part.end())); };
  return {bytes(iris.left.code), bytes(iris.left.mask), bytes(iris.right.code), bytes(iris.right.mask)};
}

const std::vector<Column> kDeleted(4, Bytes{});

template <typename Eye>
struct BasicRead {
  std::vector<CopiedRow> rows;
  std::vector<BothEyes<Eye>> irises;
  std::vector<RowFault> faults;
  bool ended = false;
};
using Read = BasicRead<EyePlanes>;

template <typename Eye = EyePlanes>
BasicRead<Eye> ReadInPieces(const Bytes& stream, std::size_t piece) {
  BasicCopyReader<Eye> reader;
  BasicRead<Eye> read;
  for (std::size_t offset = 0; offset < stream.size(); offset += piece) {
    reader.Feed(std::span(stream).subspan(offset, std::min(piece, stream.size() - offset)),
                [&read](const CopiedRow& row, const BothEyes<Eye>& iris) {
                  read.rows.push_back(row);
                  read.irises.push_back(iris);
                });
    for (const RowFault& fault : reader.TakeFaults()) read.faults.push_back(fault);
  }
  read.ended = reader.ended();
  return read;
}

template <typename Eye>
class CopyReaderOfShape : public testing::Test {};

using Shapes = testing::Types<EyePlanes, WideEyePlanes>;
TYPED_TEST_SUITE(CopyReaderOfShape, Shapes);

TYPED_TEST(CopyReaderOfShape, ReadsIrisesAndDeletedIdsInPiecesOfAnySize) {
  std::mt19937 random(11);
  const std::vector<test::NaiveIris> irises{test::RandomIris(random, 0.8, TypeParam::kColumns),
                                            test::RandomIris(random, 0.8, TypeParam::kColumns)};
  Bytes stream = Header();
  Append(stream, Row(1, 0, Columns(irises[0])));
  Append(stream, Row(2, 7, kDeleted));
  Append(stream, Row(0xffff'ffff, 0xffff, Columns(irises[1])));
  Append(stream, BigEndian(0xffff, 2));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1600}, stream.size()}) {
    const auto read = ReadInPieces<TypeParam>(stream, piece);
    EXPECT_TRUE(read.ended);
    EXPECT_TRUE(read.faults.empty());
    ASSERT_EQ(read.rows.size(), 3U);
    EXPECT_EQ(read.rows[0].serial_id, 1U);
    EXPECT_EQ(read.rows[0].state, RowState::kLive);
    EXPECT_EQ(read.rows[1].state, RowState::kDeleted);
    EXPECT_EQ(read.rows[1].version, 7);
    EXPECT_EQ(read.rows[2].serial_id, 0xffff'ffffU);
    EXPECT_EQ(read.rows[2].version, 0xffff);
    for (const std::size_t index : {std::size_t{0}, std::size_t{1}}) {
      const auto expected = irises[index].template Planes<TypeParam>();
      EXPECT_EQ(std::memcmp(&read.irises[2 * index], &expected, sizeof(expected)), 0);
    }
  }
}

TEST(CopyReader, NamesIrisesOfTheOtherShape) {
  std::mt19937 random(15);
  Bytes stream = Header();
  Append(stream, Row(1, 0, Columns(test::RandomIris(random))));
  Append(stream, Row(2, 0, Columns(test::RandomIris(random, 0.8, 256))));
  const auto narrow = ReadInPieces<EyePlanes>(stream, 1000);
  EXPECT_EQ(narrow.rows[0].state, RowState::kLive);
  ASSERT_EQ(narrow.faults.size(), 1U);
  EXPECT_EQ(narrow.faults[0].problem, "left_code has 2048 bytes, expected 1600");
  const auto wide = ReadInPieces<WideEyePlanes>(stream, 1000);
  EXPECT_EQ(wide.rows[1].state, RowState::kLive);
  ASSERT_EQ(wide.faults.size(), 1U);
  EXPECT_EQ(wide.faults[0].problem, "left_code has 1600 bytes, expected 2048");
}

TEST(CopyReader, SkipsTheExtensionOfTheHeader) {
  Bytes stream = Header();
  stream[18] = 3;
  Append(stream, {1, 2, 3});
  Append(stream, Row(5, 1, kDeleted));
  for (const std::size_t piece : {std::size_t{1}, stream.size()}) {
    const Read read = ReadInPieces(stream, piece);
    ASSERT_EQ(read.rows.size(), 1U);
    EXPECT_FALSE(read.ended);
  }
}

TEST(CopyReader, NamesRowAndColumnOfWhatIsNoIris) {
  std::mt19937 random(12);
  const std::vector<Column> good = Columns(test::RandomIris(random));
  const auto with = [&good](std::size_t column, Column value) {
    std::vector<Column> columns = good;
    columns[column] = std::move(value);
    return columns;
  };
  Bytes parts_differ = *good[3];
  parts_differ[0] ^= 0x80;
  const std::vector<std::pair<std::vector<Column>, std::string>> bad{
      {with(0, std::nullopt), "left_code is null"},
      {with(3, std::nullopt), "right_mask is null"},
      {with(1, Bytes(1599)), "left_mask has 1599 bytes, expected 1600"},
      {with(2, Bytes(100'000)), "right_code has 100000 bytes, expected 1600"},
      {with(0, Bytes{}), "left_code has 0 bytes, expected 1600"},
      {with(3, parts_differ), "right_mask masks the real and the imaginary part of a pixel differently"},
  };
  Bytes stream = Header();
  for (std::size_t index = 0; index < bad.size(); ++index)
    Append(stream, Row(index + 1, 0, bad[index].first));
  Append(stream, Row(bad.size() + 1, std::nullopt, good));
  Append(stream, Row(bad.size() + 2, 0, good));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}}) {
    const Read read = ReadInPieces(stream, piece);
    ASSERT_EQ(read.faults.size(), bad.size() + 1);
    for (std::size_t index = 0; index < bad.size(); ++index) {
      EXPECT_EQ(read.rows[index].state, RowState::kBad);
      EXPECT_EQ(read.faults[index].serial_id, index + 1);
      EXPECT_EQ(read.faults[index].problem, bad[index].second);
    }
    EXPECT_EQ(read.faults.back().problem, "version_id is null");
    EXPECT_EQ(read.rows.back().state, RowState::kLive);
  }
}

TEST(CopyReader, RefusesWhatIsNoSuchStream) {
  const auto refused = [](const Bytes& more, const std::string& problem) {
    Bytes stream = Header();
    Append(stream, more);
    try {
      ReadInPieces(stream, 5);
      ADD_FAILURE() << "it was accepted: " << problem;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_NE(std::string(error.what()).find(problem), std::string::npos) << error.what();
    }
  };
  refused(BigEndian(5, 2), "5 columns, expected 6");
  refused({0xff, 0xff, 0}, "after the end");
  refused({0, 6, 0, 0, 0, 4}, "id is not of type bigint");
  refused({0, 6, 0xff, 0xff, 0xff, 0xff}, "id is not of type bigint");
  refused({0, 6, 0x80, 0, 0, 0}, "length below 0");
  refused(Row(0, 0, kDeleted), "id is not within");
  refused(Row(0x1'0000'0000, 0, kDeleted), "id is not within");
  Bytes version = BigEndian(6, 2);
  Append(version, BigEndian(8, 4));
  Append(version, BigEndian(1, 8));
  Append(version, BigEndian(4, 4));
  refused(version, "version_id is not of type smallint");
  Bytes stream = Header();
  stream[11] = 1;
  EXPECT_THROW(ReadInPieces(stream, 19), Error);
  stream = Header();
  stream[0] = 'p';
  EXPECT_THROW(ReadInPieces(stream, 19), Error);
}

TEST(CopyReader, ReadsSharesAsTheyAre) {
  std::mt19937_64 random(13);
  const IrisShares iris{RandomShare(random), RandomShare(random)};
  const auto bytes = [](const auto& part) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(part.data());
    return Column(Bytes(begin, begin + sizeof(part)));
  };
  const std::vector<Column> good{bytes(iris[0].code), bytes(iris[0].mask), bytes(iris[1].code),
                                 bytes(iris[1].mask)};
  std::vector<Column> short_mask = good;
  short_mask[1]->pop_back();
  std::mt19937 small(14);
  Bytes stream = Header();
  Append(stream, Row(1, 3, good));
  Append(stream, Row(2, 0, short_mask));
  Append(stream, Row(3, 0, kDeleted));
  Append(stream, Row(4, 0, Columns(test::RandomIris(small))));
  Append(stream, BigEndian(0xffff, 2));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}, stream.size()}) {
    const auto read = ReadInPieces<ShareRecord>(stream, piece);
    EXPECT_TRUE(read.ended);
    ASSERT_EQ(read.rows.size(), 4U);
    EXPECT_EQ(read.rows[0].version, 3);
    EXPECT_EQ(read.rows[0].state, RowState::kLive);
    EXPECT_EQ(read.irises[0], iris);
    EXPECT_EQ(read.rows[1].state, RowState::kBad);
    EXPECT_EQ(read.rows[2].state, RowState::kDeleted);
    EXPECT_EQ(read.rows[3].state, RowState::kBad);
    ASSERT_EQ(read.faults.size(), 2U);
    EXPECT_EQ(read.faults[0].problem, "left_mask has 12799 bytes, expected 12800");
    EXPECT_EQ(read.faults[1].problem, "left_code has 1600 bytes, expected 25600");
  }
}

}  // namespace
}  // namespace irispair
