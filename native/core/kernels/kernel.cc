#include "core/kernels/kernel.h"

#include <algorithm>
#include <vector>

#include "core/kernels/implementations.h"

namespace irispair {
namespace {

std::vector<const Kernel*> Detect() {
  std::vector<const Kernel*> kernels{&kScalarKernel};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) kernels.push_back(&kAvx2Kernel);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vpopcntdq")) {
    kernels.push_back(&kAvx512Kernel);
  }
#endif
#if defined(__aarch64__)
  kernels.push_back(&kNeonKernel);
#endif
  return kernels;
}

}  // namespace

std::span<const Kernel* const> AvailableKernels() {
  static const std::vector<const Kernel*> kernels = Detect();
  return kernels;
}

const Kernel& BestKernel() { return *AvailableKernels().back(); }

const Kernel* FindKernel(std::string_view name) {
  const auto kernels = AvailableKernels();
  const auto found =
      std::ranges::find_if(kernels, [name](const Kernel* kernel) { return kernel->name == name; });
  return found == kernels.end() ? nullptr : *found;
}

}  // namespace irispair
