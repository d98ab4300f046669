// Distances computed bit by bit from the definitions, sharing no code with the kernels.
#pragma once

#include <random>
#include <vector>

#include "core/iris/eye_planes.h"
#include "core/kernels/distance.h"

namespace irispair::naive {

struct Template {
  std::vector<std::uint8_t> code = std::vector<std::uint8_t>(kCodeBytes);
  std::vector<std::uint8_t> mask = std::vector<std::uint8_t>(kCodeBytes);

  PackedCode Code() const { return PackedCode(code); }
  PackedCode Mask() const { return PackedCode(mask); }
};

inline std::size_t BitIndex(std::size_t row, std::size_t column, std::size_t wavelet, std::size_t part) {
  return ((row * kColumns + column) * kWavelets + wavelet) * 2 + part;
}

inline bool Bit(const std::vector<std::uint8_t>& bits, std::size_t index) {
  return (bits[index / 8] >> (7 - index % 8) & 1) != 0;
}

inline void SetBit(std::vector<std::uint8_t>& bits, std::size_t index, bool value) {
  const auto bit = static_cast<std::uint8_t>(0x80 >> index % 8);
  bits[index / 8] = static_cast<std::uint8_t>(value ? bits[index / 8] | bit : bits[index / 8] & ~bit);
}

// Columns 0..99 and 100..199 each reversed, imaginary code bits inverted.
inline Template Mirrored(const Template& eye) {
  Template mirrored;
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      const std::size_t source = column < 100 ? 99 - column : 299 - column;
      for (std::size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
        for (std::size_t part = 0; part < 2; ++part) {
          const std::size_t to = BitIndex(row, column, wavelet, part);
          const std::size_t from = BitIndex(row, source, wavelet, part);
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
  int differing = 0;
  int unmasked = 0;
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      const auto source = static_cast<std::size_t>((static_cast<int>(column) - rotation + 200) % 200);
      for (std::size_t wavelet = 0; wavelet < kWavelets; ++wavelet) {
        for (std::size_t part = 0; part < 2; ++part) {
          const std::size_t here = BitIndex(row, column, wavelet, part);
          const std::size_t there = BitIndex(row, source, wavelet, part);
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
inline Template Random(std::mt19937& random, double usable) {
  Template eye;
  std::bernoulli_distribution one(0.5);
  std::bernoulli_distribution unmasked(usable);
  for (std::size_t bit = 0; bit < kCodeBits; bit += 2) {
    const bool pixel = unmasked(random);
    for (std::size_t part = 0; part < 2; ++part) {
      SetBit(eye.code, bit + part, one(random));
      SetBit(eye.mask, bit + part, pixel);
    }
  }
  return eye;
}

inline EyePlanes Encoded(const Template& eye) {
  EyePlanes planes;
  EncodeEye(eye.Code(), eye.Mask(), planes);
  return planes;
}

}  // namespace irispair::naive
