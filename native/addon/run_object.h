// A run of a protocol as a JavaScript object: `advance` and `abandon`. Touched on the JavaScript thread only.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "addon/mailbox.h"
#include "core/shared_search/party_run.h"

namespace irispair::addon {

// How a run ended.
enum class RunEnd { kAnswered, kFailed };

class RunObject : public std::enable_shared_from_this<RunObject> {
 public:
  // The runs of one engine that are not over.
  using Open = std::set<std::shared_ptr<RunObject>>;

  struct Parts {
    // What the run works on, kept while a call works.
    std::shared_ptr<void> core;
    std::shared_ptr<Mailbox> mailbox;
    // Holds the object until the run is over.
    std::shared_ptr<Open> open;
    std::shared_ptr<PartyRun> run;
    // Called once, when the run is over in any way.
    std::function<void(RunEnd)> settle;
    // Of a run that was answered.
    std::function<Napi::Value(Napi::Env)> answer;
  };

  static Napi::Object Make(Napi::Env env, Parts parts);

  // The engine is being closed: what works at this moment is dropped when it ends, and nothing follows.
  void Close();

 private:
  explicit RunObject(Parts parts) : parts_(std::move(parts)) {}

  Napi::Value Advance(const Napi::CallbackInfo& info);
  void Abandon();
  void Reported(Napi::Env env, Settlement& settlement, const RunProgress& progress);
  void End(RunEnd end);

  // Let go when the run is over.
  Parts parts_;
  // Whether a call is not reported to JavaScript yet.
  bool is_working_ = false;
  // Why a further call is refused.
  std::optional<Error> over_;
};

}  // namespace irispair::addon
