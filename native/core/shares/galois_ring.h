// The Galois ring R = Z_2^16[x] / (x^4 - x - 1), in which shares are points of a line: its invertible
// differences give Shamir sharing the evaluation points that Z_2^16 has not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace irispair {

// Coefficients of 1, x, x^2, x^3.
using GaloisElement = std::array<std::uint16_t, 4>;
// Rows give the coefficients of the result.
using GaloisMatrix = std::array<GaloisElement, 4>;

constexpr GaloisElement Add(const GaloisElement& a, const GaloisElement& b) {
  GaloisElement sum{};
  for (std::size_t index = 0; index < sum.size(); ++index) {
    sum[index] = static_cast<std::uint16_t>(a[index] + b[index]);
  }
  return sum;
}

constexpr GaloisElement Subtract(const GaloisElement& a, const GaloisElement& b) {
  GaloisElement difference{};
  for (std::size_t index = 0; index < difference.size(); ++index) {
    difference[index] = static_cast<std::uint16_t>(a[index] - b[index]);
  }
  return difference;
}

constexpr GaloisElement Multiply(const GaloisElement& a, const GaloisElement& b) {
  std::array<std::uint32_t, 7> product{};
  for (std::size_t left = 0; left < a.size(); ++left) {
    for (std::size_t right = 0; right < b.size(); ++right) {
      product[left + right] += std::uint32_t{a[left]} * b[right];
    }
  }
  // x^4 = x + 1.
  for (std::size_t power = 6; power >= 4; --power) {
    product[power - 3] += product[power];
    product[power - 4] += product[power];
  }
  GaloisElement reduced{};
  for (std::size_t index = 0; index < reduced.size(); ++index) {
    reduced[index] = static_cast<std::uint16_t>(product[index]);
  }
  return reduced;
}

constexpr GaloisElement Apply(const GaloisMatrix& matrix, const GaloisElement& element) {
  GaloisElement result{};
  for (std::size_t row = 0; row < result.size(); ++row) {
    std::uint32_t sum = 0;
    for (std::size_t index = 0; index < element.size(); ++index) {
      sum += std::uint32_t{matrix[row][index]} * element[index];
    }
    result[row] = static_cast<std::uint16_t>(sum);
  }
  return result;
}

}  // namespace irispair
