// Whether a template from outside may be used.
#pragma once

#include "core/iris/eye_planes.h"

namespace irispair {

enum class TemplateFault {
  kNone,
  // Some pixel's real and imaginary part are masked differently.
  kPartsDiffer,
  // Fewer than half of the bits are usable.
  kTooFewUsable,
};

// Fewest usable bits: with less, two masks may share no bit and the order of candidates is lost.
template <typename Eye>
inline constexpr std::size_t kLeastUsableBits = Eye::kCodeBits / 2;

template <typename Eye>
TemplateFault CheckMask(typename Eye::PackedCode mask);

}  // namespace irispair
