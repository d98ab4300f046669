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

// A byte is two columns. What it gives to a plane's words of both: the even column's below, the odd one's
// above.
using PairTable = std::array<std::uint64_t, 256>;

constexpr PairTable TableOf(std::uint32_t (*bits)(std::uint32_t)) {
  PairTable table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    table[byte] = bits(byte >> 4) | std::uint64_t{bits(byte & 0xf)} << 32;
  }
  return table;
}

constexpr PairTable kRealPairs = TableOf(RealBits);
constexpr PairTable kImaginaryPairs = TableOf(ImaginaryBits);

template <typename Plane>
void SetPair(Plane& plane, std::size_t pair, std::uint64_t words) {
  plane[2 * pair] = static_cast<std::uint32_t>(words);
  plane[2 * pair + 1] = static_cast<std::uint32_t>(words >> 32);
}

template <std::size_t columns>
void MirrorPlane(const std::array<std::uint32_t, columns>& plane, std::uint32_t invert,
                 std::array<std::uint32_t, columns>& mirrored) {
  constexpr std::size_t kHalf = columns / 2;
  for (std::size_t column = 0; column < kHalf; ++column) {
    mirrored[column] = plane[kHalf - 1 - column] ^ invert;
    mirrored[kHalf + column] = plane[columns - 1 - column] ^ invert;
  }
}

}  // namespace

template <typename Eye>
void EncodeEye(typename Eye::PackedCode code, typename Eye::PackedCode mask, Eye& eye) {
  constexpr std::size_t kPairs = Eye::kColumns / 2;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    std::uint64_t real = 0;
    std::uint64_t imaginary = 0;
    std::uint64_t usable = 0;
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::size_t byte = row * kPairs + pair;
      const std::size_t shift = row * kWavelets;
      real |= kRealPairs[code[byte]] << shift;
      imaginary |= kImaginaryPairs[code[byte]] << shift;
      usable |= kRealPairs[mask[byte]] << shift;
    }
    SetPair(eye.real, pair, real);
    SetPair(eye.imaginary, pair, imaginary);
    SetPair(eye.mask, pair, usable);
  }
}

template <typename Eye>
void DecodeEye(const Eye& eye, typename Eye::MutablePackedCode code, typename Eye::MutablePackedCode mask) {
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::size_t shift = row * kWavelets;
    for (std::size_t column = 0; column < Eye::kColumns; column += 2) {
      std::uint32_t code_byte = 0;
      std::uint32_t mask_byte = 0;
      for (std::size_t next = column; next < column + 2; ++next) {
        const std::uint32_t usable = eye.mask[next] >> shift;
        code_byte = code_byte << 4 | Nibble(eye.real[next] >> shift & 3, eye.imaginary[next] >> shift & 3);
        mask_byte = mask_byte << 4 | Nibble(usable & 3, usable & 3);
      }
      const std::size_t index = row * (Eye::kColumns / 2) + column / 2;
      code[index] = static_cast<std::uint8_t>(code_byte);
      mask[index] = static_cast<std::uint8_t>(mask_byte);
    }
  }
}

template <typename Eye>
void Mirror(const Eye& eye, Eye& mirrored) {
  MirrorPlane(eye.real, 0, mirrored.real);
  MirrorPlane(eye.imaginary, ~std::uint32_t{0}, mirrored.imaginary);
  MirrorPlane(eye.mask, 0, mirrored.mask);
}

template void EncodeEye(EyePlanes::PackedCode, EyePlanes::PackedCode, EyePlanes&);
template void EncodeEye(WideEyePlanes::PackedCode, WideEyePlanes::PackedCode, WideEyePlanes&);
template void DecodeEye(const EyePlanes&, EyePlanes::MutablePackedCode, EyePlanes::MutablePackedCode);
template void DecodeEye(const WideEyePlanes&, WideEyePlanes::MutablePackedCode,
                        WideEyePlanes::MutablePackedCode);
template void Mirror(const EyePlanes&, EyePlanes&);
template void Mirror(const WideEyePlanes&, WideEyePlanes&);

}  // namespace irispair
