#include "core/copy/eye_form.h"

#include "core/iris/template_check.h"

namespace irispair {

std::string EyeForm<EyePlanes>::FaultOfMask(std::span<const std::uint8_t, kMask> mask) {
  if (CheckMask(mask) != TemplateFault::kPartsDiffer) return "";
  return "masks the real and the imaginary part of a pixel differently";
}

}  // namespace irispair
