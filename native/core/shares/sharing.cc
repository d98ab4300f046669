#include "core/shares/sharing.h"

#include <algorithm>
#include <cstring>

#include "core/shares/galois_ring.h"

namespace irispair {
namespace {

// From the basis of stored encodings to coefficients, and back.
constexpr GaloisMatrix kToCoefficients{{
    {1, 0, 0, 0},
    {58082, 1, 0, 0},
    {60579, 25194, 1, 0},
    {17325, 51956, 57011, 1},
}};

// kToCoefficients is lower triangular with ones on the diagonal: its inverse comes by forward substitution.
constexpr GaloisMatrix InverseOfLowerTriangular(const GaloisMatrix& matrix) {
  GaloisMatrix inverse{};
  for (std::size_t column = 0; column < inverse.size(); ++column) {
    for (std::size_t row = 0; row < inverse.size(); ++row) {
      std::uint32_t sum = row == column ? 1 : 0;
      for (std::size_t index = 0; index < row; ++index) {
        sum -= std::uint32_t{matrix[row][index]} * inverse[index][column];
      }
      inverse[row][column] = static_cast<std::uint16_t>(sum);
    }
  }
  return inverse;
}

constexpr GaloisMatrix kFromCoefficients = InverseOfLowerTriangular(kToCoefficients);

constexpr GaloisElement kOne{1, 0, 0, 0};
constexpr std::array<GaloisElement, kShareParties> kPoints{{kOne, {0, 1, 0, 0}, {1, 1, 0, 0}}};

// Of the differences p_1 - p_0 = x - 1, p_2 - p_0 = x and p_2 - p_1 = 1.
constexpr GaloisElement InverseOfDifference(std::size_t lower, std::size_t higher) {
  if (lower == 1) return kOne;
  return higher == 1 ? GaloisElement{0, 1, 1, 1} : GaloisElement{65535, 0, 0, 1};
}

constexpr bool InversesHold() {
  for (std::size_t lower = 0; lower < kShareParties; ++lower) {
    for (std::size_t higher = lower + 1; higher < kShareParties; ++higher) {
      const GaloisElement difference = Subtract(kPoints[higher], kPoints[lower]);
      if (Multiply(difference, InverseOfDifference(lower, higher)) != kOne) return false;
    }
  }
  return true;
}
static_assert(InversesHold());

// Code and mask alike are runs of ring elements.
template <typename Element, std::size_t size>
GaloisElement ElementAt(const std::array<Element, size>& elements, std::size_t index) {
  GaloisElement element;
  std::copy_n(elements.begin() + static_cast<std::ptrdiff_t>(index), element.size(), element.begin());
  return element;
}

template <std::size_t size>
void SetElement(std::array<std::uint16_t, size>& elements, std::size_t index, const GaloisElement& element) {
  std::ranges::copy(element, elements.begin() + static_cast<std::ptrdiff_t>(index));
}

template <std::size_t size, typename Destination>
void ShareElements(const std::array<std::uint16_t, size>& secret, const std::uint8_t* randomness,
                   Destination destination) {
  for (std::size_t index = 0; index < size; index += kElementsInColumn) {
    GaloisElement random;
    std::memcpy(random.data(), randomness + index * sizeof(std::uint16_t), sizeof(random));
    const GaloisElement constant = Apply(kToCoefficients, ElementAt(secret, index));
    for (std::size_t party = 0; party < kShareParties; ++party) {
      SetElement(destination(party), index, Add(constant, Multiply(random, kPoints[party])));
    }
  }
}

template <std::size_t size>
void RecombineElements(std::size_t first_party, const std::array<std::uint16_t, size>& first,
                       std::size_t second_party, const std::array<std::uint16_t, size>& second,
                       std::array<std::uint16_t, size>& secret) {
  if (first_party > second_party) {
    return RecombineElements(second_party, second, first_party, first, secret);
  }
  // The line through both points, at 0: (second p_first - first p_second) / (p_first - p_second), signs
  // turned.
  const GaloisElement inverse = InverseOfDifference(first_party, second_party);
  const GaloisElement first_factor = Multiply(inverse, kPoints[second_party]);
  const GaloisElement second_factor = Multiply(inverse, kPoints[first_party]);
  for (std::size_t index = 0; index < size; index += kElementsInColumn) {
    const GaloisElement constant = Subtract(Multiply(ElementAt(first, index), first_factor),
                                            Multiply(ElementAt(second, index), second_factor));
    SetElement(secret, index, Apply(kFromCoefficients, constant));
  }
}

}  // namespace

std::array<ShareRecord, kShareParties> ShareEye(
    const EncodedEye& eye, std::span<const std::uint8_t, kSharingRandomBytes> randomness) {
  std::array<ShareRecord, kShareParties> shares;
  ShareElements(
      eye.code, randomness.data(), [&shares](std::size_t party) -> auto& { return shares[party].code; });
  ShareElements(
      eye.mask, randomness.data() + sizeof(eye.code), [&shares](std::size_t party) -> auto& {
        return shares[party].mask;
      });
  return shares;
}

EncodedEye RecombineEye(std::size_t first_party, const ShareRecord& first, std::size_t second_party,
                        const ShareRecord& second) {
  EncodedEye eye;
  RecombineElements(first_party, first.code, second_party, second.code, eye.code);
  RecombineElements(first_party, first.mask, second_party, second.mask, eye.mask);
  return eye;
}

}  // namespace irispair
