// Values for tests: random ones, and those at which something could tip over.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

namespace irispair {

// Empty, one, and around multiples of 3 and 64.
inline constexpr std::array<std::size_t, 13> kSizes{0, 1, 2, 3, 4, 63, 64, 65, 127, 128, 192, 200, 1000};

// The edges first, as many as there is room for, then random ones in low..high.
inline std::vector<std::int64_t> EdgesAndRandom(std::size_t size, const std::vector<std::int64_t>& edges,
                                                std::int64_t low, std::int64_t high,
                                                std::mt19937_64& random) {
  std::uniform_int_distribution<std::int64_t> between(low, high);
  std::vector<std::int64_t> values;
  const std::size_t rolled = random();
  for (std::size_t index = 0; index < size; ++index) {
    // Small sizes see other edges each time.
    values.push_back(index < edges.size() ? edges[(index + rolled) % edges.size()] : between(random));
  }
  return values;
}

template <typename Word>
std::vector<Word> Narrowed(const std::vector<std::int64_t>& values) {
  return {values.begin(), values.end()};
}

}  // namespace irispair
