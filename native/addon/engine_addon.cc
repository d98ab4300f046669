#include "addon/engine_addon.h"

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "addon/conversions.h"
#include "core/copy/copy_reader.h"
#include "core/search/batch_compare.h"
#include "core/search/packed_ids.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

// Runs on the JavaScript thread.
using Completion = std::function<void(Napi::Env)>;

// Carries completions from worker threads to the JavaScript thread.
class Mailbox {
 public:
  explicit Mailbox(Napi::Env env)
      : function_(Napi::ThreadSafeFunction::New(
            env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "irispair", 0, 1)) {}

  void Post(Completion completion) {
    auto* posted = new Completion(std::move(completion));
    const napi_status status =
        function_.NonBlockingCall(posted, [](Napi::Env env, Napi::Function, Completion* completion_to_run) {
          const std::unique_ptr<Completion> owned(completion_to_run);
          if (env != nullptr) (*owned)(env);
        });
    if (status != napi_ok) delete posted;
  }

  void Close() { function_.Release(); }

 private:
  Napi::ThreadSafeFunction function_;
};

// A promise settled through the mailbox.
class Settlement {
 public:
  explicit Settlement(Napi::Env env) : deferred_(Napi::Promise::Deferred::New(env)) {}

  Napi::Value Promise() const { return deferred_.Promise(); }
  void Resolve(Napi::Value value) { deferred_.Resolve(value); }
  void Reject(const Error& error) { deferred_.Reject(ToJavaScript(deferred_.Env(), error).Value()); }

 private:
  Napi::Promise::Deferred deferred_;
};

using SettlementPointer = std::shared_ptr<Settlement>;

// Everything that lives as long as the engine is open.
struct Core {
  Core(const PoolPlan& left, const PoolPlan& right, const ArenaPlan& arena, const Kernel& chosen)
      : gallery(arena, left.cpus.size() + right.cpus.size(), KernelCalls::System()),
        kernel(chosen),
        pools(std::make_unique<WorkerPools>(left, right)) {}

  Workshop GetWorkshop() { return {gallery, *pools, kernel, distances}; }

  Gallery gallery;
  Queries queries;
  std::atomic<std::uint64_t> distances{0};
  // One growth at a time.
  std::mutex growing;
  // Threads that grow or wait to; they report through the mailbox, which stays open for them.
  std::atomic<std::uint32_t> growths{0};
  const Kernel& kernel;
  std::unique_ptr<WorkerPools> pools;
};

using CorePointer = std::shared_ptr<Core>;
using OpenedCore = Napi::External<CorePointer>;

// What an engine is made of.
struct CorePlan {
  PoolPlan left;
  PoolPlan right;
  ArenaPlan arena;
  const Kernel* kernel;
};

CorePlan ToCorePlan(const Napi::Value& value) {
  const Napi::Object options = ToObject(value, "options");
  const Kernel* kernel = &BestKernel();
  if (!options.Get("kernel").IsNull()) {
    const std::string name = ToText(options.Get("kernel"), "kernel");
    kernel = FindKernel(name);
    if (kernel == nullptr) throw Error(ErrorCode::kInvalidArgument, "kernel: this CPU does not run " + name);
  }
  return {ToPoolPlan(options.Get("left"), "left"), ToPoolPlan(options.Get("right"), "right"),
          ToArenaPlan(options.Get("arena")), kernel};
}

CorePointer MakeCore(const CorePlan& plan) {
  return std::make_shared<Core>(plan.left, plan.right, plan.arena, *plan.kernel);
}

// Maps the arenas on a thread of libuv's, since populating many gigabytes takes long, and has JavaScript's
// thread make the engine then.
class Opening final : public Napi::AsyncWorker {
 public:
  Opening(Napi::Env env, Napi::Function engine, CorePlan plan)
      : Napi::AsyncWorker(env), settlement_(env), engine_(Napi::Persistent(engine)), plan_(std::move(plan)) {}

  Napi::Value Promise() const { return settlement_.Promise(); }

 protected:
  void Execute() override {
    try {
      core_ = MakeCore(plan_);
    } catch (const Error& error) {
      refusal_ = error;
    }
  }

  void OnOK() override {
    if (refusal_.has_value()) {
      settlement_.Reject(*refusal_);
    } else {
      settlement_.Resolve(engine_.New({OpenedCore::New(Env(), &core_)}));
    }
  }

  void OnError(const Napi::Error& error) override {
    settlement_.Reject(Error(ErrorCode::kSystem, error.Message()));
  }

