#include "tests/kernels/emulated_kernels.h"

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#if !defined(__aarch64__)
#include <simde/arm/neon.h>
#endif

// The emulation is ordinary code: it needs no instruction set of its own.
#define IRISPAIR_AVX512
#include "core/kernels/avx512_count.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
#include "core/kernels/neon_count.h"

namespace irispair {

template <typename Eye>
std::vector<const BasicKernel<Eye>*> EmulatedKernels() {
  static const BasicKernel<Eye> avx512{"avx512 emulated", LeastOverRotations<Avx512Count<Eye>>,
                                       EachRotation<Avx512Count<Eye>>};
  static const BasicKernel<Eye> neon{"neon emulated", LeastOverRotations<NeonCount<Eye>>,
                                     EachRotation<NeonCount<Eye>>};
  return {&avx512, &neon};
}

template std::vector<const BasicKernel<EyePlanes>*> EmulatedKernels();
template std::vector<const BasicKernel<WideEyePlanes>*> EmulatedKernels();

}  // namespace irispair
