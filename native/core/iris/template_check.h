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
inline constexpr std::size_t kLeastUsableBits = kCodeBits / 2;

TemplateFault CheckMask(PackedCode mask);

}  // namespace irispair
