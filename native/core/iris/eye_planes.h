// One eye as arenas, stores and kernels hold it: three bit planes, column by column.
//
// The wire form keeps real and imaginary bits side by side and repeats the mask for both. Here each plane is
// one word a column; bit row * 2 + wavelet of a word is that row's and wavelet's bit. So a rotation by one
// column is an offset of one word, the mask is kept once, and an eye is three quarters of its wire form.
// Little-endian.
//
// A population has one shape, 200 or 256 columns. The shape is part of the type: what compares eyes is
// compiled for each of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace irispair {

inline constexpr std::size_t kRows = 16;
inline constexpr std::size_t kWavelets = 2;

template <std::size_t columns>
struct BasicEyePlanes {
  static constexpr std::size_t kColumns = columns;
  // Bits of a packed code, and of a packed mask.
  static constexpr std::size_t kCodeBits = kRows * kColumns * kWavelets * 2;
  // Bytes of a packed code, and of a packed mask.
  static constexpr std::size_t kCodeBytes = kCodeBits / 8;

  using PackedCode = std::span<const std::uint8_t, kCodeBytes>;
  using MutablePackedCode = std::span<std::uint8_t, kCodeBytes>;
  using Plane = std::array<std::uint32_t, kColumns>;

  Plane real;
  Plane imaginary;
  Plane mask;
};

using EyePlanes = BasicEyePlanes<200>;
// What public Open IRIS makes.
using WideEyePlanes = BasicEyePlanes<256>;
static_assert(sizeof(EyePlanes) == 2400);
static_assert(sizeof(WideEyePlanes) == 3072);

// Packs a template: row-major bits over (row, column, wavelet, part), most significant bit first. The mask of
// a pixel's real part is taken for both parts; CheckMask says whether they agree.
template <typename Eye>
void EncodeEye(typename Eye::PackedCode code, typename Eye::PackedCode mask, Eye& eye);

// Exact inverse of EncodeEye for masks whose parts agree, masked code bits included.
template <typename Eye>
void DecodeEye(const Eye& eye, typename Eye::MutablePackedCode code, typename Eye::MutablePackedCode mask);

// The eye in a mirrored picture: the first and the second half of the columns each reversed in place,
// imaginary code bits inverted.
template <typename Eye>
void Mirror(const Eye& eye, Eye& mirrored);

}  // namespace irispair
