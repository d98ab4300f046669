// Shares of made-up eyes.
#pragma once

#include <cstring>
#include <random>

#include "core/shares/sharing.h"
#include "tests/kernels/naive.h"

namespace irispair {

inline std::vector<std::uint8_t> RandomBytes(std::mt19937_64& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// Any bytes are a share.
inline ShareRecord RandomShare(std::mt19937_64& random) {
  return ToShareRecord(RandomBytes(random, kShareBytes), "share");
}

inline std::array<ShareRecord, kShareParties> Shared(const naive::Template& eye, std::mt19937_64& random) {
  const auto randomness = RandomBytes(random, kSharingRandomBytes);
  return ShareEye(EncodeTemplate(SharedEye::PackedCode(eye.code), SharedEye::PackedCode(eye.mask)),
                  std::span<const std::uint8_t, kSharingRandomBytes>(randomness));
}

}  // namespace irispair
