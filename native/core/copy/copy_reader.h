// Rows of a PostgreSQL table of irises, as COPY ... (FORMAT binary) streams them, to irises.
//
// The columns are id int8, version_id int2, then left_code, left_mask, right_code, right_mask bytea. Bytes
// come in pieces of any size. At most one row is kept, and of a column at most what an iris has: whatever a
// row's lengths say, memory is bounded.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/copy/eye_form.h"
#include "core/gallery/gallery.h"

namespace irispair {

enum class RowState : std::uint16_t {
  kLive = 0,
  // All four columns are empty.
  kDeleted = 1,
  // It holds no iris; a RowFault says why.
  kBad = 2,
};

// As JavaScript gets it: packed, little-endian.
struct CopiedRow {
  std::uint32_t serial_id;
  std::uint16_t version;
  RowState state;
};
static_assert(sizeof(CopiedRow) == 8);

// Why a row holds no iris. Names the column.
struct RowFault {
  std::uint32_t serial_id;
  std::string problem;
};

// Eye: the form of the irises, which the lengths of the columns follow.
template <typename Eye>
class BasicCopyReader {
 public:
  // Given each whole row. The iris counts when the row is live.
  using Sink = std::function<void(const CopiedRow&, const BothEyes<Eye>&)>;

  // Throws Error kInvalidArgument when this is not such a stream; then nothing more can be read.
  void Feed(std::span<const std::uint8_t> bytes, const Sink& sink);
  // The faults since the last call, in the order of rows.
  std::vector<RowFault> TakeFaults();
  // Whether the stream's end was read.
  bool ended() const { return part_ == Part::kEnd; }

 private:
  enum class Part { kHeader, kExtension, kColumnCount, kColumnLength, kColumn, kEnd };
  static constexpr std::size_t kHeaderBytes = 19;
  static constexpr std::size_t kColumnCount = 6;
  static constexpr std::size_t kIrisColumns = 4;
  using Form = EyeForm<Eye>;

  // True once `piece_` holds `size` bytes.
  bool Collect(std::span<const std::uint8_t>& bytes, std::size_t size);
  std::uint32_t CollectedWord(std::size_t offset) const;
  void ReadHeader();
  void ReadColumnCount();
  void ReadColumnLength();
  // Where the column being read is kept, as long as what an iris has.
  std::span<std::uint8_t> Kept();
  void ReadColumn(std::span<const std::uint8_t>& bytes);
  void EndColumn();
  void FinishRow(const Sink& sink);
  // Empty when the columns hold an iris.
  std::string FaultOfRow() const;

  Part part_ = Part::kHeader;
  std::array<std::uint8_t, kHeaderBytes> piece_{};
  std::size_t collected_ = 0;
  // Of the extension, or of the column being read.
  std::uint32_t left_ = 0;
  std::size_t column_ = 0;
  bool row_is_whole_ = false;
  // -1 for null.
  std::array<std::int32_t, kColumnCount> lengths_{};
  std::array<std::uint8_t, 8> id_{};
  std::array<std::uint8_t, 2> version_{};
  std::array<std::array<std::uint8_t, Form::kCode>, kSides> codes_{};
  std::array<std::array<std::uint8_t, Form::kMask>, kSides> masks_{};
  std::vector<RowFault> faults_;
};

using CopyReader = BasicCopyReader<EyePlanes>;

}  // namespace irispair
