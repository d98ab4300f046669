// What the engine has in either mode as a JavaScript class: the gallery, queries, searches, what is where.
#pragma once

#include <napi.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "addon/conversions.h"
#include "addon/mailbox.h"
#include "addon/streams.h"
#include "core/copy/copy_reader.h"
#include "core/system/error.h"

namespace irispair::addon {

// Everything that lives as long as an engine is open. A mode's core adds
//   Plan, made by ToPlan(options), which it is constructed from,
//   kProbeBytes and Prepare(probe, index), which any worker may call,
//   kernel_name().
template <typename EyeOfMode, typename QueryOfMode, typename SearchOfMode>
struct CoreParts {
  using Eye = EyeOfMode;
  using Query = QueryOfMode;
  using Search = SearchOfMode;

  CoreParts(const PoolPlan& left, const PoolPlan& right, const ArenaPlan& arena)
      : gallery(arena, left.cpus.size() + right.cpus.size(), KernelCalls::System()),
        pools(std::make_unique<WorkerPools>(left, right)) {}

  BasicGallery<Eye> gallery;
  QueryTable<Query> queries;
  std::atomic<std::uint64_t> distances{0};
  // One growth at a time.
  std::mutex growing;
  // Threads that grow or wait to; they report through the mailbox, which stays open for them.
  std::atomic<std::uint32_t> growths{0};
  std::unique_ptr<WorkerPools> pools;
};

// Maps the arenas on a thread of libuv's, since populating many gigabytes takes long, and has JavaScript's
// thread make the engine then.
template <typename Core>
class Opening final : public Napi::AsyncWorker {
 public:
  Opening(Napi::Env env, Napi::Function engine, typename Core::Plan plan)
      : Napi::AsyncWorker(env), settlement_(env), engine_(Napi::Persistent(engine)), plan_(std::move(plan)) {}

  Napi::Value Promise() const { return settlement_.Promise(); }

 protected:
  void Execute() override {
    try {
      core_ = std::make_shared<Core>(plan_);
    } catch (const Error& error) {
      refusal_ = error;
    }
  }

  void OnOK() override {
    if (refusal_.has_value()) {
      settlement_.Reject(*refusal_);
    } else {
      settlement_.Resolve(engine_.New({Napi::External<std::shared_ptr<Core>>::New(Env(), &core_)}));
    }
  }

  void OnError(const Napi::Error& error) override {
    settlement_.Reject(Error(ErrorCode::kSystem, error.Message()));
  }

