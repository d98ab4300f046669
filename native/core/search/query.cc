#include "core/search/query.h"

#include <string>

#include "core/iris/template_check.h"
#include "core/system/error.h"

namespace irispair {

template <typename Eye>
BasicQuery<Eye>::BasicQuery(const BothEyes<Eye>& iris) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    Eye mirrored;
    Mirror(iris[Index(Other(side))], mirrored);
    prepared_[0][Index(side)] = BasicPreparedEye<Eye>(iris[Index(side)]);
    prepared_[1][Index(side)] = BasicPreparedEye<Eye>(mirrored);
  }
}

template <typename Eye>
BothEyes<Eye> BasicQuery<Eye>::Iris() const {
  return {prepared_[0][0].Planes(), prepared_[0][1].Planes()};
}

template <typename Eye>
BothEyes<Eye> DecodeProbe(std::span<const std::uint8_t, kProbeBytes<Eye>> probe, std::size_t index) {
  constexpr std::size_t kCodeBytes = Eye::kCodeBytes;
  BothEyes<Eye> iris;
  for (std::size_t side = 0; side < kSides; ++side) {
    const auto eye = probe.subspan(side * 2 * kCodeBytes, 2 * kCodeBytes);
    const typename Eye::PackedCode code = eye.template first<kCodeBytes>();
    const typename Eye::PackedCode mask = eye.template last<kCodeBytes>();
    const TemplateFault fault = CheckMask<Eye>(mask);
    if (fault != TemplateFault::kNone) {
      const std::string field =
          "probes[" + std::to_string(index) + "]." + (side == 0 ? "left" : "right") + ".mask_codes: ";
      throw Error(
          ErrorCode::kInvalidArgument,
          field + (fault == TemplateFault::kPartsDiffer
                       ? "the real and the imaginary part of a pixel are masked differently: both must "
                         "carry the same bit"
                       : "fewer than " + std::to_string(kLeastUsableBits<Eye>) + " of " +
                             std::to_string(Eye::kCodeBits) + " bits are usable: capture the eye again"));
    }
    EncodeEye(code, mask, iris[side]);
  }
  return iris;
}

template class BasicQuery<EyePlanes>;
template class BasicQuery<WideEyePlanes>;
template BothEyes<EyePlanes> DecodeProbe<EyePlanes>(std::span<const std::uint8_t, kProbeBytes<EyePlanes>>,
                                                    std::size_t);
template BothEyes<WideEyePlanes> DecodeProbe<WideEyePlanes>(
    std::span<const std::uint8_t, kProbeBytes<WideEyePlanes>>, std::size_t);

}  // namespace irispair
