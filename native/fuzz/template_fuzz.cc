// Templates as uploaded and records as stored: any bytes are checked, encoded, mirrored and decoded without
// losing a bit, in either shape.
#include <algorithm>
#include <cstring>

#include "core/iris/eye_planes.h"
#include "core/iris/template_check.h"
#include "fuzz/input.h"

using irispair::fuzz::Require;

namespace {

using Bytes = std::vector<std::uint8_t>;

bool Bit(const Bytes& bytes, std::size_t index) { return (bytes[index / 8] >> (7 - index % 8) & 1) != 0; }

// The check, bit by bit.
template <typename Eye>
irispair::TemplateFault NaiveFault(const Bytes& mask) {
  std::size_t usable = 0;
  for (std::size_t bit = 0; bit < Eye::kCodeBits; bit += 2) {
    if (Bit(mask, bit) != Bit(mask, bit + 1)) return irispair::TemplateFault::kPartsDiffer;
    if (Bit(mask, bit)) usable += 2;
  }
  return usable < Eye::kCodeBits / 2 ? irispair::TemplateFault::kTooFewUsable
                                     : irispair::TemplateFault::kNone;
}

template <typename Eye>
bool Same(const Eye& a, const Eye& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

template <typename Eye>
void Check(irispair::fuzz::Input input) {
  using Code = typename Eye::PackedCode;
  using MutableCode = typename Eye::MutablePackedCode;
  Bytes mask = input.Repeat(Eye::kCodeBytes);
  if (input.Byte() % 2 == 0) {
    // Both parts of a pixel alike, which chance would hardly bring about.
    for (std::uint8_t& byte : mask) byte = static_cast<std::uint8_t>((byte & 0xaa) | (byte & 0xaa) >> 1);
  }
  const Bytes code = input.Repeat(Eye::kCodeBytes);
  const irispair::TemplateFault fault = irispair::CheckMask<Eye>(Code(mask));
  Require(fault == NaiveFault<Eye>(mask));

  Eye eye;
  irispair::EncodeEye(Code(code), Code(mask), eye);
  Bytes code_again(Eye::kCodeBytes);
  Bytes mask_again(Eye::kCodeBytes);
  irispair::DecodeEye(eye, MutableCode(code_again), MutableCode(mask_again));
  Require(code_again == code);
  Require(fault == irispair::TemplateFault::kPartsDiffer || mask_again == mask);

  Eye mirrored;
  Eye back;
  irispair::Mirror(eye, mirrored);
  irispair::Mirror(mirrored, back);
  Require(Same(back, eye));

  // A stored record is any bytes of its length.
  const Bytes stored = input.Repeat(sizeof(Eye));
  Eye record;
  std::memcpy(&record, stored.data(), sizeof(record));
  irispair::DecodeEye(record, MutableCode(code_again), MutableCode(mask_again));
  Require(irispair::CheckMask<Eye>(Code(mask_again)) != irispair::TemplateFault::kPartsDiffer);
  Eye record_again;
  irispair::EncodeEye(Code(code_again), Code(mask_again), record_again);
  Require(Same(record_again, record));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const irispair::fuzz::Input input(data, size);
  Check<irispair::EyePlanes>(input);
  Check<irispair::WideEyePlanes>(input);
  return 0;
}
