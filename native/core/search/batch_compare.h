// The queries of one batch against each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/kernels/kernel.h"
#include "core/search/query.h"

namespace irispair {

// Match bits of query i with all later ones, one byte each. Bit 0: left matches left; bit 1: right matches
// right; bit 2: the later one's mirrored right eye matches i's left; bit 3: its mirrored left eye matches i's
// right.
template <typename Eye>
std::vector<std::uint8_t> MatchBitsWithLater(std::span<const std::shared_ptr<const BasicQuery<Eye>>> queries,
                                             std::size_t i, RotationWindow window, std::uint32_t match_limit,
                                             const BasicKernel<Eye>& kernel);

}  // namespace irispair