 private:
  Settlement settlement_;
  Napi::FunctionReference engine_;
  typename Core::Plan plan_;
  std::shared_ptr<Core> core_;
  std::optional<Error> refusal_;
};

// A mode's engine adds its own methods, and StopRunning(), called once when it is closed.
template <typename Engine, typename Core>
class EngineBase : public Napi::ObjectWrap<Engine> {
 public:
  // With options, or with what an Opening made of them.
  explicit EngineBase(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Engine>(info) {
    try {
      core_ = info[0].IsExternal() ? *info[0].template As<Napi::External<std::shared_ptr<Core>>>().Data()
                                   : std::make_shared<Core>(Core::ToPlan(info[0]));
      mailbox_ = std::make_shared<Mailbox>(info.Env());
      // Workers report to this object: it lives until it is closed.
      this->Ref();
    } catch (const Error& error) {
      throw ToJavaScript(info.Env(), error);
    }
  }

 protected:
  using Eye = typename Core::Eye;
  using Query = typename Core::Query;
  using Search = typename Core::Search;
  using Record = BothEyes<Eye>;
  using Property = Napi::ClassPropertyDescriptor<Engine>;

  static std::vector<Property> CommonProperties() {
    return {
        Engine::StaticMethod("open", &EngineBase::Open),
        Engine::InstanceAccessor("kernel", &EngineBase::KernelName, nullptr),
        Engine::InstanceMethod("loadIris", &EngineBase::template Guarded<&EngineBase::LoadIris>),
        Engine::InstanceMethod("loadDeleted", &EngineBase::template Guarded<&EngineBase::Erase>),
        Engine::InstanceMethod("loadCopyChunk", &EngineBase::template Guarded<&EngineBase::LoadCopyChunk>),
        Engine::InstanceMethod("closeCopy", &EngineBase::template Guarded<&EngineBase::CloseCopy>),
        Engine::InstanceMethod("reserve", &EngineBase::template Promised<&EngineBase::Reserve>),
        Engine::InstanceMethod("unreserve", &EngineBase::template Guarded<&EngineBase::Unreserve>),
        Engine::InstanceMethod("publish", &EngineBase::template Guarded<&EngineBase::Publish>),
        Engine::InstanceMethod("erase", &EngineBase::template Guarded<&EngineBase::Erase>),
        Engine::InstanceMethod("prepareQueries", &EngineBase::template Promised<&EngineBase::PrepareQueries>),
        Engine::InstanceMethod("recordOfQuery", &EngineBase::template Guarded<&EngineBase::RecordOfQuery>),
        Engine::InstanceMethod("releaseQueries", &EngineBase::template Guarded<&EngineBase::ReleaseQueries>),
        Engine::InstanceMethod("readIris", &EngineBase::template Guarded<&EngineBase::ReadIris>),
        Engine::InstanceMethod("closeSearch", &EngineBase::template Guarded<&EngineBase::CloseSearch>),
        Engine::InstanceMethod("closeStream", &EngineBase::template Guarded<&EngineBase::CloseStream>),
        Engine::InstanceMethod("counters", &EngineBase::template Guarded<&EngineBase::Counters>),
        Engine::InstanceMethod("placement", &EngineBase::template Guarded<&EngineBase::Placement>),
        Engine::InstanceMethod("close", &EngineBase::Close)};
  }

  // Turns the core's errors into JavaScript's, and refuses a closed engine.
  template <auto method>
  Napi::Value Guarded(const Napi::CallbackInfo& info) {
    try {
      if (core_ == nullptr) throw Error(ErrorCode::kSystem, "the engine is closed");
      return (static_cast<Engine*>(this)->*method)(info);
    } catch (const Error& error) {
      throw ToJavaScript(info.Env(), error);
    }
  }

  // The same for methods that promise: their errors reject.
  template <auto method>
  Napi::Value Promised(const Napi::CallbackInfo& info) {
    try {
      if (core_ == nullptr) throw Error(ErrorCode::kSystem, "the engine is closed");
      return (static_cast<Engine*>(this)->*method)(info);
    } catch (const Error& error) {
      Settlement settlement(info.Env());
      settlement.Reject(error);
      return settlement.Promise();
    }
  }

  std::shared_ptr<Core> core_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Streams<Search>> streams_ = std::make_shared<Streams<Search>>();

 private:
  // open(options): a promise of an engine.
  static Napi::Value Open(const Napi::CallbackInfo& info) {
    try {
      // It deletes itself when it is done.
      auto* opening = new Opening<Core>(info.Env(), info.This().As<Napi::Function>(), Core::ToPlan(info[0]));
      opening->Queue();
      return opening->Promise();
    } catch (const Error& error) {
      throw ToJavaScript(info.Env(), error);
    }
  }

  Napi::Value KernelName(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), core_ == nullptr ? "" : core_->kernel_name());
  }

  // --- the gallery ---

  static Record ToRecord(const Napi::Value& value) {
    const auto record = ToBytes(value, "record");
    if (record.size() != sizeof(Record)) {
      throw Error(ErrorCode::kInvalidArgument, "record: " + std::to_string(record.size()) +
                                                   " bytes, expected " + std::to_string(sizeof(Record)));
    }
    Record iris;
    std::memcpy(&iris, record.data(), sizeof(Record));
    return iris;
  }

  Napi::Value LoadIris(const Napi::CallbackInfo& info) {
    LoadInto(ToSerialId(info[0]), ToVersion(info[1]), ToRecord(info[2]));
    return info.Env().Undefined();
  }

  void LoadInto(std::uint32_t serial_id, std::uint16_t version, const Record& iris) {
    while (!core_->gallery.Reserve(1)) {
      const std::lock_guard growing(core_->growing);
      core_->gallery.Grow();
    }
    core_->gallery.Publish(serial_id, version, iris);
  }

