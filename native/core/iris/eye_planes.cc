#include "core/iris/eye_planes.h"

namespace irispair {
namespace {

// A column of one row is a nibble: wavelet 0 real, wavelet 0 imaginary, wavelet 1 real, wavelet 1 imaginary.
constexpr std::uint32_t RealBits(std::uint32_t nibble) { return ((nibble >> 3) & 1) | (nibble & 2); }
constexpr std::uint32_t ImaginaryBits(std::uint32_t nibble) {
  return ((nibble >> 2) & 1) | ((nibble & 1) << 1);
}
constexpr std::uint32_t Nibble(std::uint32_t real, std::uint32_t imaginary) {
  return ((real & 1) << 3) | ((imaginary & 1) << 2) | (real & 2) | ((imaginary & 2) >> 1);
}

constexpr std::uint32_t NibbleAt(PackedCode bits, std::size_t row, std::size_t column) {
  const std::uint8_t pair = bits[row * (kColumns / 2) + column / 2];
  return column % 2 == 0 ? pair >> 4 : pair & 0xf;
}

void MirrorPlane(const Plane& plane, std::uint32_t invert, Plane& mirrored) {
  constexpr std::size_t kHalf = kColumns / 2;
  for (std::size_t column = 0; column < kHalf; ++column) {
    mirrored[column] = plane[kHalf - 1 - column] ^ invert;
    mirrored[kHalf + column] = plane[kColumns - 1 - column] ^ invert;
  }
}

}  // namespace

void EncodeEye(PackedCode code, PackedCode mask, EyePlanes& eye) {
  eye = {};
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::size_t shift = row * kWavelets;
    for (std::size_t column = 0; column < kColumns; ++column) {
      const std::uint32_t code_nibble = NibbleAt(code, row, column);
      eye.real[column] |= RealBits(code_nibble) << shift;
      eye.imaginary[column] |= ImaginaryBits(code_nibble) << shift;
      eye.mask[column] |= RealBits(NibbleAt(mask, row, column)) << shift;
    }
  }
}

void DecodeEye(const EyePlanes& eye, MutablePackedCode code, MutablePackedCode mask) {
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::size_t shift = row * kWavelets;
    for (std::size_t column = 0; column < kColumns; column += 2) {
      std::uint32_t code_byte = 0;
      std::uint32_t mask_byte = 0;
      for (std::size_t next = column; next < column + 2; ++next) {
        const std::uint32_t usable = eye.mask[next] >> shift;
        code_byte = code_byte << 4 | Nibble(eye.real[next] >> shift & 3, eye.imaginary[next] >> shift & 3);
        mask_byte = mask_byte << 4 | Nibble(usable & 3, usable & 3);
      }
      const std::size_t index = row * (kColumns / 2) + column / 2;
      code[index] = static_cast<std::uint8_t>(code_byte);
      mask[index] = static_cast<std::uint8_t>(mask_byte);
    }
  }
}

void Mirror(const EyePlanes& eye, EyePlanes& mirrored) {
  MirrorPlane(eye.real, 0, mirrored.real);
  MirrorPlane(eye.imaginary, ~std::uint32_t{0}, mirrored.imaginary);
  MirrorPlane(eye.mask, 0, mirrored.mask);
}

}  // namespace irispair
