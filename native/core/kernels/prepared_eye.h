// A probe ready to be compared at every rotation.
//
// Each plane is kept with its columns wrapped, from -15 to 15 past the last, so that the probe rolled by any
// shift of -15..15 is a plain run of words: rolled[c] = probe[(c - shift) mod columns]. 2.8 KiB at 200
// columns and 3.4 KiB at 256, which stay in the first-level cache.
#pragma once

#include <array>
#include <cstdint>

#include "core/iris/eye_planes.h"

namespace irispair {

// Farthest rotation, in columns to either side.
inline constexpr int kFarthestRotation = 15;

template <typename Eye>
class alignas(64) BasicPreparedEye {
 public:
  BasicPreparedEye() = default;
  explicit BasicPreparedEye(const Eye& eye);

  // The plane's words, one a column, as seen after rolling the columns right by `rotation`, -15..15.
  const std::uint32_t* Real(int rotation) const { return real_.data() + Offset(rotation); }
  const std::uint32_t* Imaginary(int rotation) const { return imaginary_.data() + Offset(rotation); }
  const std::uint32_t* Mask(int rotation) const { return mask_.data() + Offset(rotation); }

  // The eye it was prepared from.
  Eye Planes() const;

 private:
  static constexpr std::size_t kWrapped = Eye::kColumns + 2 * kFarthestRotation;
  // Rounded up to whole cache lines.
  using WrappedPlane = std::array<std::uint32_t, (kWrapped + 15) / 16 * 16>;

  static std::ptrdiff_t Offset(int rotation) { return kFarthestRotation - rotation; }

  WrappedPlane real_{};
  WrappedPlane imaginary_{};
  WrappedPlane mask_{};
};

using PreparedEye = BasicPreparedEye<EyePlanes>;

}  // namespace irispair