  Napi::Value LoadCopyChunk(const Napi::CallbackInfo& info) {
    BasicCopyReader<Eye>& reader = copies_[ToKey(info[0], "copy")];
    std::vector<CopiedRow> rows;
    reader.Feed(ToBytes(info[1], "chunk"), [this, &rows](const CopiedRow& row, const Record& iris) {
      if (row.state == RowState::kLive) LoadInto(row.serial_id, row.version, iris);
      if (row.state == RowState::kDeleted) core_->gallery.Erase(row.serial_id, row.version);
      rows.push_back(row);
    });
    Napi::Array faults = Napi::Array::New(info.Env());
    for (const RowFault& fault : reader.TakeFaults()) {
      Napi::Object object = Napi::Object::New(info.Env());
      object.Set("serialId", fault.serial_id);
      object.Set("problem", fault.problem);
      faults.Set(faults.Length(), object);
    }
    Napi::Object read = Napi::Object::New(info.Env());
    read.Set("rows", ToBuffer(info.Env(), rows));
    read.Set("faults", faults);
    read.Set("ended", reader.ended());
    return read;
  }

  Napi::Value CloseCopy(const Napi::CallbackInfo& info) {
    copies_.erase(ToKey(info[0], "copy"));
    return info.Env().Undefined();
  }

  Napi::Value Reserve(const Napi::CallbackInfo& info) {
    const auto count = static_cast<std::uint32_t>(ToInteger(info[0], "count", 0, 1 << 30));
    const auto settlement = std::make_shared<Settlement>(info.Env());
    GrowUntilReserved(info.Env(), settlement, count);
    return settlement->Promise();
  }

  // Mapping and populating take a while: on a thread of their own, one segment after the other.
  void GrowUntilReserved(Napi::Env env, const SettlementPointer& settlement, std::uint32_t count) {
    if (core_ == nullptr) {
      settlement->Reject(Error(ErrorCode::kSystem, "the engine is closed"));
      return;
    }
    if (core_->gallery.Reserve(count)) {
      settlement->Resolve(env.Undefined());
      return;
    }
    core_->growths.fetch_add(1);
    const std::uint32_t seen = core_->gallery.Capacity();
    std::thread([this, core = core_, mailbox = mailbox_, settlement, count, seen] {
      try {
        const std::lock_guard growing(core->growing);
        // Whoever grew meanwhile may have made room for this one too.
        if (core->gallery.Capacity() == seen) core->gallery.Grow();
        mailbox->Post(
            [this, settlement, count](Napi::Env env) { GrowUntilReserved(env, settlement, count); });
      } catch (const Error& error) {
        mailbox->Post([settlement, error](Napi::Env) { settlement->Reject(error); });
      }
      core->growths.fetch_sub(1);
      core->growths.notify_all();
    }).detach();
  }

  Napi::Value Unreserve(const Napi::CallbackInfo& info) {
    core_->gallery.Unreserve(static_cast<std::uint32_t>(ToInteger(info[0], "count", 0, 1 << 30)));
    return info.Env().Undefined();
  }

  Napi::Value Publish(const Napi::CallbackInfo& info) {
    core_->gallery.Publish(ToSerialId(info[0]), ToVersion(info[1]), ToRecord(info[2]));
    return info.Env().Undefined();
  }

  Napi::Value Erase(const Napi::CallbackInfo& info) {
    core_->gallery.Erase(ToSerialId(info[0]), ToVersion(info[1]));
    return info.Env().Undefined();
  }

  Napi::Value ReadIris(const Napi::CallbackInfo& info) {
    const std::uint32_t serial_id = ToSerialId(info[0]);
    const auto eyes = core_->gallery.Read(serial_id);
    if (eyes[0] == nullptr) return info.Env().Null();
    Napi::Object iris = Napi::Object::New(info.Env());
    iris.Set("version", core_->gallery.directory().Find(serial_id).version);
    iris.Set("record", ToBuffer(info.Env(), std::vector<Eye>{*eyes[0], *eyes[1]}));
    return iris;
  }

  // --- queries ---

