// A probe uploaded once and compared many times: both eyes, as captured and mirrored.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/gallery/gallery.h"
#include "core/iris/orientation.h"
#include "core/kernels/prepared_eye.h"

namespace irispair {

class Query {
 public:
  explicit Query(const IrisPlanes& iris);

  // What is compared with the irises of `side`. Mirrored, that is the other eye: a flipped picture shows a
  // left eye as a right one.
  const PreparedEye& Against(Side side, Orientation orientation) const {
    return prepared_[static_cast<std::size_t>(orientation)][Index(side)];
  }

  // The iris as uploaded.
  IrisPlanes Iris() const;

 private:
  std::array<std::array<PreparedEye, kSides>, 2> prepared_;
};

using QueryHandle = std::uint64_t;

// The prepared queries by handle. Running work shares what it uses. Any thread.
class Queries {
 public:
  QueryHandle Add(std::shared_ptr<const Query> query);
  std::shared_ptr<const Query> Find(QueryHandle handle) const;
  void Release(QueryHandle handle);
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  QueryHandle next_ = 1;
  std::unordered_map<QueryHandle, std::shared_ptr<const Query>> queries_;
};

// Bytes of a probe as uploaded: left code, left mask, right code, right mask.
inline constexpr std::size_t kProbeBytes = 2 * kSides * kCodeBytes;

// Checks and encodes one probe of a batch. Throws Error kInvalidArgument naming `probes[index]` and the
// field.
IrisPlanes DecodeProbe(std::span<const std::uint8_t, kProbeBytes> probe, std::size_t index);

}  // namespace irispair
