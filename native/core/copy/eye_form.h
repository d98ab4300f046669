// What the code and the mask of one eye are in a table of irises, and how an eye is made of them: so many
// bytes each, in the form of the mode.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "core/iris/eye_planes.h"
#include "core/shares/share_record.h"

namespace irispair {

template <typename Eye>
struct EyeForm;

template <std::size_t columns>
struct EyeForm<BasicEyePlanes<columns>> {
  using Eye = BasicEyePlanes<columns>;
  static constexpr std::size_t kCode = Eye::kCodeBytes;
  static constexpr std::size_t kMask = Eye::kCodeBytes;

  // What is wrong with the mask of a stored eye; empty when nothing is. How many of its bits are usable was
  // checked when it was enrolled.
  static std::string FaultOfMask(std::span<const std::uint8_t, kMask> mask);
  static void Read(std::span<const std::uint8_t, kCode> code, std::span<const std::uint8_t, kMask> mask,
                   Eye& eye) {
    EncodeEye(code, mask, eye);
  }
};

// One party's share: any bytes of its length are one.
template <>
struct EyeForm<ShareRecord> {
  static constexpr std::size_t kCode = sizeof(ShareRecord::code);
  static constexpr std::size_t kMask = sizeof(ShareRecord::mask);

  static std::string FaultOfMask(std::span<const std::uint8_t, kMask>) { return ""; }
  static void Read(std::span<const std::uint8_t, kCode> code, std::span<const std::uint8_t, kMask> mask,
                   ShareRecord& eye) {
    std::memcpy(eye.code.data(), code.data(), kCode);
    std::memcpy(eye.mask.data(), mask.data(), kMask);
  }
};

}  // namespace irispair
