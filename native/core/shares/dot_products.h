// Dot products of prepared shares with stored ones at every rotation of a window: one interface, an
// implementation for each instruction set, chosen at run time. All of them give the same elements of Z_2^16.
#pragma once

#include <span>
#include <string_view>

#include "core/kernels/distance.h"
#include "core/shares/share_query.h"

namespace irispair {

struct DotKernel {
  const char* name;

  // The party's additive shares of the code and mask dot products of every query with every candidate. Both
  // outputs have queries.size() * candidates.size() * window.Size() elements: by query, then by candidate,
  // then by rotation, ascending. The candidates' memory is read once for all queries.
  void (*dots)(std::span<const PreparedShare* const> queries, RotationWindow window,
               std::span<const ShareRecord* const> candidates, std::span<std::uint16_t> code_dots,
               std::span<std::uint16_t> mask_dots);
};

// The kernels that this CPU runs, slowest first; the first is the portable one.
std::span<const DotKernel* const> AvailableDotKernels();

// The fastest of them.
const DotKernel& BestDotKernel();

// An available kernel by its name, or null. The names are those of the kernels in core/kernels.
const DotKernel* FindDotKernel(std::string_view name);

}  // namespace irispair
