// The dot-product kernels by instruction set. Which of them exist depends on the target architecture.
#pragma once

#include "core/shares/dot_products.h"

namespace irispair {

extern const DotKernel kScalarDotKernel;

}  // namespace irispair
