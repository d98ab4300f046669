#include "core/search/query.h"

#include <string>

#include "core/iris/template_check.h"
#include "core/system/error.h"

namespace irispair {

Query::Query(const IrisPlanes& iris) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    EyePlanes mirrored;
    Mirror(iris[Index(Other(side))], mirrored);
    prepared_[0][Index(side)] = PreparedEye(iris[Index(side)]);
    prepared_[1][Index(side)] = PreparedEye(mirrored);
  }
}

IrisPlanes Query::Iris() const { return {prepared_[0][0].Planes(), prepared_[0][1].Planes()}; }

IrisPlanes DecodeProbe(std::span<const std::uint8_t, kProbeBytes> probe, std::size_t index) {
  IrisPlanes iris;
  for (std::size_t side = 0; side < kSides; ++side) {
    const auto eye = probe.subspan(side * 2 * kCodeBytes, 2 * kCodeBytes);
    const PackedCode code = eye.first<kCodeBytes>();
    const PackedCode mask = eye.last<kCodeBytes>();
    const TemplateFault fault = CheckMask(mask);
    if (fault != TemplateFault::kNone) {
      const std::string field =
          "probes[" + std::to_string(index) + "]." + (side == 0 ? "left" : "right") + ".mask_codes: ";
      throw Error(
          ErrorCode::kInvalidArgument,
          field + (fault == TemplateFault::kPartsDiffer
                       ? "the real and the imaginary part of a pixel are masked differently: both must "
                         "carry the same bit"
                       : "fewer than 6400 of 12800 bits are usable: capture the eye again"));
    }
    EncodeEye(code, mask, iris[side]);
  }
  return iris;
}

}  // namespace irispair
