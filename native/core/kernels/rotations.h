// The walk over rotations and candidates that every kernel shares; a kernel only counts one rotation.
//
// `Count` is a stateless type with `static void Candidate(const PreparedEye&, const EyePlanes&, int first,
// int last, Distance* out)`, which writes the distance at each rotation first..last.
#pragma once

#include <array>
#include <cstddef>

#include "core/kernels/kernel.h"

namespace irispair {

template <typename Count>
void LeastOverRotations(const PreparedEye& probe, RotationWindow window,
                        std::span<const EyePlanes* const> candidates, std::span<Distance> least) {
  constexpr std::size_t kCacheLine = 64;
  std::array<Distance, 2 * kFarthestRotation + 1> each;
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    if (index + 1 < candidates.size()) {
      // Candidates lie at random places of the arena: ask for the next while this one is counted.
      const char* next = reinterpret_cast<const char*>(candidates[index + 1]);
      for (std::size_t offset = 0; offset < sizeof(EyePlanes); offset += kCacheLine) {
        __builtin_prefetch(next + offset);
      }
    }
    Count::Candidate(probe, *candidates[index], window.First(), window.Last(), each.data());
    Distance best = each[0];
    for (int other = 1; other < window.Size(); ++other) {
      const Distance& distance = each[static_cast<std::size_t>(other)];
      if (Nearer(distance, best)) best = distance;
    }
    least[index] = best;
  }
}

template <typename Count>
void EachRotation(const PreparedEye& probe, RotationWindow window, const EyePlanes& candidate,
                  std::span<Distance> each) {
  Count::Candidate(probe, candidate, window.First(), window.Last(), each.data());
}

}  // namespace irispair
