#include "addon/conversions.h"

#include <cmath>
#include <cstring>

#include "core/shared_search/shared_search.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

const char* CodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case ErrorCode::kCapacityExhausted:
      return "CAPACITY_EXHAUSTED";
    case ErrorCode::kHugepagesRequired:
      return "HUGEPAGES_REQUIRED";
    case ErrorCode::kBindingRefused:
      return "BINDING_REFUSED";
    case ErrorCode::kUnknownQuery:
      return "UNKNOWN_QUERY";
    case ErrorCode::kCancelled:
      return "CANCELLED";
    case ErrorCode::kPartyFailed:
      return "PARTY_FAILED";
    case ErrorCode::kSystem:
      return "SYSTEM";
  }
  return "SYSTEM";
}

[[noreturn]] void Refuse(const std::string& field, const std::string& problem) {
  throw Error(ErrorCode::kInvalidArgument, field + ": " + problem);
}

using WideQuery = BasicQuery<WideEyePlanes>;

constexpr std::int64_t kMostSlots = 0xffff'fffe;
constexpr std::int64_t kLargestSafeInteger = (std::int64_t{1} << 53) - 1;

}  // namespace

Napi::Error ToJavaScript(Napi::Env env, const Error& error) {
  Napi::Error thrown = Napi::Error::New(env, error.what());
  thrown.Value().Set("code", CodeName(error.code()));
  return thrown;
}

Napi::Object ToObject(const Napi::Value& value, const char* field) {
  if (!value.IsObject()) Refuse(field, "an object is expected");
  return value.As<Napi::Object>();
}

Napi::Array ToArray(const Napi::Value& value, const char* field) {
  if (!value.IsArray()) Refuse(field, "an array is expected");
  return value.As<Napi::Array>();
}

std::string ToText(const Napi::Value& value, const char* field) {
  if (!value.IsString()) Refuse(field, "a string is expected");
  return value.As<Napi::String>().Utf8Value();
}

bool ToSwitch(const Napi::Value& value, const char* field) {
  if (!value.IsBoolean()) Refuse(field, "true or false is expected");
  return value.As<Napi::Boolean>().Value();
}

std::int64_t ToInteger(const Napi::Value& value, const char* field, std::int64_t least, std::int64_t most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  // Before the conversion, which is undefined for what no integer can hold; NaN fails every comparison.
  const bool within = number >= static_cast<double>(least) && number <= static_cast<double>(most);
  if (!within || std::trunc(number) != number) {
    Refuse(field,
           "an integer from " + std::to_string(least) + " to " + std::to_string(most) + " is expected");
  }
  return static_cast<std::int64_t>(number);
}

double ToMicroseconds(const Napi::Value& value, const char* field) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!std::isfinite(number) || number < 0) Refuse(field, "microseconds, 0 or more, are expected");
  return number;
}

std::int64_t ToKey(const Napi::Value& value, const char* field) {
  return ToInteger(value, field, 0, kLargestSafeInteger);
}

QueryHandle ToQueryHandle(const Napi::Value& value) {
  return static_cast<QueryHandle>(ToInteger(value, "query_handle", 1, kLargestSafeInteger));
}

