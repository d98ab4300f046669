// Values that are shared between the three parties: x = x0 + x1 + x2, of which party i holds x_i and x_(i-1).
#pragma once

#include <cstdint>
#include <vector>

namespace irispair {

// A vector of shared ring elements, or of 64 shared bits a word (then + is exclusive or).
template <typename Word>
struct Replicated {
  // This party's own summand, and the previous party's.
  std::vector<Word> own;
  std::vector<Word> previous;

  Replicated() = default;
  explicit Replicated(std::size_t size) : own(size), previous(size) {}

  std::size_t size() const { return own.size(); }
};

using Shared16 = Replicated<std::uint16_t>;
using Shared32 = Replicated<std::uint32_t>;
// Bit-sliced: bit k % 64 of word k / 64 belongs to value k.
using SharedBits = Replicated<std::uint64_t>;

// Distances between eyes: dot products of codes, |code| <= 12,800, and of masks, 0 <= mask <= 12,800.
struct SharedDistances {
  Shared32 code;
  Shared32 mask;

  std::size_t size() const { return code.size(); }
};

}  // namespace irispair
