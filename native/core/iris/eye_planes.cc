#include "core/iris/eye_planes.h"

#if defined(__SSE2__)
#include <emmintrin.h>

#include <utility>
#endif

namespace irispair {
namespace {

// A column of one row is a nibble: wavelet 0 real, wavelet 0 imaginary, wavelet 1 real, wavelet 1 imaginary.
constexpr std::uint32_t Nibble(std::uint32_t real, std::uint32_t imaginary) {
  return ((real & 1) << 3) | ((imaginary & 1) << 2) | (real & 2) | ((imaginary & 2) >> 1);
}

void MirrorPlane(const Plane& plane, std::uint32_t invert, Plane& mirrored) {
  constexpr std::size_t kHalf = kColumns / 2;
  for (std::size_t column = 0; column < kHalf; ++column) {
    mirrored[column] = plane[kHalf - 1 - column] ^ invert;
    mirrored[kHalf + column] = plane[kColumns - 1 - column] ^ invert;
  }
}

#if defined(__SSE2__)

// 16 bytes of each row: 32 columns.
struct Rows {
  __m128i at[kRows];
};
constexpr std::size_t kRowBytes = kColumns / 2;
constexpr std::size_t kBlockBytes = 16;

// Vector i of the result holds byte i of every row. Interleaving the halves four times transposes.
Rows Transposed(Rows rows) {
  for (int round = 0; round < 4; ++round) {
    Rows next;
    for (std::size_t row = 0; row < kRows / 2; ++row) {
      next.at[2 * row] = _mm_unpacklo_epi8(rows.at[row], rows.at[row + kRows / 2]);
      next.at[2 * row + 1] = _mm_unpackhi_epi8(rows.at[row], rows.at[row + kRows / 2]);
    }
    rows = next;
  }
  return rows;
}

Rows BlockAt(PackedCode bits, std::size_t byte) {
  Rows rows;
  for (std::size_t row = 0; row < kRows; ++row) {
    rows.at[row] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&bits[row * kRowBytes + byte]));
  }
  return Transposed(rows);
}

// A plane's word of one column: of each row the bit `first` places below the byte's highest, for wavelet 0,
// and the one two below that, for wavelet 1.
std::uint32_t Word(__m128i rows, int first) {
  const __m128i wavelet0 = _mm_slli_epi16(rows, first);
  const __m128i wavelet1 = _mm_slli_epi16(rows, first + 2);
  const int low = _mm_movemask_epi8(_mm_unpacklo_epi8(wavelet0, wavelet1));
  const int high = _mm_movemask_epi8(_mm_unpackhi_epi8(wavelet0, wavelet1));
  return static_cast<std::uint32_t>(low) | static_cast<std::uint32_t>(high) << 16;
}

void EncodeBlock(PackedCode code, PackedCode mask, std::size_t byte, EyePlanes& eye) {
  const Rows codes = BlockAt(code, byte);
  const Rows masks = BlockAt(mask, byte);
  for (std::size_t index = 0; index < kBlockBytes; ++index) {
    for (const auto& [column, first] : {std::pair{2 * (byte + index), 0}, {2 * (byte + index) + 1, 4}}) {
      eye.real[column] = Word(codes.at[index], first);
      eye.imaginary[column] = Word(codes.at[index], first + 1);
      eye.mask[column] = Word(masks.at[index], first);
    }
  }
}

#else

constexpr std::uint32_t RealBits(std::uint32_t nibble) { return ((nibble >> 3) & 1) | (nibble & 2); }
constexpr std::uint32_t ImaginaryBits(std::uint32_t nibble) {
  return ((nibble >> 2) & 1) | ((nibble & 1) << 1);
}

constexpr std::uint32_t NibbleAt(PackedCode bits, std::size_t row, std::size_t column) {
  const std::uint8_t pair = bits[row * (kColumns / 2) + column / 2];
  return column % 2 == 0 ? pair >> 4 : pair & 0xf;
}

#endif

}  // namespace

#if defined(__SSE2__)

void EncodeEye(PackedCode code, PackedCode mask, EyePlanes& eye) {
  for (std::size_t byte = 0; byte + kBlockBytes < kRowBytes; byte += kBlockBytes) {
    EncodeBlock(code, mask, byte, eye);
  }
  // The last block laps over the one before.
  EncodeBlock(code, mask, kRowBytes - kBlockBytes, eye);
}

#else

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

#endif

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
