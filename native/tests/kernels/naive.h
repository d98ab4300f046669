// Distances computed bit by bit from the definitions, sharing no code with the kernels.
#pragma once

#include <random>
#include <vector>

#include "core/iris/eye_planes.h"
#include "core/kernels/distance.h"

namespace irispair::naive {

struct Template {
  explicit Template(std::size_t columns_of_shape = 200)
      : columns(columns_of_shape), code(columns * kRows / 2), mask(columns * kRows / 2) {}

  std::size_t bits() const { return 8 * code.size(); }

  std::size_t columns;
  std::vector<std::uint8_t> code;
  std::vector<std::uint8_t> mask;
};

inline std::size_t BitIndex(std::size_t columns, std::size_t row, std::size_t column, std::size_t wavelet,
                            std::size_t part) {
  return ((row * columns + column) * kWavelets + wavelet) * 2 + part;
}

inline bool Bit(const std::vector<std::uint8_t>& bits, std::size_t index) {
  return (bits[index / 8] >> (7 - index % 8) & 1) != 0;
}

inline void SetBit(std::vector<std::uint8_t>& bits, std::size_t index, bool value) {
  const auto bit = static_cast<std::uint8_t>(0x80 >> index % 8);
  bits[index / 8] = static_cast<std::uint8_t>(value ? bits[index / 8] | bit : bits[index / 8] & ~bit);
}

// Each half of the columns reversed, imaginary code bits inverted.
inline Template Mirrored(const Template& eye) {
  Template mirrored(eye.columns);
  const std::size_t half = eye.columns / 2;
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < eye.columns; ++column) {
      const std::size_t source = column < half ? half - 1 - column : 3 * half - 1 - column;
      for (std::size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
        for (std::size_t part = 0; part < 2; ++part) {
          const std::size_t to = BitIndex(eye.columns, row, column, wavelet, part);
          const std::size_t from = BitIndex(eye.columns, row, source, wavelet, part);
          SetBit(mirrored.code, to, Bit(eye.code, from) != (part == 1));
          SetBit(mirrored.mask, to, Bit(eye.mask, from));
        }
      }
    }
  }
  return mirrored;
}

// The probe's columns are rolled right by `rotation`.
inline Distance Compare(const Template& probe, const Template& gallery, int rotation) {
  const auto columns = static_cast<int>(probe.columns);
  int differing = 0;
  int unmasked = 0;
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < probe.columns; ++column) {
      const auto source = static_cast<std::size_t>((static_cast<int>(column) - rotation + columns) % columns);
      for (std::size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
        for (std::size_t part = 0; part < 2; ++part) {
          const std::size_t here = BitIndex(probe.columns, row, column, wavelet, part);
          const std::size_t there = BitIndex(probe.columns, row, source, wavelet, part);
          if (!Bit(gallery.mask, here) || !Bit(probe.mask, there)) continue;
          ++unmasked;
          if (Bit(gallery.code, here) != Bit(probe.code, there)) ++differing;
        }
      }
    }
  }
  return {static_cast<std::uint16_t>(differing), static_cast<std::uint16_t>(unmasked),
          static_cast<std::int16_t>(rotation), 0};
}

// A random code with about `usable` of its pixels unmasked.
inline Template Random(std::mt19937& random, double usable, std::size_t columns = 200) {
  Template eye(columns);
  std::bernoulli_distribution one(0.5);
  std::bernoulli_distribution unmasked(usable);
  for (std::size_t bit = 0; bit < eye.bits(); bit += 2) {
    const bool pixel = unmasked(random);
    for (std::size_t part = 0; part < 2; ++part) {
      SetBit(eye.code, bit + part, one(random));
      SetBit(eye.mask, bit + part, pixel);
    }
  }
  return eye;
}

template <typename Eye = EyePlanes>
Eye Encoded(const Template& eye) {
  Eye planes;
  EncodeEye(typename Eye::PackedCode(eye.code), typename Eye::PackedCode(eye.mask), planes);
  return planes;
}

}  // namespace irispair::naive
