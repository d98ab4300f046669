#include "addon/compare_addon.h"

#include <cstring>

#include "addon/conversions.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

EyePlanes ToEye(const Napi::Value& code, const Napi::Value& mask) {
  const auto code_bytes = ToBytes(code, "iris_codes");
  const auto mask_bytes = ToBytes(mask, "mask_codes");
  if (code_bytes.size() != kCodeBytes || mask_bytes.size() != kCodeBytes) {
    throw Error(ErrorCode::kInvalidArgument,
                "a template is " + std::to_string(kCodeBytes) + " bytes of code and of mask");
  }
  EyePlanes eye;
  EncodeEye(PackedCode(code_bytes), PackedCode(mask_bytes), eye);
  return eye;
}

// compareEyes(kernel, mirror, probeCode, probeMask, galleryCode, galleryMask): Distance of every rotation,
// packed.
Napi::Value CompareEyes(const Napi::CallbackInfo& info) {
  try {
    const std::string name = ToText(info[0], "kernel");
    const Kernel* kernel = FindKernel(name);
    if (kernel == nullptr) throw Error(ErrorCode::kInvalidArgument, "kernel: this CPU does not run " + name);
    EyePlanes probe = ToEye(info[2], info[3]);
    if (ToSwitch(info[1], "mirror")) {
      const EyePlanes captured = probe;
      Mirror(captured, probe);
    }
    constexpr RotationWindow kAll{0, kFarthestRotation};
    std::vector<Distance> each(static_cast<std::size_t>(kAll.Size()));
    kernel->each(PreparedEye(probe), kAll, ToEye(info[4], info[5]), each);
    return ToBuffer(info.Env(), each);
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// availableKernels(): names, slowest first.
Napi::Value AvailableKernelNames(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const Kernel* kernel : AvailableKernels()) names.Set(names.Length(), kernel->name);
  return names;
}

// encodeRecord(left code, left mask, right code, right mask): the record of both eyes.
Napi::Value EncodeRecord(const Napi::CallbackInfo& info) {
  try {
    return ToBuffer(info.Env(), std::vector<EyePlanes>{ToEye(info[0], info[1]), ToEye(info[2], info[3])});
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// decodeRecord(record): left code, left mask, right code and right mask, one after the other.
Napi::Value DecodeRecord(const Napi::CallbackInfo& info) {
  try {
    const auto record = ToBytes(info[0], "record");
    IrisPlanes iris;
    if (record.size() != sizeof(iris)) {
      throw Error(ErrorCode::kInvalidArgument, "record: " + std::to_string(record.size()) +
                                                   " bytes, expected " + std::to_string(sizeof(iris)));
    }
    std::memcpy(&iris, record.data(), sizeof(iris));
    std::vector<std::uint8_t> probe(kProbeBytes);
    for (std::size_t side = 0; side < kSides; ++side) {
      const auto eye = std::span(probe).subspan(side * 2 * kCodeBytes, 2 * kCodeBytes);
      DecodeEye(iris[side], eye.first<kCodeBytes>(), eye.last<kCodeBytes>());
    }
    return ToBuffer(info.Env(), probe);
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

}  // namespace

void RegisterCompare(Napi::Env env, Napi::Object exports) {
  exports.Set("compareEyes", Napi::Function::New(env, CompareEyes));
  exports.Set("availableKernels", Napi::Function::New(env, AvailableKernelNames));
  exports.Set("encodeRecord", Napi::Function::New(env, EncodeRecord));
  exports.Set("decodeRecord", Napi::Function::New(env, DecodeRecord));
}

}  // namespace irispair::addon
