// What the dot-product kernels are held against: a loop over rows, for a query rotated beforehand.
#pragma once

#include <span>
#include <vector>

#include "core/shares/dot_products.h"

namespace irispair {

// The prepared share at every rotation of the window, each as one run of code and mask elements.
std::vector<std::uint16_t> Rotated(const PreparedShare& query, RotationWindow window);

// Dot products of every candidate with each rotation, by candidate, then by rotation.
void StraightforwardDots(std::span<const std::uint16_t> rotated,
                         std::span<const ShareRecord* const> candidates, std::span<std::uint16_t> code_dots,
                         std::span<std::uint16_t> mask_dots);

}  // namespace irispair
