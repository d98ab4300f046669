// The kernels by instruction set. Which of them exist depends on the target architecture.
#pragma once

#include "core/kernels/kernel.h"

namespace irispair {

extern const Kernel kScalarKernel;

#if defined(__x86_64__)
extern const Kernel kAvx2Kernel;
extern const Kernel kAvx512Kernel;
#endif

#if defined(__aarch64__)
extern const Kernel kNeonKernel;
#endif

}  // namespace irispair
