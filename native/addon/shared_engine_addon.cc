#include "addon/shared_engine_addon.h"

#include <algorithm>
#include <memory>

#include "addon/engine_base.h"
#include "addon/run_object.h"
#include "core/shared_search/comparison_run.h"
#include "core/shared_search/step_run.h"

namespace irispair::addon {
namespace {

struct SharedCore : CoreParts<ShareRecord, ShareQuery, SharedSearch> {
  struct Plan {
    PoolPlan left;
    PoolPlan right;
    ArenaPlan arena;
    const DotKernel* kernel;
    unsigned party;
  };

  static Plan ToPlan(const Napi::Value& value) {
    const Napi::Object options = ToObject(value, "options");
    if (ToColumns(options.Get("columns")) != SharedEye::kColumns) {
      throw Error(ErrorCode::kInvalidArgument, "columns: shares are of codes of " +
                                                   std::to_string(SharedEye::kColumns) +
                                                   " columns: use them in secret-shared mode, or plain mode");
    }
    const DotKernel* kernel = &BestDotKernel();
    if (!options.Get("kernel").IsNull()) {
      const std::string name = ToText(options.Get("kernel"), "kernel");
      kernel = FindDotKernel(name);
      if (kernel == nullptr)
        throw Error(ErrorCode::kInvalidArgument, "kernel: this CPU does not run " + name);
    }
    return {ToPoolPlan(options.Get("left"), "left"), ToPoolPlan(options.Get("right"), "right"),
            ToArenaPlan(options.Get("arena")), kernel,
            static_cast<unsigned>(ToInteger(options.Get("party"), "party", 0, kParties - 1))};
  }

  explicit SharedCore(const Plan& plan)
      : CoreParts(plan.left, plan.right, plan.arena), kernel(*plan.kernel), party(plan.party) {}

  static constexpr std::size_t kProbeBytes = kIrisShareBytes;

  std::shared_ptr<const Query> Prepare(std::span<const std::uint8_t, kProbeBytes> probe,
                                       std::size_t index) const {
    return std::make_shared<Query>(ToIrisShares(probe, "probes[" + std::to_string(index) + "]"), party);
  }

  const char* kernel_name() const { return kernel.name; }
  SharedWorkshop GetWorkshop() { return {gallery, *pools, kernel, distances, party}; }

  const DotKernel& kernel;
  const unsigned party;
};

AesKey ToKeyBytes(const Napi::Value& value, const char* field) {
  const auto bytes = ToBytes(value, field);
  AesKey key;
  if (bytes.size() != key.size()) {
    throw Error(ErrorCode::kInvalidArgument, std::string(field) + ": " + std::to_string(bytes.size()) +
                                                 " bytes, expected " + std::to_string(key.size()));
  }
  std::ranges::copy(bytes, key.begin());
  return key;
}

PairKeys ToPairKeys(const Napi::Value& value) {
  const Napi::Object keys = ToObject(value, "keys");
  return {ToKeyBytes(keys.Get("withNext"), "keys.with_next"),
          ToKeyBytes(keys.Get("withPrevious"), "keys.with_previous")};
}

class SharedEngine final : public EngineBase<SharedEngine, SharedCore> {
 public:
  static Napi::Function Define(Napi::Env env) {
    std::vector<Property> properties = CommonProperties();
    properties.insert(
        properties.end(),
        {InstanceMethod("beginStep", &SharedEngine::Promised<&SharedEngine::BeginStep>),
         InstanceMethod("beginComparison", &SharedEngine::Promised<&SharedEngine::BeginComparison>)});
    return DefineClass(env, "SharedEngine", properties);
  }

  using EngineBase::EngineBase;

  void StopRunning() {
    for (const auto& run : RunObject::Open(*open_)) run->Close();
  }

 private:
  Napi::Value BeginStep(const Napi::CallbackInfo& info) {
    StepKey key{ToKey(info[0], "stream")};
    const PairKeys keys = ToPairKeys(info[2]);
    SharedStep admitted = streams_->Admit(info[1], core_->queries, key);
    if (admitted.search != nullptr && admitted.with_distances) {
      const auto search = std::exchange(admitted.search, nullptr);
      admitted.answer.outcome = StepOutcome::kInvalid;
      admitted.answer.detail = "with_distances: secret-shared mode opens no distances";
      streams_->Finish(key, search, admitted.answer.outcome);
    }
    const auto search = admitted.search;
    const auto run = std::make_shared<StepRun>(core_->GetWorkshop(), keys, std::move(admitted));
    return Begun(
        info.Env(), run,
        [streams = streams_, key, search, run](RunEnd end) {
          streams->Finish(key, search,
                          end == RunEnd::kAnswered ? run->step().answer.outcome : StepOutcome::kPartyFailed);
        },
        [run](Napi::Env env) { return FromAnswer(env, run->step().answer); });
  }

  Napi::Value BeginComparison(const Napi::CallbackInfo& info) {
    const Napi::Array handles = ToArray(info[0], "query_handles");
    const Napi::Object terms = ToObject(info[1], "window");
    const PairKeys keys = ToPairKeys(info[2]);
    std::vector<std::shared_ptr<const Query>> queries;
    for (std::uint32_t index = 0; index < handles.Length(); ++index) {
      queries.push_back(ToQuery(handles.Get(index), core_->queries));
    }
    if (queries.size() < 2 || queries.size() > kMostCompared) {
      throw Error(ErrorCode::kInvalidArgument,
                  "query_handles: " + std::to_string(queries.size()) + " of them, expected 2 to " +
                      std::to_string(kMostCompared) + ": compare smaller batches");
    }
    const auto run = std::make_shared<ComparisonRun>(core_->GetWorkshop(), keys, std::move(queries),
                                                     ToWindow(terms), ToMatchLimit(terms));
    return Begun(
        info.Env(), run, [](RunEnd) {}, [run](Napi::Env env) { return ToBuffer(env, run->bits()); });
  }

  Napi::Value Begun(Napi::Env env, std::shared_ptr<PartyRun> run, std::function<void(RunEnd)> settle,
                    std::function<Napi::Value(Napi::Env)> answer) {
    Settlement settlement(env);
    settlement.Resolve(
        RunObject::Make(env, {core_, mailbox_, open_, std::move(run), std::move(settle), std::move(answer)}));
    return settlement.Promise();
  }

  std::shared_ptr<RunObject::Open> open_ = std::make_shared<RunObject::Open>();
};

}  // namespace

void RegisterSharedEngine(Napi::Env env, Napi::Object exports) {
  exports.Set("SharedEngine", SharedEngine::Define(env));
}

}  // namespace irispair::addon
