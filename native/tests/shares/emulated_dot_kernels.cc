#include "tests/shares/emulated_dot_kernels.h"

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#if defined(__aarch64__)
#include <arm_neon.h>
#else
#include <simde/arm/neon.h>
#endif

// The emulation is ordinary code: it needs no instruction set of its own.
#define IRISPAIR_EMULATED
#define IRISPAIR_DOTS
#define IRISPAIR_DOTS_INLINE inline
#include "core/shares/avx2_dots.h"
#include "core/shares/avx512_dots.h"
#include "core/shares/neon_dots.h"

namespace irispair {

std::vector<const DotKernel*> EmulatedDotKernels() {
  static const DotKernel avx2{"avx2 emulated", HankelDots<Avx2Vectors>::Dots};
  static const DotKernel avx512{"avx512 emulated", HankelDots<Avx512Vectors>::Dots};
  static const DotKernel neon{"neon emulated", HankelDots<NeonVectors>::Dots};
  return {&avx2, &avx512, &neon};
}

}  // namespace irispair
