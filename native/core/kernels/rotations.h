// The walk over rotations and candidates that every kernel shares; a kernel only counts one rotation.
//
// `Count` is a stateless type with `using Eye` and `static void Candidate(const BasicPreparedEye<Eye>&,
// const Eye& candidate, const Eye& next, int first, int last, Distance* out)`, which writes the candidate's
// distance at each rotation first..last. Candidates lie at random places of the arena: meanwhile it asks for
// the next one, column by column, since a burst would stand in the way of the candidate's own loads.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/kernels/kernel.h"

namespace irispair {

// Asks the memory for some columns of all planes, from a cache line's first column on.
template <typename Eye>
void PrefetchColumns(const Eye& eye, std::size_t first, std::size_t end) {
  constexpr std::size_t kColumnsInCacheLine = 16;
  for (std::size_t column = first; column < end; column += kColumnsInCacheLine) {
    __builtin_prefetch(&eye.real[column]);
    __builtin_prefetch(&eye.imaginary[column]);
    __builtin_prefetch(&eye.mask[column]);
  }
}

template <typename Count>
void LeastOverRotations(const BasicPreparedEye<typename Count::Eye>& probe, RotationWindow window,
                        std::span<const typename Count::Eye* const> candidates, std::span<Distance> least) {
  std::array<Distance, 2 * kFarthestRotation + 1> each;
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    const auto& next = *candidates[std::min(index + 1, candidates.size() - 1)];
    Count::Candidate(probe, *candidates[index], next, window.First(), window.Last(), each.data());
    Distance best = each[0];
    for (int other = 1; other < window.Size(); ++other) {
      const Distance& distance = each[static_cast<std::size_t>(other)];
      if (Nearer(distance, best)) best = distance;
    }
    least[index] = best;
  }
}

template <typename Count>
void EachRotation(const BasicPreparedEye<typename Count::Eye>& probe, RotationWindow window,
                  const typename Count::Eye& candidate, std::span<Distance> each) {
  Count::Candidate(probe, candidate, candidate, window.First(), window.Last(), each.data());
}

// For kernels that count one rotation after the other: its share of the next candidate.
template <typename Eye>
void PrefetchShare(const Eye& next, int rotation, int first, int last) {
  const auto rotations = static_cast<std::size_t>(last - first + 1);
  const auto done = static_cast<std::size_t>(rotation - first);
  PrefetchColumns(next, Eye::kColumns * done / rotations, Eye::kColumns * (done + 1) / rotations);
}

}  // namespace irispair
