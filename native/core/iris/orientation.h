// Whether a probe is compared as captured or as its mirrored picture shows it.
#pragma once

#include <cstdint>

namespace irispair {

enum class Orientation : std::uint8_t { kNormal = 0, kMirror = 1 };

}  // namespace irispair
