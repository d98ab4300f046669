#include "core/copy/eye_form.h"

#include "core/iris/template_check.h"

namespace irispair {

template <std::size_t columns>
std::string EyeForm<BasicEyePlanes<columns>>::FaultOfMask(std::span<const std::uint8_t, kMask> mask) {
  if (CheckMask<Eye>(mask) != TemplateFault::kPartsDiffer) return "";
  return "masks the real and the imaginary part of a pixel differently";
}

template struct EyeForm<EyePlanes>;
template struct EyeForm<WideEyePlanes>;

}  // namespace irispair
