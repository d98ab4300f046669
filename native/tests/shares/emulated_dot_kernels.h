// The dot-product kernels of instruction sets that this CPU need not have, compiled against an emulation of
// the instructions.
#pragma once

#include <vector>

#include "core/shares/dot_products.h"

namespace irispair {

std::vector<const DotKernel*> EmulatedDotKernels();

}  // namespace irispair
