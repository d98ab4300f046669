// A table's rows as streamed: whatever the bytes say, they are read alike in one piece and in many, and a row
// is live exactly when it holds an iris.
#include <cstring>

#include "core/copy/copy_reader.h"
#include "core/system/error.h"
#include "fuzz/input.h"

using irispair::fuzz::Require;

namespace {

using Bytes = std::vector<std::uint8_t>;

template <typename Eye>
struct Outcome {
  std::vector<irispair::CopiedRow> rows;
  std::vector<irispair::BothEyes<Eye>> irises;
  std::size_t faults = 0;
  std::string refused;
};

template <typename Eye>
Outcome<Eye> Read(const Bytes& stream, std::size_t piece) {
  irispair::BasicCopyReader<Eye> reader;
  Outcome<Eye> outcome;
  try {
    for (std::size_t offset = 0; offset < stream.size(); offset += piece) {
      reader.Feed(std::span(stream).subspan(offset, std::min(piece, stream.size() - offset)),
                  [&outcome](const irispair::CopiedRow& row, const irispair::BothEyes<Eye>& iris) {
                    outcome.rows.push_back(row);
                    if (row.state == irispair::RowState::kLive) outcome.irises.push_back(iris);
                  });
    }
  } catch (const irispair::Error& error) {
    Require(error.code() == irispair::ErrorCode::kInvalidArgument);
    outcome.refused = error.what();
  }
  outcome.faults = reader.TakeFaults().size();
  return outcome;
}

void Append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

void AppendWord(Bytes& to, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(word >> shift));
}

// Rows that are right but for what the input changes, or the input as it is.
template <typename Eye>
Bytes Stream(irispair::fuzz::Input& input) {
  Bytes stream{'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int rows = 0; rows < 4 && input.left() > 0; ++rows) {
    if (input.Byte() % 4 == 0) {
      const auto any = input.Take(input.Number(200));
      stream.insert(stream.end(), any.begin(), any.end());
      continue;
    }
    stream.insert(stream.end(), {0, 6, 0, 0, 0, 8, 0, 0, 0, 0});
    AppendWord(stream, input.Number(0xffff));
    stream.insert(stream.end(), {0, 0, 0, 2, input.Byte(), input.Byte()});
    for (int column = 0; column < 4; ++column) {
      const std::uint32_t kind = input.Byte();
      const std::uint32_t length = kind < 8     ? input.Number(4000)
                                   : kind < 128 ? static_cast<std::uint32_t>(Eye::kCodeBytes)
                                                : 0;
      if (kind == 255) {
        AppendWord(stream, 0xffff'ffff);
        continue;
      }
      AppendWord(stream, length);
      if (length == 0) continue;
      Bytes content = input.Repeat(length);
      if (kind % 2 == 0) {
        for (std::uint8_t& byte : content)
          byte = static_cast<std::uint8_t>((byte & 0xaa) | (byte & 0xaa) >> 1);
      }
      Append(stream, content);
    }
  }
  return stream;
}

template <typename Eye>
void Check(const std::uint8_t* data, std::size_t size) {
  irispair::fuzz::Input input(data, size);
  const std::size_t piece = 1 + input.Number(3000);
  const Bytes stream = input.Byte() % 8 == 0 ? Bytes(data, data + size) : Stream<Eye>(input);
  const Outcome<Eye> whole = Read<Eye>(stream, std::max<std::size_t>(stream.size(), 1));
  const Outcome<Eye> pieces = Read<Eye>(stream, piece);
  Require(whole.refused == pieces.refused && whole.faults == pieces.faults);
  Require(whole.rows.size() == pieces.rows.size() && whole.irises.size() == pieces.irises.size());
  std::size_t bad = 0;
  for (std::size_t index = 0; index < whole.rows.size(); ++index) {
    Require(std::memcmp(&whole.rows[index], &pieces.rows[index], sizeof(irispair::CopiedRow)) == 0);
    if (whole.rows[index].state == irispair::RowState::kBad) ++bad;
  }
  Require(bad == whole.faults);
  for (std::size_t index = 0; index < whole.irises.size(); ++index) {
    Require(std::memcmp(&whole.irises[index], &pieces.irises[index], sizeof(irispair::BothEyes<Eye>)) == 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Check<irispair::EyePlanes>(data, size);
  Check<irispair::WideEyePlanes>(data, size);
  return 0;
}
