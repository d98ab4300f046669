// One eye as arenas, stores and kernels hold it: three bit planes, column by column.
//
// The wire form keeps real and imaginary bits side by side and repeats the mask for both. Here each plane is
// 200 words, one a column; bit row * 2 + wavelet of a word is that row's and wavelet's bit. So a rotation by
// one column is an offset of one word, the mask is kept once, and an eye is 2,400 bytes instead of 3,200.
// Little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace irispair {

inline constexpr std::size_t kRows = 16;
inline constexpr std::size_t kColumns = 200;
inline constexpr std::size_t kWavelets = 2;
// Bits of a packed code, and of a packed mask.
inline constexpr std::size_t kCodeBits = kRows * kColumns * kWavelets * 2;
// Bytes of a packed code, and of a packed mask.
inline constexpr std::size_t kCodeBytes = kCodeBits / 8;

using PackedCode = std::span<const std::uint8_t, kCodeBytes>;
using MutablePackedCode = std::span<std::uint8_t, kCodeBytes>;
using Plane = std::array<std::uint32_t, kColumns>;

struct EyePlanes {
  Plane real;
  Plane imaginary;
  Plane mask;
};
static_assert(sizeof(EyePlanes) == 2400);

// Packs a template: row-major bits over (row, column, wavelet, part), most significant bit first. The mask of
// a pixel's real part is taken for both parts; CheckTemplate says whether they agree.
void EncodeEye(PackedCode code, PackedCode mask, EyePlanes& eye);

// Exact inverse of EncodeEye for masks whose parts agree, masked code bits included.
void DecodeEye(const EyePlanes& eye, MutablePackedCode code, MutablePackedCode mask);

// The eye in a mirrored picture: columns 0..99 and 100..199 each reversed in place, imaginary code bits
// inverted.
void Mirror(const EyePlanes& eye, EyePlanes& mirrored);

}  // namespace irispair