std::uint32_t ToSerialId(const Napi::Value& value) {
  return static_cast<std::uint32_t>(ToInteger(value, "serial_id", 1, 0xffff'ffff));
}

std::uint16_t ToVersion(const Napi::Value& value) {
  return static_cast<std::uint16_t>(ToInteger(value, "version", 0, 0xffff));
}

std::span<const std::uint8_t> ToBytes(const Napi::Value& value, const char* field) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Refuse(field, "a Uint8Array is expected");
  }
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

std::vector<int> ToIntegers(const Napi::Value& value, const char* field) {
  const Napi::Array array = ToArray(value, field);
  std::vector<int> integers;
  for (std::uint32_t index = 0; index < array.Length(); ++index) {
    integers.push_back(static_cast<int>(ToInteger(array.Get(index), field, 0, 1 << 20)));
  }
  return integers;
}

MemoryPolicy ToPolicy(const Napi::Value& value) {
  const Napi::Object policy = ToObject(value, "policy");
  const std::string kind = ToText(policy.Get("kind"), "policy.kind");
  if (kind == "bind") return {PolicyKind::kBind, ToIntegers(policy.Get("nodes"), "policy.nodes")};
  if (kind == "interleave") return {PolicyKind::kInterleave, ToIntegers(policy.Get("nodes"), "policy.nodes")};
  if (kind == "preferred") {
    return {PolicyKind::kPreferred,
            {static_cast<int>(ToInteger(policy.Get("node"), "policy.node", 0, 1023))}};
  }
  // What the cgroup gives an arena is not asked for.
  if (kind == "default" || kind == "given") return {};
  Refuse("policy.kind", "bind, preferred, interleave, given or default is expected");
}

PoolPlan ToPoolPlan(const Napi::Value& value, const char* field) {
  const Napi::Object plan = ToObject(value, field);
  PoolPlan pool;
  pool.cpus = ToIntegers(plan.Get("cpus"), "cpus");
  if (pool.cpus.empty()) Refuse("cpus", "a pool needs at least one CPU");
  if (!plan.Get("node").IsNull()) pool.node = static_cast<int>(ToInteger(plan.Get("node"), "node", 0, 1023));
  pool.pinned = ToSwitch(plan.Get("pinned"), "pinned");
  return pool;
}

ArenaPlan ToArenaPlan(const Napi::Value& value) {
  const Napi::Object plan = ToObject(value, "arena");
  ArenaPlan arena;
  arena.segment.policy = ToPolicy(plan.Get("policy"));
  arena.segment.fallback_nodes = ToIntegers(plan.Get("fallbackNodes"), "fallbackNodes");
  const std::string use = ToText(plan.Get("hugepages"), "hugepages");
  if (use == "require") {
    arena.segment.hugepages = HugepageUse::kRequire;
  } else if (use == "prefer") {
    arena.segment.hugepages = HugepageUse::kPrefer;
  } else if (use == "off") {
    arena.segment.hugepages = HugepageUse::kOff;
  } else {
    Refuse("hugepages", "require, prefer or off is expected");
  }
  if (!plan.Get("hugetlbfs").IsNull()) arena.segment.hugetlbfs = ToText(plan.Get("hugetlbfs"), "hugetlbfs");
  arena.segment.strict = ToSwitch(plan.Get("strict"), "strict");
  const auto slots = [&plan](const char* field) {
    return static_cast<std::uint32_t>(ToInteger(plan.Get(field), field, 1, kMostSlots));
  };
  arena.initial_capacity = slots("initialCapacity");
  arena.grow_by = slots("growBy");
  arena.maximum_capacity = slots("maximumCapacity");
  return arena;
}

std::size_t ToColumns(const Napi::Value& value) {
  if (value.IsUndefined()) return EyePlanes::kColumns;
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  for (const std::size_t columns : {EyePlanes::kColumns, WideEyePlanes::kColumns}) {
    if (number == static_cast<double>(columns)) return columns;
  }
  Refuse("columns", std::to_string(EyePlanes::kColumns) + " or " + std::to_string(WideEyePlanes::kColumns) +
                        " is expected");
}

RotationWindow ToWindow(const Napi::Object& terms) {
  const auto base = static_cast<int>(
      ToInteger(terms.Get("baseRotation"), "base_rotation", -kFarthestRotation, kFarthestRotation));
  const auto reach =
      static_cast<int>(ToInteger(terms.Get("rotationReach"), "rotation_reach", 0, kFarthestRotation));
  if (std::abs(base) + reach > kFarthestRotation) {
    Refuse("rotation_reach",
           "|base_rotation| + rotation_reach may be at most " + std::to_string(kFarthestRotation));
  }
  return {base, reach};
}

std::uint32_t ToMatchLimit(const Napi::Object& terms) {
  return static_cast<std::uint32_t>(ToInteger(terms.Get("matchLimit"), "match_limit", 0, 65536));
}

template <typename Query>
std::shared_ptr<const Query> ToQuery(const Napi::Value& value, const QueryTable<Query>& queries) {
  const QueryHandle handle = ToQueryHandle(value);
  auto query = queries.Find(handle);
  if (query == nullptr) {
    throw Error(ErrorCode::kUnknownQuery,
                "query " + std::to_string(handle) + " was released, has expired or was never prepared");
  }
  return query;
}

template <typename Query>
BasicSearchTerms<Query> ToSearchTerms(const Napi::Value& value, const QueryTable<Query>& queries) {
  const Napi::Object open = ToObject(value, "open");
  BasicSearchTerms<Query> terms;
  terms.side = static_cast<Side>(ToInteger(open.Get("side"), "side", 0, 1));
  terms.orientation = static_cast<Orientation>(ToInteger(open.Get("orientation"), "orientation", 0, 1));
  terms.window = ToWindow(open);
  terms.ef = static_cast<std::uint32_t>(ToInteger(open.Get("ef"), "ef", 1, 0xffff));
  terms.match_limit = ToMatchLimit(open);
  const Napi::Object query = ToObject(open.Get("query"), "query");
  if (query.Has("handle")) {
    terms.query = ToQuery(query.Get("handle"), queries);
    return terms;
  }
  if (terms.orientation != Orientation::kNormal) Refuse("orientation", "a stored query must be normal");
  terms.stored = {ToSerialId(query.Get("storedSerialId")), ToVersion(query.Get("storedVersion"))};
  return terms;
}

template std::shared_ptr<const Query> ToQuery(const Napi::Value&, const Queries&);
template SearchTerms ToSearchTerms(const Napi::Value&, const Queries&);
template std::shared_ptr<const WideQuery> ToQuery(const Napi::Value&, const QueryTable<WideQuery>&);
template BasicSearchTerms<WideQuery> ToSearchTerms(const Napi::Value&, const QueryTable<WideQuery>&);
template std::shared_ptr<const ShareQuery> ToQuery(const Napi::Value&, const QueryTable<ShareQuery>&);
template SharedSearchTerms ToSearchTerms(const Napi::Value&, const QueryTable<ShareQuery>&);

Napi::Object FromAnswer(Napi::Env env, const StepAnswer& answer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcome", static_cast<double>(answer.outcome));
  object.Set("entered", ToBuffer(env, answer.entered));
  object.Set("matchCount", answer.match_count);
  object.Set("neighbourhoodSize", answer.neighbourhood_size);
  object.Set("stale", answer.stale);
  object.Set("distances", ToBuffer(env, answer.distances));
  object.Set("detail", answer.detail);
  return object;
}

Napi::Object FromScan(Napi::Env env, const ScanAnswer& answer, bool with_distances) {
  std::vector<StoredId> nearest;
  std::vector<Distance> distances;
  for (const Found& found : answer.nearest) {
    nearest.push_back(found.id);
    if (with_distances) distances.push_back(found.distance);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("nearest", ToBuffer(env, nearest));
  object.Set("matchCount", answer.match_count);
  object.Set("distances", ToBuffer(env, distances));
  object.Set("compared", static_cast<double>(answer.compared));
  return object;
}

Napi::Object FromCounters(Napi::Env env, const PoolCounters& counters) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("workers", counters.workers);
  object.Set("tasks", static_cast<double>(counters.tasks));
  object.Set("stealAttempts", static_cast<double>(counters.steal_attempts));
  object.Set("steals", static_cast<double>(counters.steals));
  object.Set("kernelNanoseconds", static_cast<double>(counters.kernel_nanoseconds));
  object.Set("busyNanoseconds", static_cast<double>(counters.busy_nanoseconds));
  object.Set("idleWorkNanoseconds", static_cast<double>(counters.idle_work_nanoseconds));
  object.Set("slowTasks", static_cast<double>(counters.slow_tasks));
  object.Set("slowNanoseconds", static_cast<double>(counters.slow_nanoseconds));
  object.Set("queued", counters.queued);
  return object;
}

Napi::Object FromPageCount(Napi::Env env, const PageCount& count) {
  Napi::Array nodes = Napi::Array::New(env);
  for (const auto& [node, pages] : count.nodes) {
    Napi::Array pair = Napi::Array::New(env, 2);
    pair.Set(0U, node);
    pair.Set(1U, static_cast<double>(pages));
    nodes.Set(nodes.Length(), pair);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("nodes", nodes);
  object.Set("notBacked", static_cast<double>(count.not_backed));
  object.Set("interval", static_cast<double>(count.interval));
  object.Set("refused", count.refused == 0 ? "" : std::strerror(count.refused));
  return object;
}

Napi::Object FromArena(Napi::Env env, const Arena& arena, std::uint32_t used, bool count_pages) {
  Napi::Array segments = Napi::Array::New(env);
  for (const Segment* segment : arena.Segments()) {
    Napi::Array fallbacks = Napi::Array::New(env);
    for (const std::string& sentence : segment->fallbacks()) fallbacks.Set(fallbacks.Length(), sentence);
    Napi::Object object = Napi::Object::New(env);
    object.Set("backing", BackingName(segment->backing()));
    object.Set("bytes", static_cast<double>(segment->bytes()));
    object.Set("pageBytes", static_cast<double>(segment->page_bytes()));
    object.Set("policy", PolicyName(segment->policy()));
    object.Set("pages", count_pages ? FromPageCount(env, segment->CountPages()) : env.Null());
    object.Set("fallbacks", fallbacks);
    segments.Set(segments.Length(), object);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("capacity", arena.capacity());
  object.Set("used", used);
  object.Set("strideBytes", static_cast<double>(arena.stride_bytes()));
  object.Set("segments", segments);
  return object;
}

}  // namespace irispair::addon
