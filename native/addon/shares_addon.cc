#include "addon/shares_addon.h"

#include <vector>

#include "addon/conversions.h"
#include "core/shares/sharing.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

SharedEye::PackedCode ToPackedCode(const Napi::Value& value, const char* field) {
  const auto bytes = ToBytes(value, field);
  if (bytes.size() != SharedEye::kCodeBytes) {
    throw Error(ErrorCode::kInvalidArgument, std::string(field) + ": " + std::to_string(bytes.size()) +
                                                 " bytes, expected " + std::to_string(SharedEye::kCodeBytes));
  }
  return SharedEye::PackedCode(bytes);
}

std::size_t ToParty(const Napi::Value& value, const char* field) {
  return static_cast<std::size_t>(ToInteger(value, field, 0, kShareParties - 1));
}

// shareEye(code, mask, randomness): the three parties' records, one after the other.
Napi::Value ShareEyeOf(const Napi::CallbackInfo& info) {
  try {
    const EncodedEye eye =
        EncodeTemplate(ToPackedCode(info[0], "iris_codes"), ToPackedCode(info[1], "mask_codes"));
    const auto randomness = ToBytes(info[2], "randomness");
    if (randomness.size() != kSharingRandomBytes) {
      throw Error(ErrorCode::kInvalidArgument,
                  "randomness: expected " + std::to_string(kSharingRandomBytes) + " bytes");
    }
    const auto shares = ShareEye(eye, randomness.first<kSharingRandomBytes>());
    return ToBuffer(info.Env(), std::vector<ShareRecord>(shares.begin(), shares.end()));
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// recombineEye(party, record, other party, its record): code and mask, one after the other; null when the
// records are shares of different eyes.
Napi::Value RecombineEyeOf(const Napi::CallbackInfo& info) {
  try {
    const std::size_t first_party = ToParty(info[0], "first_party");
    const std::size_t second_party = ToParty(info[2], "second_party");
    if (first_party == second_party) {
      throw Error(ErrorCode::kInvalidArgument, "second_party: must be another than first_party");
    }
    const EncodedEye eye = RecombineEye(first_party, ToShareRecord(ToBytes(info[1], "first"), "first"),
                                        second_party, ToShareRecord(ToBytes(info[3], "second"), "second"));
    std::vector<std::uint8_t> decoded(2 * SharedEye::kCodeBytes);
    const auto bytes = std::span(decoded);
    if (!DecodeTemplate(eye, bytes.first<SharedEye::kCodeBytes>(), bytes.last<SharedEye::kCodeBytes>()))
      return info.Env().Null();
    return ToBuffer(info.Env(), decoded);
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

}  // namespace

void RegisterShares(Napi::Env env, Napi::Object exports) {
  exports.Set("shareEye", Napi::Function::New(env, ShareEyeOf));
  exports.Set("recombineEye", Napi::Function::New(env, RecombineEyeOf));
}

}  // namespace irispair::addon
