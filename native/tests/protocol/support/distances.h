// Distances as dot products, plain and shared.
#pragma once

#include <random>
#include <vector>

#include "core/kernels/distance.h"
#include "core/protocol/programs/dot_products.h"
#include "tests/protocol/support/ring.h"

namespace irispair {

// code = unmasked - 2 * differing, as protocols have it.
inline std::int64_t CodeDot(const Distance& distance) {
  return std::int64_t{distance.unmasked} - 2 * std::int64_t{distance.differing};
}

// What has no distance is an absent pair.
inline DotProducts PlainDots(const std::vector<Distance>& distances, std::size_t rotations) {
  DotProducts dots{distances.size() / rotations, rotations, {}, {}};
  for (const Distance& distance : distances) {
    dots.code.push_back(static_cast<std::uint16_t>(distance.unmasked == 0 ? -1 : CodeDot(distance)));
    dots.mask.push_back(distance.unmasked);
  }
  return dots;
}

inline std::array<DotProducts, kParties> ShareDots(const std::vector<Distance>& distances,
                                                   std::size_t rotations, std::mt19937_64& random) {
  const DotProducts plain = PlainDots(distances, rotations);
  const auto code = ShareAdditively(plain.code, random);
  const auto mask = ShareAdditively(plain.mask, random);
  std::array<DotProducts, kParties> shares;
  for (unsigned party = 0; party < kParties; ++party) {
    shares[party] = {plain.pairs, rotations, code[party], mask[party]};
  }
  return shares;
}

inline std::array<SharedDistances, kParties> ShareDistances(const std::vector<Distance>& distances,
                                                            std::mt19937_64& random) {
  std::vector<std::uint32_t> code;
  std::vector<std::uint32_t> mask;
  for (const Distance& distance : distances) {
    code.push_back(static_cast<std::uint32_t>(distance.unmasked == 0 ? -1 : CodeDot(distance)));
    mask.push_back(distance.unmasked);
  }
  const auto code_shares = Share(code, random);
  const auto mask_shares = Share(mask, random);
  std::array<SharedDistances, kParties> shares;
  for (unsigned party = 0; party < kParties; ++party)
    shares[party] = {code_shares[party], mask_shares[party]};
  return shares;
}

// Few different ones, so that ties are common, among them the extremes and, seldom, none at all.
inline Distance RandomDistance(std::mt19937_64& random) {
  switch (random() % 12) {
    case 0:
      return {0, 12'800, 0, 0};
    case 1:
      return {12'800, 12'800, 0, 0};
    case 2:
      return {1, 3, 0, 0};
    case 3:
      return {100, 300, 0, 0};
    case 4:
      return {0, 0, 0, 0};
    case 5:
      return {static_cast<std::uint16_t>(1000 + random() % 8), 3000, 0, 0};
    default: {
      const auto unmasked = static_cast<std::uint16_t>(1 + random() % 12'800);
      return {static_cast<std::uint16_t>(random() % (unmasked + 1)), unmasked, 0, 0};
    }
  }
}

inline std::vector<Distance> RandomDistances(std::size_t count, std::mt19937_64& random) {
  std::vector<Distance> distances;
  for (std::size_t index = 0; index < count; ++index) distances.push_back(RandomDistance(random));
  return distances;
}

}  // namespace irispair
