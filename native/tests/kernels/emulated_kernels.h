// The kernels of instruction sets that this CPU need not have, compiled against an emulation of the
// instructions.
#pragma once

#include <vector>

#include "core/kernels/kernel.h"

namespace irispair {

template <typename Eye>
std::vector<const BasicKernel<Eye>*> EmulatedKernels();

}  // namespace irispair
