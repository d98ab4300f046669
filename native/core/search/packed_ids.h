// VectorIds as they come over the wire: 8 bytes each, serial id and version, little-endian.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/search/search_terms.h"

namespace irispair {

// Copies them out, whatever their alignment. Throws Error kInvalidArgument naming `candidates` when the bytes
// do not hold whole ids.
std::vector<StoredId> UnpackIds(std::span<const std::uint8_t> packed);

}  // namespace irispair
