// A template as elements of Z_2^16, whose dot products are the counts that a distance is made of: of two
// codes (equal - differing) bits, of two masks the bits unmasked in both.
#pragma once

#include "core/shares/share_record.h"

namespace irispair {

// In the order of a share record: code elements 0 where masked, else 1 for a bit 0 and -1 for a bit 1; mask
// elements 1 where usable.
struct EncodedEye {
  std::array<std::uint16_t, kCodeElements> code;
  std::array<std::uint16_t, kMaskElements> mask;

  friend bool operator==(const EncodedEye&, const EncodedEye&) = default;
};

// The mask of a pixel's real part is taken for both parts; CheckMask says whether they agree.
EncodedEye EncodeTemplate(SharedEye::PackedCode code, SharedEye::PackedCode mask);

// The packed template, with code bits 0 where masked. False when some element is none of an encoding: shares
// of different eyes were recombined.
bool DecodeTemplate(const EncodedEye& eye, SharedEye::MutablePackedCode code,
                    SharedEye::MutablePackedCode mask);

}  // namespace irispair