  Napi::Value PrepareQueries(const Napi::CallbackInfo& info) {
    const auto bytes = ToBytes(info[0], "probes");
    if (bytes.empty() || bytes.size() % Core::kProbeBytes != 0) {
      throw Error(ErrorCode::kInvalidArgument, "probes: " + std::to_string(bytes.size()) +
                                                   " bytes do not hold whole probes of " +
                                                   std::to_string(Core::kProbeBytes));
    }
    const auto settlement = std::make_shared<Settlement>(info.Env());
    auto probes = std::make_shared<std::vector<std::uint8_t>>(bytes.begin(), bytes.end());
    core_->pools->Submit(
        Side::kLeft, Lane::kSearch, [core = core_, mailbox = mailbox_, settlement, probes](WorkerContext&) {
          std::vector<std::shared_ptr<const Query>> prepared;
          try {
            for (std::size_t index = 0; index * Core::kProbeBytes < probes->size(); ++index) {
              const std::span<const std::uint8_t, Core::kProbeBytes> probe(
                  probes->data() + index * Core::kProbeBytes, Core::kProbeBytes);
              prepared.push_back(core->Prepare(probe, index));
            }
          } catch (const Error& error) {
            mailbox->Post([settlement, error](Napi::Env) { settlement->Reject(error); });
            return;
          }
          mailbox->Post([core, settlement, prepared = std::move(prepared)](Napi::Env env) {
            Napi::Array handles = Napi::Array::New(env, prepared.size());
            for (std::uint32_t index = 0; index < prepared.size(); ++index) {
              handles.Set(index, static_cast<double>(core->queries.Add(prepared[index])));
            }
            settlement->Resolve(handles);
          });
        });
    return settlement->Promise();
  }

  Napi::Value RecordOfQuery(const Napi::CallbackInfo& info) {
    const Record iris = ToQuery(info[0], core_->queries)->Iris();
    return Napi::Buffer<std::uint8_t>::Copy(info.Env(), reinterpret_cast<const std::uint8_t*>(&iris),
                                            sizeof(iris));
  }

  Napi::Value ReleaseQueries(const Napi::CallbackInfo& info) {
    const Napi::Array given = ToArray(info[0], "query_handles");
    std::vector<QueryHandle> handles;
    for (std::uint32_t index = 0; index < given.Length(); ++index) {
      handles.push_back(ToQueryHandle(given.Get(index)));
    }
    for (const QueryHandle handle : handles) core_->queries.Release(handle);
    return info.Env().Undefined();
  }

  // --- searches ---

  Napi::Value CloseSearch(const Napi::CallbackInfo& info) {
    streams_->CloseSearch(ToKey(info[0], "stream"), ToKey(info[1], "search_id"));
    return info.Env().Undefined();
  }

  Napi::Value CloseStream(const Napi::CallbackInfo& info) {
    streams_->CloseStream(ToKey(info[0], "stream"));
    return info.Env().Undefined();
  }

  // --- what is where ---

  Napi::Value Counters(const Napi::CallbackInfo& info) {
    Napi::Object counters = Napi::Object::New(info.Env());
    counters.Set("left", FromCounters(info.Env(), core_->pools->Counters(Side::kLeft)));
    counters.Set("right", FromCounters(info.Env(), core_->pools->Counters(Side::kRight)));
    counters.Set("distances", static_cast<double>(core_->distances.load()));
    counters.Set("queries", static_cast<double>(core_->queries.size()));
    counters.Set("openSearches", static_cast<double>(streams_->open_searches()));
    return counters;
  }

  Napi::Value Placement(const Napi::CallbackInfo& info) {
    const bool count_pages = ToSwitch(info[0], "count_pages");
    Napi::Object placement = Napi::Object::New(info.Env());
    const std::uint32_t used = core_->gallery.used();
    placement.Set("left", FromArena(info.Env(), core_->gallery.arena(Side::kLeft), used, count_pages));
    placement.Set("right", FromArena(info.Env(), core_->gallery.arena(Side::kRight), used, count_pages));
    return placement;
  }

  // Workers and growths finish what is queued on a thread of its own; their answers arrive before this one.
  Napi::Value Close(const Napi::CallbackInfo& info) {
    const auto settlement = std::make_shared<Settlement>(info.Env());
    if (core_ == nullptr) {
      settlement->Resolve(info.Env().Undefined());
      return settlement->Promise();
    }
    static_cast<Engine*>(this)->StopRunning();
    std::thread([this, core = std::move(core_), mailbox = mailbox_, settlement]() mutable {
      core->pools.reset();
      for (std::uint32_t left = core->growths; left != 0; left = core->growths) core->growths.wait(left);
      mailbox->Post([this, core = std::move(core), mailbox, settlement](Napi::Env env) {
        streams_->Clear();
        mailbox->Close();
        settlement->Resolve(env.Undefined());
        this->Unref();
      });
    }).detach();
    core_ = nullptr;
    return settlement->Promise();
  }

  // Tables being loaded.
  std::map<std::int64_t, BasicCopyReader<Eye>> copies_;
};

}  // namespace irispair::addon
