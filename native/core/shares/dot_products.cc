#include "core/shares/dot_products.h"

#include <algorithm>
#include <vector>

#include "core/shares/implementations.h"

namespace irispair {
namespace {

std::vector<const DotKernel*> Detect() {
  std::vector<const DotKernel*> kernels{&kScalarDotKernel};
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
