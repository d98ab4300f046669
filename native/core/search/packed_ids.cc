#include "core/search/packed_ids.h"

#include <cstring>
#include <string>

#include "core/system/error.h"

namespace irispair {

std::vector<StoredId> UnpackIds(std::span<const std::uint8_t> packed) {
  static_assert(sizeof(StoredId) == 8);
  if (packed.size() % sizeof(StoredId) != 0) {
    throw Error(ErrorCode::kInvalidArgument, "candidates: " + std::to_string(packed.size()) +
                                                 " bytes do not hold whole VectorIds: send 8 bytes for each");
  }
  std::vector<StoredId> ids(packed.size() / sizeof(StoredId));
  if (!ids.empty()) std::memcpy(ids.data(), packed.data(), packed.size());
  return ids;
}

}  // namespace irispair
