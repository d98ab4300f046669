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

std::vector<const Kernel*> EmulatedKernels() {
  static const Kernel avx512{"avx512 emulated", LeastOverRotations<Avx512Count>, EachRotation<Avx512Count>};
  static const Kernel neon{"neon emulated", LeastOverRotations<NeonCount>, EachRotation<NeonCount>};
  return {&avx512, &neon};
}

}  // namespace irispair
