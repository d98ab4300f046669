#include "core/shares/share_query.h"

#include "core/shares/galois_ring.h"

namespace irispair {
namespace {

// Of each party, at 0, for polynomials of degree 2 through the points 1, x, x + 1.
constexpr std::array<GaloisElement, kShareParties> kLagrange{{
    {1, 2, 2, 2},
    {65535, 65534, 65534, 65534},
    {1, 0, 0, 0},
}};

// From coefficients to the basis dual to the stored one: (S S)^-1.
constexpr GaloisMatrix kToDualBasis{{
    {16038, 45700, 28361, 37176},
    {45700, 28361, 37176, 61738},
    {28361, 37176, 61738, 8525},
    {37176, 61738, 8525, 1},
}};

constexpr std::size_t MirroredColumn(std::size_t column) {
  constexpr std::size_t kHalf = kShareColumns / 2;
  return column < kHalf ? kHalf - 1 - column : kShareColumns + kHalf - 1 - column;
}

// Rows of the code that hold imaginary parts, which a mirrored picture inverts.
constexpr bool IsImaginary(std::size_t row) { return row >= kCodeShareRows / 2 && row < kCodeShareRows; }

GaloisElement Scaled(const GaloisElement& element, std::uint16_t factor) {
  GaloisElement scaled;
  for (std::size_t index = 0; index < scaled.size(); ++index) {
    scaled[index] = static_cast<std::uint16_t>(std::uint32_t{element[index]} * factor);
  }
  return scaled;
}

}  // namespace

PreparedShare::PreparedShare(const ShareRecord& share, std::size_t party, Orientation orientation) {
  const bool mirrored = orientation == Orientation::kMirror;
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::uint16_t* stored = row < kCodeShareRows ? &share.code[row * kElementsInRow]
                                                       : &share.mask[(row - kCodeShareRows) * kElementsInRow];
    const std::uint16_t factor = row >= kCodeShareRows ? 2 : mirrored && IsImaginary(row) ? 65535 : 1;
    const GaloisElement coefficient = Scaled(kLagrange[party], factor);
    std::uint16_t* wrapped = rows_[row].data();
    for (std::size_t column = 0; column < kShareColumns; ++column) {
      const std::size_t from = mirrored ? MirroredColumn(column) : column;
      GaloisElement element;
      std::copy_n(stored + from * kElementsInColumn, kElementsInColumn, element.begin());
      const GaloisElement prepared = Apply(kToDualBasis, Multiply(coefficient, element));
      std::copy_n(prepared.begin(), kElementsInColumn,
                  wrapped + (column + kFarthestRotation) * kElementsInColumn);
    }
    constexpr std::size_t kMargin = kFarthestRotation * kElementsInColumn;
    std::copy_n(wrapped + kElementsInRow, kMargin, wrapped);
    std::copy_n(wrapped + kMargin, kMargin, wrapped + kElementsInRow + kMargin);
  }
}

ShareQuery::ShareQuery(const IrisShares& iris, std::size_t party) : iris_(iris) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    prepared_[0][Index(side)] = PreparedShare(iris[Index(side)], party, Orientation::kNormal);
    prepared_[1][Index(side)] = PreparedShare(iris[Index(Other(side))], party, Orientation::kMirror);
  }
}

}  // namespace irispair