 private:
  Settlement settlement_;
  Napi::FunctionReference engine_;
  CorePlan plan_;
  CorePointer core_;
  std::optional<Error> refusal_;
};

class Engine final : public Napi::ObjectWrap<Engine> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Engine",
                       {StaticMethod("open", &Engine::Open),
                        InstanceAccessor<&Engine::KernelName>("kernel"),
                        InstanceMethod("loadIris", &Engine::Guarded<&Engine::LoadIris>),
                        InstanceMethod("loadDeleted", &Engine::Guarded<&Engine::LoadDeleted>),
                        InstanceMethod("loadCopyChunk", &Engine::Guarded<&Engine::LoadCopyChunk>),
                        InstanceMethod("closeCopy", &Engine::Guarded<&Engine::CloseCopy>),
                        InstanceMethod("reserve", &Engine::Promised<&Engine::Reserve>),
                        InstanceMethod("unreserve", &Engine::Guarded<&Engine::Unreserve>),
                        InstanceMethod("publish", &Engine::Guarded<&Engine::Publish>),
                        InstanceMethod("erase", &Engine::Guarded<&Engine::Erase>),
                        InstanceMethod("prepareQueries", &Engine::Promised<&Engine::PrepareQueries>),
                        InstanceMethod("recordOfQuery", &Engine::Guarded<&Engine::RecordOfQuery>),
                        InstanceMethod("releaseQueries", &Engine::Guarded<&Engine::ReleaseQueries>),
                        InstanceMethod("readIris", &Engine::Guarded<&Engine::ReadIris>),
                        InstanceMethod("evaluate", &Engine::Promised<&Engine::Evaluate>),
                        InstanceMethod("closeSearch", &Engine::Guarded<&Engine::CloseSearch>),
                        InstanceMethod("closeStream", &Engine::Guarded<&Engine::CloseStream>),
                        InstanceMethod("compareQueries", &Engine::Promised<&Engine::CompareQueries>),
                        InstanceMethod("scan", &Engine::Promised<&Engine::StartScan>),
                        InstanceMethod("scanWhenIdle", &Engine::Promised<&Engine::StartIdleScan>),
                        InstanceMethod("cancelScan", &Engine::Guarded<&Engine::CancelScan>),
                        InstanceMethod("counters", &Engine::Guarded<&Engine::Counters>),
                        InstanceMethod("placement", &Engine::Guarded<&Engine::Placement>),
                        InstanceMethod("close", &Engine::Close)});
  }

  // With options, or with what an Opening made of them.
  explicit Engine(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Engine>(info) {
    try {
      core_ = info[0].IsExternal() ? *info[0].As<OpenedCore>().Data() : MakeCore(ToCorePlan(info[0]));
      mailbox_ = std::make_shared<Mailbox>(info.Env());
      // Workers report to this object: it lives until it is closed.
      Ref();
    } catch (const Error& error) {
      throw ToJavaScript(info.Env(), error);
    }
  }

 private:
  using Method = Napi::Value (Engine::*)(const Napi::CallbackInfo&);

  // open(options): a promise of an engine.
  static Napi::Value Open(const Napi::CallbackInfo& info) {
    try {
      // It deletes itself when it is done.
      auto* opening = new Opening(info.Env(), info.This().As<Napi::Function>(), ToCorePlan(info[0]));
      opening->Queue();
      return opening->Promise();
    } catch (const Error& error) {
      throw ToJavaScript(info.Env(), error);
    }
  }

  // Turns the core's errors into JavaScript's, and refuses a closed engine.
  template <Method method>
  Napi::Value Guarded(const Napi::CallbackInfo& info) {
    try {
      if (core_ == nullptr) throw Error(ErrorCode::kSystem, "the engine is closed");
      return (this->*method)(info);
    } catch (const Error& error) {
      throw ToJavaScript(info.Env(), error);
    }
  }

  // The same for methods that promise: their errors reject.
  template <Method method>
  Napi::Value Promised(const Napi::CallbackInfo& info) {
    try {
      if (core_ == nullptr) throw Error(ErrorCode::kSystem, "the engine is closed");
      return (this->*method)(info);
    } catch (const Error& error) {
      Settlement settlement(info.Env());
      settlement.Reject(error);
      return settlement.Promise();
    }
  }

  Napi::Value KernelName(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), core_ == nullptr ? "" : core_->kernel.name);
  }

  // --- the gallery ---

  static IrisPlanes ToRecord(const Napi::Value& value) {
    const auto record = ToBytes(value, "record");
    if (record.size() != sizeof(IrisPlanes)) {
      throw Error(ErrorCode::kInvalidArgument, "record: " + std::to_string(record.size()) +
                                                   " bytes, expected " + std::to_string(sizeof(IrisPlanes)));
    }
    IrisPlanes iris;
    std::memcpy(&iris, record.data(), sizeof(IrisPlanes));
    return iris;
  }

  Napi::Value LoadIris(const Napi::CallbackInfo& info) {
    LoadInto(ToSerialId(info[0]), ToVersion(info[1]), ToRecord(info[2]));
    return info.Env().Undefined();
  }

  void LoadInto(std::uint32_t serial_id, std::uint16_t version, const IrisPlanes& iris) {
    while (!core_->gallery.Reserve(1)) {
      const std::lock_guard growing(core_->growing);
      core_->gallery.Grow();
    }
    core_->gallery.Publish(serial_id, version, iris);
  }

  Napi::Value LoadDeleted(const Napi::CallbackInfo& info) { return Erase(info); }

  Napi::Value LoadCopyChunk(const Napi::CallbackInfo& info) {
    CopyReader& reader = copies_[ToKey(info[0], "copy")];
    std::vector<CopiedRow> rows;
    reader.Feed(ToBytes(info[1], "chunk"), [this, &rows](const CopiedRow& row, const IrisPlanes& iris) {
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
    iris.Set("record", ToBuffer(info.Env(), std::vector<EyePlanes>{*eyes[0], *eyes[1]}));
    return iris;
  }

  // --- queries ---

  Napi::Value PrepareQueries(const Napi::CallbackInfo& info) {
    const auto bytes = ToBytes(info[0], "probes");
    if (bytes.empty() || bytes.size() % kProbeBytes != 0) {
      throw Error(ErrorCode::kInvalidArgument, "probes: " + std::to_string(bytes.size()) +
                                                   " bytes do not hold whole probes of " +
                                                   std::to_string(kProbeBytes));
    }
    const auto settlement = std::make_shared<Settlement>(info.Env());
    auto probes = std::make_shared<std::vector<std::uint8_t>>(bytes.begin(), bytes.end());
    core_->pools->Submit(Side::kLeft, Lane::kSearch,
                         [core = core_, mailbox = mailbox_, settlement, probes](WorkerContext&) {
                           std::vector<std::shared_ptr<const Query>> prepared;
                           try {
                             for (std::size_t index = 0; index * kProbeBytes < probes->size(); ++index) {
                               const std::span<const std::uint8_t, kProbeBytes> probe(
                                   probes->data() + index * kProbeBytes, kProbeBytes);
                               prepared.push_back(std::make_shared<Query>(DecodeProbe(probe, index)));
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
    const IrisPlanes iris = ToQuery(info[0], core_->queries)->Iris();
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

  // The searches of one stream by their ids. Touched on the JavaScript thread only.
  using Searches = std::map<std::int64_t, std::shared_ptr<Search>>;

  struct StepKey {
    std::int64_t search_id;
    bool close;
  };

  // Checks one step at the border; a refused one carries its answer already. All is read before anything is
  // changed: a step that is wrong in one place leaves no search behind.
  Step Admit(Searches& searches, const Napi::Value& value, StepKey& key) {
    Step step;
    try {
      const Napi::Object given = ToObject(value, "step");
      key.search_id = ToKey(given.Get("searchId"), "search_id");
      key.close = ToSwitch(given.Get("close"), "close");
      step.candidates = UnpackIds(ToBytes(given.Get("candidates"), "candidates"));
      step.with_distances = ToSwitch(given.Get("withDistances"), "with_distances");
      step.deadline_microseconds = ToMicroseconds(given.Get("deadlineMicroseconds"), "deadline_microseconds");
      const Napi::Value open = given.Get("open");
      if (!open.IsNull()) {
        if (searches.contains(key.search_id)) {
          throw Error(ErrorCode::kInvalidArgument, "search_id: this search is open already on this stream");
        }
        searches[key.search_id] = std::make_shared<Search>(ToSearchTerms(open, core_->queries));
      }
    } catch (const Error& error) {
      step.answer.outcome =
          error.code() == ErrorCode::kUnknownQuery ? StepOutcome::kUnknownQuery : StepOutcome::kInvalid;
      step.answer.detail = error.what();
      return step;
    }
    const auto found = searches.find(key.search_id);
    if (found == searches.end()) {
      step.answer.outcome = StepOutcome::kUnknownSearch;
      step.answer.detail = "search_id: this search is not open on this stream";
    } else if (found->second->busy) {
      step.answer.outcome = StepOutcome::kInvalid;
      step.answer.detail = "search_id: the step before this one is not answered yet";
    } else {
      step.search = found->second;
      step.search->busy = true;
    }
    return step;
  }

  Napi::Value Evaluate(const Napi::CallbackInfo& info) {
    const std::int64_t stream = ToKey(info[0], "stream");
    const Napi::Array given = ToArray(info[1], "steps");
    Searches& searches = streams_[stream];
    std::vector<Step> steps;
    std::vector<StepKey> keys(given.Length(), StepKey{-1, false});
    for (std::uint32_t index = 0; index < given.Length(); ++index) {
      steps.push_back(Admit(searches, given.Get(index), keys[index]));
    }
    const auto settlement = std::make_shared<Settlement>(info.Env());
    const auto evaluation = std::make_shared<Evaluation>(core_->GetWorkshop(), std::move(steps));
    evaluation->Start([this, core = core_, mailbox = mailbox_, settlement, stream,
                       keys = std::move(keys)](const std::shared_ptr<Evaluation>& done) {
      mailbox->Post([this, core, settlement, stream, keys, done](Napi::Env env) {
        FinishSteps(stream, keys, *done);
        settlement->Resolve(FromEvaluation(env, *done));
      });
    });
    return settlement->Promise();
  }

  // Frees the searches that were to be closed or whose step failed. Meanwhile the stream may have been
  // closed, and another search opened under the same id: that one stays.
  void FinishSteps(std::int64_t stream, const std::vector<StepKey>& keys, Evaluation& done) {
    const auto searches = streams_.find(stream);
    for (std::size_t index = 0; index < keys.size(); ++index) {
      Step& step = done.steps()[index];
      if (step.search == nullptr) continue;
      step.search->busy = false;
      const bool over = keys[index].close || step.answer.outcome != StepOutcome::kOk;
      if (!over || searches == streams_.end()) continue;
      const auto held = searches->second.find(keys[index].search_id);
      if (held != searches->second.end() && held->second == step.search) searches->second.erase(held);
    }
  }

  static Napi::Object FromEvaluation(Napi::Env env, Evaluation& done) {
    Napi::Array answers = Napi::Array::New(env, done.steps().size());
    for (std::uint32_t index = 0; index < done.steps().size(); ++index) {
      answers.Set(index, FromAnswer(env, done.steps()[index].answer));
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("startedMicroseconds", done.started_microseconds());
    object.Set("finishedMicroseconds", done.finished_microseconds());
    object.Set("answers", answers);
    return object;
  }

  Napi::Value CloseSearch(const Napi::CallbackInfo& info) {
    const auto stream = streams_.find(ToKey(info[0], "stream"));
    if (stream != streams_.end()) stream->second.erase(ToKey(info[1], "search_id"));
    return info.Env().Undefined();
  }

  Napi::Value CloseStream(const Napi::CallbackInfo& info) {
    streams_.erase(ToKey(info[0], "stream"));
    return info.Env().Undefined();
  }

  Napi::Value CompareQueries(const Napi::CallbackInfo& info) {
    const Napi::Array handles = ToArray(info[0], "query_handles");
    const Napi::Object terms = ToObject(info[1], "window");
    struct Comparison {
      std::vector<std::shared_ptr<const Query>> queries;
      std::vector<std::vector<std::uint8_t>> rows;
      std::atomic<std::size_t> left{0};
    };
    const auto comparison = std::make_shared<Comparison>();
    for (std::uint32_t index = 0; index < handles.Length(); ++index) {
      comparison->queries.push_back(ToQuery(handles.Get(index), core_->queries));
    }
    const RotationWindow window = ToWindow(terms);
    const std::uint32_t limit = ToMatchLimit(terms);
    const auto settlement = std::make_shared<Settlement>(info.Env());
    const std::size_t rows = comparison->queries.size();
    if (rows < 2) throw Error(ErrorCode::kInvalidArgument, "query_handles: at least 2 are compared");
    comparison->rows.resize(rows);
    comparison->left = rows;
    for (std::size_t row = 0; row < rows; ++row) {
      const Side side = row % 2 == 0 ? Side::kLeft : Side::kRight;
      core_->pools->Submit(
          side, Lane::kSearch,
          [core = core_, mailbox = mailbox_, settlement, comparison, row, window, limit](WorkerContext&) {
            comparison->rows[row] = MatchBitsWithLater(comparison->queries, row, window, limit, core->kernel);
            if (comparison->left.fetch_sub(1) != 1) return;
            std::vector<std::uint8_t> bits;
            for (const auto& part : comparison->rows) bits.insert(bits.end(), part.begin(), part.end());
            mailbox->Post([settlement, bits = std::move(bits)](Napi::Env env) {
              settlement->Resolve(ToBuffer(env, bits));
            });
          });
    }
    return settlement->Promise();
  }

  Napi::Value StartScan(const Napi::CallbackInfo& info) {
    return Scanning(info, ScanManner::kAwaited, ToSwitch(info[1], "with_distances"), ToKey(info[2], "token"));
  }

  Napi::Value StartIdleScan(const Napi::CallbackInfo& info) {
    return Scanning(info, ScanManner::kIdle, false, ToKey(info[1], "token"));
  }

  Napi::Value Scanning(const Napi::CallbackInfo& info, ScanManner manner, bool with_distances,
                       std::int64_t token) {
    const Napi::Array given = ToArray(info[0], "searches");
    if (scans_.contains(token)) {
      throw Error(ErrorCode::kInvalidArgument, "token: a scan runs under it already");
    }
    std::vector<SearchTerms> searches;
    for (std::uint32_t index = 0; index < given.Length(); ++index) {
      searches.push_back(ToSearchTerms(given.Get(index), core_->queries));
    }
    const auto settlement = std::make_shared<Settlement>(info.Env());
    const auto scan = std::make_shared<Scan>(core_->GetWorkshop(), std::move(searches), manner);
    scans_[token] = scan;
    scan->Start([this, core = core_, mailbox = mailbox_, settlement, token,
                 with_distances](const std::shared_ptr<Scan>& done) {
      mailbox->Post([this, core, settlement, token, with_distances, done](Napi::Env env) {
        scans_.erase(token);
        FinishScan(env, *settlement, *done, with_distances);
      });
    });
    return settlement->Promise();
  }

  static void FinishScan(Napi::Env env, Settlement& settlement, Scan& done, bool with_distances) {
    if (done.outcome() == ScanOutcome::kCancelled) {
      settlement.Reject(Error(ErrorCode::kCancelled, "the scan was cancelled"));
    } else if (done.outcome() == ScanOutcome::kUnknownQuery) {
      settlement.Reject(Error(ErrorCode::kUnknownQuery, "the stored query is not current"));
    } else {
      Napi::Array answers = Napi::Array::New(env, done.answers().size());
      for (std::uint32_t index = 0; index < done.answers().size(); ++index) {
        answers.Set(index, FromScan(env, done.answers()[index], with_distances));
      }
      settlement.Resolve(answers);
    }
  }

  Napi::Value CancelScan(const Napi::CallbackInfo& info) {
    const auto scan = scans_.find(ToKey(info[0], "token"));
    if (scan != scans_.end()) scan->second->Cancel();
    return info.Env().Undefined();
  }

  // --- what is where ---

  Napi::Value Counters(const Napi::CallbackInfo& info) {
    std::size_t open = 0;
    for (const auto& [stream, searches] : streams_) open += searches.size();
    Napi::Object counters = Napi::Object::New(info.Env());
    counters.Set("left", FromCounters(info.Env(), core_->pools->Counters(Side::kLeft)));
    counters.Set("right", FromCounters(info.Env(), core_->pools->Counters(Side::kRight)));
    counters.Set("distances", static_cast<double>(core_->distances.load()));
    counters.Set("queries", static_cast<double>(core_->queries.size()));
    counters.Set("openSearches", static_cast<double>(open));
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
    for (const auto& [token, scan] : scans_) scan->Cancel();
    std::thread([this, core = std::move(core_), mailbox = mailbox_, settlement]() mutable {
      core->pools.reset();
      for (std::uint32_t left = core->growths; left != 0; left = core->growths) core->growths.wait(left);
      mailbox->Post([this, core = std::move(core), mailbox, settlement](Napi::Env env) {
        streams_.clear();
        mailbox->Close();
        settlement->Resolve(env.Undefined());
        Unref();
      });
    }).detach();
    core_ = nullptr;
    return settlement->Promise();
  }

  std::shared_ptr<Core> core_;
  std::shared_ptr<Mailbox> mailbox_;
  std::map<std::int64_t, Searches> streams_;
  std::map<std::int64_t, std::shared_ptr<Scan>> scans_;
  // Tables being loaded.
  std::map<std::int64_t, CopyReader> copies_;
};

}  // namespace

void RegisterEngine(Napi::Env env, Napi::Object exports) { exports.Set("Engine", Engine::Define(env)); }

}  // namespace irispair::addon
