#include "addon/engine_addon.h"

#include <map>
#include <memory>

#include "addon/engine_base.h"
#include "core/search/batch_compare.h"

namespace irispair::addon {
namespace {

template <typename EyeOfShape>
struct PlainCore : CoreParts<EyeOfShape, BasicQuery<EyeOfShape>, BasicSearch<EyeOfShape>> {
  using Eye = EyeOfShape;
  using Query = BasicQuery<Eye>;
  using Kernel = BasicKernel<Eye>;

  struct Plan {
    PoolPlan left;
    PoolPlan right;
    ArenaPlan arena;
    const Kernel* kernel;
  };

  static Plan ToPlan(const Napi::Value& value) {
    const Napi::Object options = ToObject(value, "options");
    if (ToColumns(options.Get("columns")) != Eye::kColumns) {
      throw Error(ErrorCode::kInvalidArgument,
                  "columns: this class is of " + std::to_string(Eye::kColumns) + " columns");
    }
    const Kernel* kernel = &BestKernel<Eye>();
    if (!options.Get("kernel").IsNull()) {
      const std::string name = ToText(options.Get("kernel"), "kernel");
      kernel = FindKernel<Eye>(name);
      if (kernel == nullptr)
        throw Error(ErrorCode::kInvalidArgument, "kernel: this CPU does not run " + name);
    }
    return {ToPoolPlan(options.Get("left"), "left"), ToPoolPlan(options.Get("right"), "right"),
            ToArenaPlan(options.Get("arena")), kernel};
  }

  explicit PlainCore(const Plan& plan)
      : CoreParts<Eye, Query, BasicSearch<Eye>>(plan.left, plan.right, plan.arena), kernel(*plan.kernel) {}

  static constexpr std::size_t kProbeBytes = irispair::kProbeBytes<Eye>;

  static std::shared_ptr<const Query> Prepare(std::span<const std::uint8_t, kProbeBytes> probe,
                                              std::size_t index) {
    return std::make_shared<Query>(DecodeProbe<Eye>(probe, index));
  }

  const char* kernel_name() const { return kernel.name; }
  BasicWorkshop<Eye> GetWorkshop() { return {this->gallery, *this->pools, kernel, this->distances}; }

  const Kernel& kernel;
};

// One class for each shape: what it compares is compiled for its columns.
template <typename Eye>
class Engine final : public EngineBase<Engine<Eye>, PlainCore<Eye>> {
 public:
  using Base = EngineBase<Engine<Eye>, PlainCore<Eye>>;
  using Base::Base;

  static Napi::Function Define(Napi::Env env, const char* name) {
    std::vector<typename Base::Property> properties = Base::CommonProperties();
    properties.insert(
        properties.end(),
        {Engine::InstanceMethod("evaluate", &Engine::template Promised<&Engine::Evaluate>),
         Engine::InstanceMethod("compareQueries", &Engine::template Promised<&Engine::CompareQueries>),
         Engine::InstanceMethod("scan", &Engine::template Promised<&Engine::StartScan>),
         Engine::InstanceMethod("scanWhenIdle", &Engine::template Promised<&Engine::StartIdleScan>),
         Engine::InstanceMethod("cancelScan", &Engine::template Guarded<&Engine::CancelScan>)});
    return Engine::DefineClass(env, name, properties);
  }

  void StopRunning() {
    for (const auto& [token, scan] : scans_) scan->Cancel();
  }

 private:
  using Query = BasicQuery<Eye>;
  using Evaluation = BasicEvaluation<Eye>;
  using Step = typename Evaluation::Step;
  using Scan = BasicScan<Eye>;
  using Base::core_;
  using Base::mailbox_;
  using Base::streams_;

  Napi::Value Evaluate(const Napi::CallbackInfo& info) {
    const std::int64_t stream = ToKey(info[0], "stream");
    const Napi::Array given = ToArray(info[1], "steps");
    std::vector<Step> steps;
    std::vector<StepKey> keys(given.Length(), StepKey{stream, -1, false});
    for (std::uint32_t index = 0; index < given.Length(); ++index) {
      steps.push_back(streams_->Admit(given.Get(index), core_->queries, keys[index]));
    }
    const auto settlement = std::make_shared<Settlement>(info.Env());
    const auto evaluation = std::make_shared<Evaluation>(core_->GetWorkshop(), std::move(steps));
    evaluation->Start([this, core = core_, mailbox = mailbox_, settlement,
                       keys = std::move(keys)](const std::shared_ptr<Evaluation>& done) {
      mailbox->Post([this, core, settlement, keys, done](Napi::Env env) {
        for (std::size_t index = 0; index < keys.size(); ++index) {
          const Step& step = done->steps()[index];
          streams_->Finish(keys[index], step.search, step.answer.outcome);
        }
        settlement->Resolve(FromEvaluation(env, *done));
      });
    });
    return settlement->Promise();
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
            comparison->rows[row] =
                MatchBitsWithLater<Eye>(comparison->queries, row, window, limit, core->kernel);
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
    std::vector<typename BasicSearch<Eye>::Terms> searches;
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

  std::map<std::int64_t, std::shared_ptr<Scan>> scans_;
};

}  // namespace

void RegisterEngine(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", Engine<EyePlanes>::Define(env, "Engine"));
  exports.Set("WideEngine", Engine<WideEyePlanes>::Define(env, "WideEngine"));
}

}  // namespace irispair::addon
