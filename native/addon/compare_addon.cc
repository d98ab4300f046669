#include "addon/compare_addon.h"

#include <cstring>
#include <type_traits>

#include "addon/conversions.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

// Calls `work` with the type of an eye of so many columns.
template <typename Work>
Napi::Value OfShape(const Napi::CallbackInfo& info, Work work) {
  try {
    if (ToColumns(info[0]) == WideEyePlanes::kColumns) return work(std::type_identity<WideEyePlanes>());
    return work(std::type_identity<EyePlanes>());
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

template <typename Eye>
Eye ToEye(const Napi::Value& code, const Napi::Value& mask) {
  const auto code_bytes = ToBytes(code, "iris_codes");
  const auto mask_bytes = ToBytes(mask, "mask_codes");
  if (code_bytes.size() != Eye::kCodeBytes || mask_bytes.size() != Eye::kCodeBytes) {
    throw Error(ErrorCode::kInvalidArgument, "a template of " + std::to_string(Eye::kColumns) +
                                                 " columns is " + std::to_string(Eye::kCodeBytes) +
                                                 " bytes of code and of mask");
  }
  Eye eye;
  EncodeEye(typename Eye::PackedCode(code_bytes), typename Eye::PackedCode(mask_bytes), eye);
  return eye;
}

// compareEyes(columns, kernel, mirror, probeCode, probeMask, galleryCode, galleryMask): Distance of every
// rotation, packed.
Napi::Value CompareEyes(const Napi::CallbackInfo& info) {
  return OfShape(info, [&info]<typename Eye>(std::type_identity<Eye>) -> Napi::Value {
    const std::string name = ToText(info[1], "kernel");
    const BasicKernel<Eye>* kernel = FindKernel<Eye>(name);
    if (kernel == nullptr) throw Error(ErrorCode::kInvalidArgument, "kernel: this CPU does not run " + name);
    Eye probe = ToEye<Eye>(info[3], info[4]);
    if (ToSwitch(info[2], "mirror")) {
      const Eye captured = probe;
      Mirror(captured, probe);
    }
    constexpr RotationWindow kAll{0, kFarthestRotation};
    std::vector<Distance> each(static_cast<std::size_t>(kAll.Size()));
    kernel->each(BasicPreparedEye<Eye>(probe), kAll, ToEye<Eye>(info[5], info[6]), each);
    return ToBuffer(info.Env(), each);
  });
}

// availableKernels(): names, slowest first.
Napi::Value AvailableKernelNames(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const Kernel* kernel : AvailableKernels()) names.Set(names.Length(), kernel->name);
  return names;
}

// encodeRecord(columns, left code, left mask, right code, right mask): the record of both eyes.
Napi::Value EncodeRecord(const Napi::CallbackInfo& info) {
  return OfShape(info, [&info]<typename Eye>(std::type_identity<Eye>) -> Napi::Value {
    return ToBuffer(info.Env(), std::vector<Eye>{ToEye<Eye>(info[1], info[2]), ToEye<Eye>(info[3], info[4])});
  });
}

// decodeRecord(columns, record): left code, left mask, right code and right mask, one after the other.
Napi::Value DecodeRecord(const Napi::CallbackInfo& info) {
  return OfShape(info, [&info]<typename Eye>(std::type_identity<Eye>) -> Napi::Value {
    constexpr std::size_t kCodeBytes = Eye::kCodeBytes;
    const auto record = ToBytes(info[1], "record");
    BothEyes<Eye> iris;
    if (record.size() != sizeof(iris)) {
      throw Error(ErrorCode::kInvalidArgument, "record: " + std::to_string(record.size()) +
                                                   " bytes, expected " + std::to_string(sizeof(iris)));
    }
    std::memcpy(&iris, record.data(), sizeof(iris));
    std::vector<std::uint8_t> probe(kProbeBytes<Eye>);
    for (std::size_t side = 0; side < kSides; ++side) {
      const auto eye = std::span(probe).subspan(side * 2 * kCodeBytes, 2 * kCodeBytes);
      DecodeEye(iris[side], eye.template first<kCodeBytes>(), eye.template last<kCodeBytes>());
    }
    return ToBuffer(info.Env(), probe);
  });
}

}  // namespace

void RegisterCompare(Napi::Env env, Napi::Object exports) {
  exports.Set("compareEyes", Napi::Function::New(env, CompareEyes));
  exports.Set("availableKernels", Napi::Function::New(env, AvailableKernelNames));
  exports.Set("encodeRecord", Napi::Function::New(env, EncodeRecord));
  exports.Set("decodeRecord", Napi::Function::New(env, DecodeRecord));
}

}  // namespace irispair::addon
