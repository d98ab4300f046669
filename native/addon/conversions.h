// JavaScript values to the core's and back. Every length and range is checked here, once.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/gallery/gallery.h"
#include "core/memory/page_count.h"
#include "core/search/evaluation.h"
#include "core/search/scan.h"

namespace irispair {
class Error;
}

namespace irispair::addon {

// The error that JavaScript sees: `code` names its kind.
Napi::Error ToJavaScript(Napi::Env env, const Error& error);

// Each throws Error kInvalidArgument naming `field` when the value is of another kind or out of range.
Napi::Object ToObject(const Napi::Value& value, const char* field);
Napi::Array ToArray(const Napi::Value& value, const char* field);
std::string ToText(const Napi::Value& value, const char* field);
bool ToSwitch(const Napi::Value& value, const char* field);
double ToMicroseconds(const Napi::Value& value, const char* field);
std::int64_t ToInteger(const Napi::Value& value, const char* field, std::int64_t least, std::int64_t most);
// An integer of the caller's choice: a stream, a search or a token.
std::int64_t ToKey(const Napi::Value& value, const char* field);
std::uint32_t ToSerialId(const Napi::Value& value);
std::uint16_t ToVersion(const Napi::Value& value);
std::span<const std::uint8_t> ToBytes(const Napi::Value& value, const char* field);
std::vector<int> ToIntegers(const Napi::Value& value, const char* field);
MemoryPolicy ToPolicy(const Napi::Value& value);
PoolPlan ToPoolPlan(const Napi::Value& value, const char* field);
ArenaPlan ToArenaPlan(const Napi::Value& value);
// Columns that codes may have; those of an engine that says none are 200.
std::size_t ToColumns(const Napi::Value& value);
RotationWindow ToWindow(const Napi::Object& terms);
std::uint32_t ToMatchLimit(const Napi::Object& terms);
QueryHandle ToQueryHandle(const Napi::Value& value);
// The query of a handle. Throws Error: kInvalidArgument, or kUnknownQuery.
template <typename Query>
std::shared_ptr<const Query> ToQuery(const Napi::Value& value, const QueryTable<Query>& queries);
// Looks up its query. Throws Error: kInvalidArgument naming the field, or kUnknownQuery.
template <typename Query>
BasicSearchTerms<Query> ToSearchTerms(const Napi::Value& value, const QueryTable<Query>& queries);

// The bytes of trivially copyable elements.
template <typename Element>
Napi::Buffer<std::uint8_t> ToBuffer(Napi::Env env, const std::vector<Element>& elements) {
  return Napi::Buffer<std::uint8_t>::Copy(env, reinterpret_cast<const std::uint8_t*>(elements.data()),
                                          elements.size() * sizeof(Element));
}

Napi::Object FromAnswer(Napi::Env env, const StepAnswer& answer);
Napi::Object FromScan(Napi::Env env, const ScanAnswer& answer, bool with_distances);
Napi::Object FromCounters(Napi::Env env, const PoolCounters& counters);
Napi::Object FromPageCount(Napi::Env env, const PageCount& count);
Napi::Object FromArena(Napi::Env env, const Arena& arena, std::uint32_t used, bool count_pages);

}  // namespace irispair::addon
