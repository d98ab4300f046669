#include "core/shares/dot_products.h"

#include <algorithm>
#include <vector>

#include "core/shares/implementations.h"

namespace irispair {
namespace {

std::vector<const DotKernel*> Detect() {
  std::vector<const DotKernel*> kernels{&kScalarDotKernel};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) kernels.push_back(&kAvx2DotKernel);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni")) {
    kernels.push_back(&kAvx512DotKernel);
  }
#endif
#if defined(__aarch64__)
  kernels.push_back(&kNeonDotKernel);
#endif
  return kernels;
}

}  // namespace

std::span<const DotKernel* const> AvailableDotKernels() {
  static const std::vector<const DotKernel*> kernels = Detect();
  return kernels;
}

const DotKernel& BestDotKernel() { return *AvailableDotKernels().back(); }

const DotKernel* FindDotKernel(std::string_view name) {
  const auto kernels = AvailableDotKernels();
  const auto found =
      std::ranges::find_if(kernels, [name](const DotKernel* kernel) { return kernel->name == name; });
  return found == kernels.end() ? nullptr : *found;
}

}  // namespace irispair
