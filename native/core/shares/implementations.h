// The dot-product kernels by instruction set. Which of them exist depends on the target architecture.
#pragma once

#include "core/shares/dot_products.h"

namespace irispair {

extern const DotKernel kScalarDotKernel;

#if defined(__x86_64__)
extern const DotKernel kAvx2DotKernel;
extern const DotKernel kAvx512DotKernel;
#endif

#if defined(__aarch64__)
extern const DotKernel kNeonDotKernel;
#endif

}  // namespace irispair
