// One party's share of an eye, as tables, stores and arenas hold it: 12,800 elements of Z_2^16 for the code,
// then 6,400 for the mask, whose parts are alike. Little-endian.
//
// Elements lie in the order (part, wavelet, row mod 4, column, row div 4): rows of 800 elements, 200 columns
// of 4. The 4 elements of a column are the coefficients of one element of the Galois ring. Shares are of
// codes of 200 columns alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/iris/eye_planes.h"
#include "core/pool/worker_pools.h"

namespace irispair {

inline constexpr std::size_t kShareParties = 3;

// What is shared.
using SharedEye = EyePlanes;
inline constexpr std::size_t kShareColumns = SharedEye::kColumns;

inline constexpr std::size_t kCodeElements = SharedEye::kCodeBits;
inline constexpr std::size_t kMaskElements = SharedEye::kCodeBits / 2;
inline constexpr std::size_t kEyeElements = kCodeElements + kMaskElements;

inline constexpr std::size_t kElementsInColumn = 4;
inline constexpr std::size_t kElementsInRow = kShareColumns * kElementsInColumn;
inline constexpr std::size_t kCodeShareRows = kCodeElements / kElementsInRow;
inline constexpr std::size_t kMaskShareRows = kMaskElements / kElementsInRow;

struct ShareRecord {
  std::array<std::uint16_t, kCodeElements> code;
  std::array<std::uint16_t, kMaskElements> mask;

  friend bool operator==(const ShareRecord&, const ShareRecord&) = default;
};

// Bytes of one party's share of an eye, and of both eyes.
inline constexpr std::size_t kShareBytes = sizeof(std::uint16_t) * kEyeElements;
inline constexpr std::size_t kIrisShareBytes = kSides * kShareBytes;
static_assert(sizeof(ShareRecord) == kShareBytes && kShareBytes == 38'400);

// Both eyes, left first.
using IrisShares = std::array<ShareRecord, kSides>;

// A record of any bytes of its length: every element is a valid share. Throws Error kInvalidArgument naming
// `field` and the length expected.
ShareRecord ToShareRecord(std::span<const std::uint8_t> bytes, const std::string& field);

// The same for both eyes, left first.
IrisShares ToIrisShares(std::span<const std::uint8_t> bytes, const std::string& field);

}  // namespace irispair
