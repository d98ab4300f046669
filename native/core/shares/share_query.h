// One party's share of a probe, ready for dot products with stored shares at every rotation.
//
// The plain dot product of a prepared share with a stored one is the party's additive share of the dot
// product of the two encodings mod 2^16. To that end a share is multiplied by the party's Lagrange
// coefficient and taken to the basis dual to the stored one. Each row is kept with its columns wrapped,
// -15..214, so that the probe rolled by any shift of -15..15 is a plain run of 800 elements. Mask elements
// are doubled: a stored mask has only one of the two parts.
#pragma once

#include <array>
#include <cstdint>

#include "core/iris/orientation.h"
#include "core/kernels/prepared_eye.h"
#include "core/shares/share_record.h"

namespace irispair {

class alignas(64) PreparedShare {
 public:
  static constexpr std::size_t kRows = kCodeShareRows + kMaskShareRows;
  static constexpr std::size_t kWrappedColumns = kShareColumns + 2 * kFarthestRotation;

  PreparedShare() = default;
  // Party 0..2; its share of the eye.
  PreparedShare(const ShareRecord& share, std::size_t party, Orientation orientation);

  // Columns -15..214 of a row: those of the code, then those of the mask.
  std::span<const std::uint16_t, kWrappedColumns * kElementsInColumn> Row(std::size_t row) const {
    return std::span(rows_[row]).first<kWrappedColumns * kElementsInColumn>();
  }

  // Where the run of a rotation begins in a row: rolled[c] = probe[(c - rotation) mod 200].
  static constexpr std::size_t Offset(int rotation) {
    return static_cast<std::size_t>(kFarthestRotation - rotation) * kElementsInColumn;
  }

 private:
  // Rounded up to whole cache lines.
  using Wrapped = std::array<std::uint16_t, (kWrappedColumns * kElementsInColumn + 31) / 32 * 32>;

  std::array<Wrapped, kRows> rows_{};
};

class ShareQuery {
 public:
  // Party 0..2; its shares of both eyes.
  ShareQuery(const IrisShares& iris, std::size_t party);

  // What is compared with the irises of `side`. Mirrored, that is the other eye: a flipped picture shows a
  // left eye as a right one.
  const PreparedShare& Against(Side side, Orientation orientation) const {
    return prepared_[static_cast<std::size_t>(orientation)][Index(side)];
  }

  // The shares as uploaded.
  const IrisShares& Iris() const { return iris_; }

 private:
  IrisShares iris_;
  std::array<std::array<PreparedShare, kSides>, 2> prepared_;
};

}  // namespace irispair
