#include "core/copy/copy_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/system/error.h"

namespace irispair {
namespace {

constexpr std::array<std::uint8_t, 11> kSignature{'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0};
constexpr std::array<const char*, 6> kNames{"id",        "version_id", "left_code",
                                            "left_mask", "right_code", "right_mask"};
constexpr std::uint16_t kEndOfRows = 0xffff;
constexpr std::int32_t kNull = -1;

[[noreturn]] void Refuse(const std::string& problem) {
  throw Error(ErrorCode::kInvalidArgument, "copy: " + problem);
}

}  // namespace

template <typename Eye>
void BasicCopyReader<Eye>::Feed(std::span<const std::uint8_t> bytes, const Sink& sink) {
  while (!bytes.empty()) {
    switch (part_) {
      case Part::kHeader:
        if (Collect(bytes, kHeaderBytes)) ReadHeader();
        break;
      case Part::kExtension: {
        const std::size_t skipped = std::min<std::size_t>(left_, bytes.size());
        bytes = bytes.subspan(skipped);
        left_ -= static_cast<std::uint32_t>(skipped);
        if (left_ == 0) part_ = Part::kColumnCount;
        break;
      }
      case Part::kColumnCount:
        if (Collect(bytes, 2)) ReadColumnCount();
        break;
      case Part::kColumnLength:
        if (Collect(bytes, 4)) ReadColumnLength();
        break;
      case Part::kColumn:
        ReadColumn(bytes);
        break;
      case Part::kEnd:
        Refuse("bytes after the end of the rows");
    }
    if (row_is_whole_) FinishRow(sink);
  }
}

template <typename Eye>
std::vector<RowFault> BasicCopyReader<Eye>::TakeFaults() {
  return std::exchange(faults_, {});
}

template <typename Eye>
bool BasicCopyReader<Eye>::Collect(std::span<const std::uint8_t>& bytes, std::size_t size) {
  const std::size_t taken = std::min(size - collected_, bytes.size());
  std::copy_n(bytes.begin(), taken, piece_.begin() + static_cast<std::ptrdiff_t>(collected_));
  bytes = bytes.subspan(taken);
  collected_ += taken;
  if (collected_ < size) return false;
  collected_ = 0;
  return true;
}

template <typename Eye>
std::uint32_t BasicCopyReader<Eye>::CollectedWord(std::size_t offset) const {
  std::uint32_t word = 0;
  for (std::size_t index = offset; index < offset + 4; ++index) word = word << 8 | piece_[index];
  return word;
}

template <typename Eye>
void BasicCopyReader<Eye>::ReadHeader() {
  if (!std::equal(kSignature.begin(), kSignature.end(), piece_.begin())) Refuse("not a binary COPY");
  // The upper flags change the form of what follows.
  if (CollectedWord(kSignature.size()) >> 16 != 0) Refuse("flags of a form that is not known");
  left_ = CollectedWord(kSignature.size() + 4);
  part_ = left_ == 0 ? Part::kColumnCount : Part::kExtension;
}

template <typename Eye>
void BasicCopyReader<Eye>::ReadColumnCount() {
  const auto count = static_cast<std::uint16_t>(piece_[0] << 8 | piece_[1]);
  if (count == kEndOfRows) {
    part_ = Part::kEnd;
    return;
  }
  if (count != kColumnCount) {
    Refuse(std::to_string(count) + " columns, expected " + std::to_string(kColumnCount));
  }
  column_ = 0;
  part_ = Part::kColumnLength;
}

template <typename Eye>
void BasicCopyReader<Eye>::ReadColumnLength() {
  const auto length = static_cast<std::int32_t>(CollectedWord(0));
  if (length < kNull) Refuse(std::string(kNames[column_]) + " has a length below 0");
  if (column_ == 0 && length != static_cast<std::int32_t>(id_.size())) Refuse("id is not of type bigint");
  if (column_ == 1 && length != kNull && length != static_cast<std::int32_t>(version_.size())) {
    Refuse("version_id is not of type smallint");
  }
  lengths_[column_] = length;
  left_ = static_cast<std::uint32_t>(std::max(length, 0));
  if (left_ == 0) {
    EndColumn();
  } else {
    part_ = Part::kColumn;
  }
}

template <typename Eye>
std::span<std::uint8_t> BasicCopyReader<Eye>::Kept() {
  if (column_ == 0) return id_;
  if (column_ == 1) return version_;
  const std::size_t side = (column_ - 2) / 2;
  return column_ % 2 == 0 ? std::span<std::uint8_t>(codes_[side]) : std::span<std::uint8_t>(masks_[side]);
}

template <typename Eye>
void BasicCopyReader<Eye>::ReadColumn(std::span<const std::uint8_t>& bytes) {
  const std::span<std::uint8_t> kept = Kept();
  const std::size_t offset = static_cast<std::uint32_t>(lengths_[column_]) - left_;
  const std::size_t taken = std::min<std::size_t>(left_, bytes.size());
  // What is beyond an iris's length makes the row bad and is not kept.
  if (offset < kept.size()) {
    std::memcpy(kept.data() + offset, bytes.data(), std::min(taken, kept.size() - offset));
  }
  bytes = bytes.subspan(taken);
  left_ -= static_cast<std::uint32_t>(taken);
  if (left_ == 0) EndColumn();
}

template <typename Eye>
void BasicCopyReader<Eye>::EndColumn() {
  ++column_;
  row_is_whole_ = column_ == kColumnCount;
  part_ = row_is_whole_ ? Part::kColumnCount : Part::kColumnLength;
}

template <typename Eye>
void BasicCopyReader<Eye>::FinishRow(const Sink& sink) {
  row_is_whole_ = false;
  std::uint64_t id = 0;
  for (const std::uint8_t byte : id_) id = id << 8 | byte;
  if (id == 0 || id > 0xffff'ffff) Refuse("id is not within 1 to 4294967295");
  CopiedRow row{static_cast<std::uint32_t>(id), 0, RowState::kLive};
  if (lengths_[1] != kNull) row.version = static_cast<std::uint16_t>(version_[0] << 8 | version_[1]);
  BothEyes<Eye> iris;
  const bool is_empty =
      std::all_of(lengths_.begin() + 2, lengths_.end(), [](auto length) { return length == 0; });
  const std::string fault = FaultOfRow();
  if (!fault.empty()) {
    row.state = RowState::kBad;
    faults_.push_back({row.serial_id, fault});
  } else if (is_empty) {
    row.state = RowState::kDeleted;
  } else {
    for (std::size_t side = 0; side < kSides; ++side) {
      Form::Read(codes_[side], masks_[side], iris[side]);
    }
  }
  sink(row, iris);
}

template <typename Eye>
std::string BasicCopyReader<Eye>::FaultOfRow() const {
  for (std::size_t column = 1; column < kColumnCount; ++column) {
    if (lengths_[column] == kNull) return std::string(kNames[column]) + " is null";
  }
  const auto iris_lengths = std::span(lengths_).subspan(2);
  if (std::ranges::all_of(iris_lengths, [](auto length) { return length == 0; })) return "";
  for (std::size_t index = 0; index < kIrisColumns; ++index) {
    const std::size_t expected = index % 2 == 0 ? Form::kCode : Form::kMask;
    if (iris_lengths[index] != static_cast<std::int32_t>(expected)) {
      return std::string(kNames[index + 2]) + " has " + std::to_string(iris_lengths[index]) +
             " bytes, expected " + std::to_string(expected);
    }
  }
  for (std::size_t side = 0; side < kSides; ++side) {
    const std::string fault = Form::FaultOfMask(masks_[side]);
    if (!fault.empty()) return std::string(kNames[2 * side + 3]) + " " + fault;
  }
  return "";
}

template class BasicCopyReader<EyePlanes>;
template class BasicCopyReader<WideEyePlanes>;
template class BasicCopyReader<ShareRecord>;

}  // namespace irispair
