// What programs start from: one party's additive shares of dot products.
#pragma once

#include <cstdint>
#include <vector>

namespace irispair {

// Additive shares modulo 2^16, pair by pair and within a pair rotation by rotation; mask dots doubled
// already. The values shared lie in -12,800..12,800 (code) and 0..12,800 (mask).
//
// A pair that has no distance (deleted, or of another version, which all parties know) is to be given as
// AbsentCodeDot and 0 at every rotation: that is farther than everything and never matches.
struct DotProducts {
  std::size_t pairs = 0;
  std::size_t rotations = 1;
  std::vector<std::uint16_t> code;
  std::vector<std::uint16_t> mask;
};

// The party's additive share of the code dot -1; the mask dot's is 0.
constexpr std::uint16_t AbsentCodeDot(unsigned party) { return party == 0 ? 0xffff : 0; }

// A threshold of 0.
inline constexpr std::uint32_t kHighestMatchLimit = 1 << 16;

// Throw Error kInvalidArgument naming the field.
void CheckDotProducts(const DotProducts& dots);
void CheckMatchLimit(std::uint32_t match_limit);

// The same, rotation by rotation and within a rotation pair by pair.
DotProducts OrderByRotation(const DotProducts& dots);

// Code dots, then mask dots: what is done to both shares its rounds.
std::vector<std::uint16_t> Joined(const DotProducts& dots);

}  // namespace irispair
