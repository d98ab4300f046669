// Uploaded probes: refused by a sentence that names the eye, or prepared bit for bit, and then comparable at
// every rotation by every kernel alike, in either shape.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "core/iris/template_check.h"
#include "core/kernels/kernel.h"
#include "core/search/query.h"
#include "core/system/error.h"
#include "fuzz/input.h"

using irispair::fuzz::Require;

namespace {

constexpr std::array<const char*, irispair::kSides> kNames{"left", "right"};

template <typename Eye>
std::string ExpectedRefusal(const std::vector<std::uint8_t>& probe) {
  for (std::size_t side = 0; side < irispair::kSides; ++side) {
    const std::span mask(probe.data() + (2 * side + 1) * Eye::kCodeBytes, Eye::kCodeBytes);
    if (irispair::CheckMask<Eye>(typename Eye::PackedCode(mask)) != irispair::TemplateFault::kNone) {
      return std::string("probes[3].") + kNames[side] + ".mask_codes: ";
    }
  }
  return "";
}

template <typename Eye>
void CompareEverywhere(const irispair::BasicQuery<Eye>& query, const Eye& candidate) {
  constexpr irispair::RotationWindow kAll{0, irispair::kFarthestRotation};
  for (const auto orientation : {irispair::Orientation::kNormal, irispair::Orientation::kMirror}) {
    const irispair::BasicPreparedEye<Eye>& probe = query.Against(irispair::Side::kLeft, orientation);
    std::array<irispair::Distance, 2 * irispair::kFarthestRotation + 1> expected;
    irispair::AvailableKernels<Eye>().front()->each(probe, kAll, candidate, expected);
    for (const irispair::Distance& distance : expected) {
      Require(distance.differing <= distance.unmasked && distance.unmasked <= Eye::kCodeBits);
    }
    for (const irispair::BasicKernel<Eye>* kernel : irispair::AvailableKernels<Eye>()) {
      std::array<irispair::Distance, expected.size()> each;
      kernel->each(probe, kAll, candidate, each);
      Require(each == expected);
    }
  }
}

template <typename Eye>
void Check(irispair::fuzz::Input input) {
  constexpr std::size_t kProbeBytes = irispair::kProbeBytes<Eye>;
  std::vector<std::uint8_t> probe;
  for (std::size_t side = 0; side < irispair::kSides; ++side) {
    const auto code = input.Repeat(Eye::kCodeBytes);
    auto mask = input.Repeat(Eye::kCodeBytes);
    if (input.Byte() % 4 != 0) {
      // Both parts of a pixel alike, which chance would hardly bring about.
      for (std::uint8_t& byte : mask) byte = static_cast<std::uint8_t>((byte & 0xaa) | (byte & 0xaa) >> 1);
    }
    probe.insert(probe.end(), code.begin(), code.end());
    probe.insert(probe.end(), mask.begin(), mask.end());
  }
  const std::string refusal = ExpectedRefusal<Eye>(probe);
  try {
    const irispair::BasicQuery<Eye> query(
        irispair::DecodeProbe<Eye>(std::span<const std::uint8_t, kProbeBytes>(probe), 3));
    Require(refusal.empty());
    const irispair::BothEyes<Eye> iris = query.Iris();
    std::vector<std::uint8_t> again(kProbeBytes);
    for (std::size_t side = 0; side < irispair::kSides; ++side) {
      const auto eye = std::span(again).subspan(side * 2 * Eye::kCodeBytes, 2 * Eye::kCodeBytes);
      irispair::DecodeEye(iris[side], eye.template first<Eye::kCodeBytes>(),
                          eye.template last<Eye::kCodeBytes>());
    }
    Require(again == probe);
    const auto stored = input.Repeat(sizeof(Eye));
    Eye candidate;
    std::memcpy(&candidate, stored.data(), sizeof(candidate));
    CompareEverywhere(query, candidate);
  } catch (const irispair::Error& error) {
    Require(error.code() == irispair::ErrorCode::kInvalidArgument);
    Require(!refusal.empty() && std::string(error.what()).starts_with(refusal));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const irispair::fuzz::Input input(data, size);
  Check<irispair::EyePlanes>(input);
  Check<irispair::WideEyePlanes>(input);
  return 0;
}
