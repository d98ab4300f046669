// Distances between two eyes, and the integer rules that order them.
#pragma once

#include <cstdint>

namespace irispair {

// Fractional Hamming distance as its two counts: differing bits among those unmasked in both, and bits
// unmasked in both, each 0..12,800 at 200 columns and 0..16,384 at 256. With no bit in common
// there is no distance.
struct Distance {
  std::uint16_t differing = 0;
  std::uint16_t unmasked = 0;
  // Columns by which the probe was rolled right, -15..15.
  std::int16_t rotation = 0;
  std::uint16_t padding = 0;

  friend bool operator==(const Distance&, const Distance&) = default;
};
static_assert(sizeof(Distance) == 8);

// The rotations base - reach .. base + reach, all within -15..15.
struct RotationWindow {
  int base = 0;
  int reach = 0;

  int First() const { return base - reach; }
  int Last() const { return base + reach; }
  int Size() const { return 2 * reach + 1; }
};

// Whether a is strictly nearer than b, by cross multiplication: of 16,384 each, a product is 2^28 at most.
// What has no distance is farther than all that has.
constexpr bool Nearer(const Distance& a, const Distance& b) {
  if (a.unmasked == 0) return false;
  if (b.unmasked == 0) return true;
  return std::uint32_t{a.differing} * b.unmasked < std::uint32_t{b.differing} * a.unmasked;
}

// Match iff (unmasked - 2 * differing) * 2^16 > unmasked * limit, limit = floor((1 - 2 * threshold) * 2^16).
constexpr bool IsMatch(const Distance& distance, std::uint32_t limit) {
  const std::int64_t dot = std::int64_t{distance.unmasked} - 2 * std::int64_t{distance.differing};
  return dot * 65536 > std::int64_t{distance.unmasked} * std::int64_t{limit};
}

}  // namespace irispair
