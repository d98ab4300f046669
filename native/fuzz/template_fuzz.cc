// Templates as uploaded and records as stored: any bytes are checked, encoded, mirrored and decoded without
// losing a bit.
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
irispair::TemplateFault NaiveFault(const Bytes& mask) {
  std::size_t usable = 0;
  for (std::size_t bit = 0; bit < irispair::kCodeBits; bit += 2) {
    if (Bit(mask, bit) != Bit(mask, bit + 1)) return irispair::TemplateFault::kPartsDiffer;
    if (Bit(mask, bit)) usable += 2;
  }
  return usable < irispair::kCodeBits / 2 ? irispair::TemplateFault::kTooFewUsable
                                          : irispair::TemplateFault::kNone;
}

bool Same(const irispair::EyePlanes& a, const irispair::EyePlanes& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  irispair::fuzz::Input input(data, size);
  Bytes mask = input.Repeat(irispair::kCodeBytes);
  if (input.Byte() % 2 == 0) {
    // Both parts of a pixel alike, which chance would hardly bring about.
    for (std::uint8_t& byte : mask) byte = static_cast<std::uint8_t>((byte & 0xaa) | (byte & 0xaa) >> 1);
  }
  const Bytes code = input.Repeat(irispair::kCodeBytes);
  const irispair::TemplateFault fault = irispair::CheckMask(irispair::PackedCode(mask));
  Require(fault == NaiveFault(mask));

  irispair::EyePlanes eye;
  irispair::EncodeEye(irispair::PackedCode(code), irispair::PackedCode(mask), eye);
  Bytes code_again(irispair::kCodeBytes);
  Bytes mask_again(irispair::kCodeBytes);
  irispair::DecodeEye(eye, irispair::MutablePackedCode(code_again), irispair::MutablePackedCode(mask_again));
  Require(code_again == code);
  Require(fault == irispair::TemplateFault::kPartsDiffer || mask_again == mask);

  irispair::EyePlanes mirrored;
  irispair::EyePlanes back;
  irispair::Mirror(eye, mirrored);
  irispair::Mirror(mirrored, back);
  Require(Same(back, eye));

  // A stored record is any bytes of its length.
  const Bytes stored = input.Repeat(sizeof(irispair::EyePlanes));
  irispair::EyePlanes record;
  std::memcpy(&record, stored.data(), sizeof(record));
  irispair::DecodeEye(record, irispair::MutablePackedCode(code_again),
                      irispair::MutablePackedCode(mask_again));
  Require(irispair::CheckMask(irispair::PackedCode(mask_again)) != irispair::TemplateFault::kPartsDiffer);
  irispair::EyePlanes record_again;
  irispair::EncodeEye(irispair::PackedCode(code_again), irispair::PackedCode(mask_again), record_again);
  Require(Same(record_again, record));
  return 0;
}
