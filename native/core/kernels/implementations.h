// The kernels by instruction set, for either shape. Which of them exist depends on the target architecture.
#pragma once

#include "core/kernels/kernel.h"

namespace irispair {

template <typename Eye>
const BasicKernel<Eye>& ScalarKernel();

#if defined(__x86_64__)
template <typename Eye>
const BasicKernel<Eye>& Avx2Kernel();
template <typename Eye>
const BasicKernel<Eye>& Avx512Kernel();
#endif

#if defined(__aarch64__)
template <typename Eye>
const BasicKernel<Eye>& NeonKernel();
#endif

}  // namespace irispair
