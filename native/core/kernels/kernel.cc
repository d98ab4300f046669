#include "core/kernels/kernel.h"

#include <algorithm>
#include <vector>

#include "core/kernels/implementations.h"

namespace irispair {
namespace {

template <typename Eye>
std::vector<const BasicKernel<Eye>*> Detect() {
  std::vector<const BasicKernel<Eye>*> kernels{&ScalarKernel<Eye>()};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) kernels.push_back(&Avx2Kernel<Eye>());
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vpopcntdq")) {
    kernels.push_back(&Avx512Kernel<Eye>());
  }
#endif
#if defined(__aarch64__)
  kernels.push_back(&NeonKernel<Eye>());
#endif
  return kernels;
}

}  // namespace

template <typename Eye>
std::span<const BasicKernel<Eye>* const> AvailableKernels() {
  static const std::vector<const BasicKernel<Eye>*> kernels = Detect<Eye>();
  return kernels;
}

template <typename Eye>
const BasicKernel<Eye>& BestKernel() {
  return *AvailableKernels<Eye>().back();
}

template <typename Eye>
const BasicKernel<Eye>* FindKernel(std::string_view name) {
  const auto kernels = AvailableKernels<Eye>();
  const auto found =
      std::ranges::find_if(kernels, [name](const BasicKernel<Eye>* kernel) { return kernel->name == name; });
  return found == kernels.end() ? nullptr : *found;
}

template std::span<const BasicKernel<EyePlanes>* const> AvailableKernels();
template std::span<const BasicKernel<WideEyePlanes>* const> AvailableKernels();
template const BasicKernel<EyePlanes>& BestKernel();
template const BasicKernel<WideEyePlanes>& BestKernel();
template const BasicKernel<EyePlanes>* FindKernel(std::string_view);
template const BasicKernel<WideEyePlanes>* FindKernel(std::string_view);

}  // namespace irispair
