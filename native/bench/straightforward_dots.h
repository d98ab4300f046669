// What the dot-product kernels are held against: a loop over rows, for a query rotated beforehand.
#pragma once

#include <span>

#include "core/shares/share_record.h"

namespace irispair {

// Dot products of every candidate with each rotation, by candidate, then by rotation. Built for exactly this
// CPU. rotated: the query at each rotation, each as one run of code and mask elements.
void StraightforwardDots(std::span<const std::uint16_t> rotated,
                         std::span<const ShareRecord* const> candidates, std::span<std::uint16_t> code_dots,
                         std::span<std::uint16_t> mask_dots);

#if defined(__x86_64__)
// The same, built for CPUs that have AVX2 and no AVX-512.
void StraightforwardDotsForAvx2(std::span<const std::uint16_t> rotated,
                                std::span<const ShareRecord* const> candidates,
                                std::span<std::uint16_t> code_dots, std::span<std::uint16_t> mask_dots);
#endif

}  // namespace irispair
