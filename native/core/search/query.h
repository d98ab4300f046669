// A probe uploaded once and compared many times: both eyes, as captured and mirrored.
#pragma once

#include <array>
#include <cstdint>

#include "core/gallery/gallery.h"
#include "core/iris/orientation.h"
#include "core/kernels/prepared_eye.h"
#include "core/search/query_table.h"
#include "core/search/search_terms.h"

namespace irispair {

template <typename Eye>
class BasicQuery {
 public:
  explicit BasicQuery(const BothEyes<Eye>& iris);

  // What is compared with the irises of `side`. Mirrored, that is the other eye: a flipped picture shows a
  // left eye as a right one.
  const BasicPreparedEye<Eye>& Against(Side side, Orientation orientation) const {
    return prepared_[static_cast<std::size_t>(orientation)][Index(side)];
  }

  // The iris as uploaded.
  BothEyes<Eye> Iris() const;

 private:
  std::array<std::array<BasicPreparedEye<Eye>, kSides>, 2> prepared_;
};

using Query = BasicQuery<EyePlanes>;
using Queries = QueryTable<Query>;

// Bytes of a probe as uploaded: left code, left mask, right code, right mask.
template <typename Eye>
inline constexpr std::size_t kProbeBytes = 2 * kSides* Eye::kCodeBytes;

// Checks and encodes one probe of a batch. Throws Error kInvalidArgument naming `probes[index]` and the
// field.
template <typename Eye>
BothEyes<Eye> DecodeProbe(std::span<const std::uint8_t, kProbeBytes<Eye>> probe, std::size_t index);

}  // namespace irispair
