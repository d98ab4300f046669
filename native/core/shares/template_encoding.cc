#include "core/shares/template_encoding.h"

#include <algorithm>

namespace irispair {
namespace {

constexpr std::uint16_t kMinusOne = 0xffff;

// The bit of a packed template that a code element stands for.
constexpr std::size_t BitOf(std::size_t element) {
  constexpr std::size_t kRowsInPart = kCodeShareRows / 2;
  constexpr std::size_t kRowsInWavelet = kRowsInPart / kWavelets;
  const std::size_t share_row = element / kElementsInRow;
  const std::size_t part = share_row / kRowsInPart;
  const std::size_t wavelet = share_row / kRowsInWavelet % kWavelets;
  const std::size_t column = element % kElementsInRow / kElementsInColumn;
  const std::size_t row = element % kElementsInColumn * kRowsInWavelet + share_row % kRowsInWavelet;
  return ((row * kShareColumns + column) * kWavelets + wavelet) * 2 + part;
}

std::uint16_t Bit(SharedEye::PackedCode bits, std::size_t index) {
  return bits[index / 8] >> (7 - index % 8) & 1;
}

void SetBit(SharedEye::MutablePackedCode bits, std::size_t index) {
  bits[index / 8] = static_cast<std::uint8_t>(bits[index / 8] | 0x80 >> index % 8);
}

}  // namespace

EncodedEye EncodeTemplate(SharedEye::PackedCode code, SharedEye::PackedCode mask) {
  EncodedEye eye;
  for (std::size_t element = 0; element < kMaskElements; ++element) {
    eye.mask[element] = Bit(mask, BitOf(element));
  }
  for (std::size_t element = 0; element < kCodeElements; ++element) {
    const std::uint16_t usable = eye.mask[element % kMaskElements];
    eye.code[element] = Bit(code, BitOf(element)) == 0 ? usable : static_cast<std::uint16_t>(-usable);
  }
  return eye;
}

bool DecodeTemplate(const EncodedEye& eye, SharedEye::MutablePackedCode code,
                    SharedEye::MutablePackedCode mask) {
  std::ranges::fill(code, std::uint8_t{0});
  std::ranges::fill(mask, std::uint8_t{0});
  for (std::size_t element = 0; element < kCodeElements; ++element) {
    const std::uint16_t usable = eye.mask[element % kMaskElements];
    const std::uint16_t value = eye.code[element];
    const bool encoded = usable == 0 ? value == 0 : usable == 1 && (value == 1 || value == kMinusOne);
    if (!encoded) return false;
    if (usable == 1) SetBit(mask, BitOf(element));
    if (value == kMinusOne) SetBit(code, BitOf(element));
  }
  return true;
}

}  // namespace irispair
