// Shamir sharing of degree 1 over the Galois ring: party i holds s + r p_i for p = 1, x, x + 1 and a uniform
// r, which says nothing about s. Two parties together know s.
#pragma once

#include "core/shares/template_encoding.h"

namespace irispair {

// Uniform bytes that sharing one eye takes.
inline constexpr std::size_t kSharingRandomBytes = kShareBytes;

// The three parties' shares. The randomness must be used for nothing else.
std::array<ShareRecord, kShareParties> ShareEye(
    const EncodedEye& eye, std::span<const std::uint8_t, kSharingRandomBytes> randomness);

// The eye that two different parties hold shares of; anything at all when the shares are of different eyes.
EncodedEye RecombineEye(std::size_t first_party, const ShareRecord& first, std::size_t second_party,
                        const ShareRecord& second);

}  // namespace irispair
