#include "addon/run_object.h"

#include <utility>

#include "addon/conversions.h"

namespace irispair::addon {

Napi::Object RunObject::Make(Napi::Env env, Parts parts) {
  const std::shared_ptr<RunObject> run(new RunObject(std::move(parts)));
  run->parts_.open->insert(run);
  Napi::Object object = Napi::Object::New(env);
  object.Set("advance",
             Napi::Function::New(
                 env, [run](const Napi::CallbackInfo& info) { return run->Advance(info); }, "advance"));
  object.Set("abandon", Napi::Function::New(
                            env, [run](const Napi::CallbackInfo&) { run->Abandon(); }, "abandon"));
  return object;
}

Napi::Value RunObject::Advance(const Napi::CallbackInfo& info) {
  const auto settlement = std::make_shared<Settlement>(info.Env());
  try {
    if (over_.has_value()) throw *over_;
    const auto received = ToBytes(info[0], "received");
    if (is_working_) {
      throw Error(ErrorCode::kInvalidArgument, "received: the message before this one is still worked on");
    }
    parts_.run->Advance(
        {received.begin(), received.end()}, [self = shared_from_this(), core = parts_.core,
                                             mailbox = parts_.mailbox, settlement](RunProgress progress) {
          mailbox->Post([self, core, settlement, progress = std::move(progress)](Napi::Env env) {
            self->Reported(env, *settlement, progress);
          });
        });
    is_working_ = true;
  } catch (const Error& error) {
    settlement->Reject(error);
  }
  return settlement->Promise();
}

void RunObject::Reported(Napi::Env env, Settlement& settlement, const RunProgress& progress) {
  is_working_ = false;
  // Meanwhile it may have been abandoned.
  if (over_.has_value()) {
    settlement.Reject(*over_);
    return;
  }
  if (progress.failure.has_value()) {
    over_ = Error(ErrorCode::kInvalidArgument, "received: the run has failed");
    End(RunEnd::kFailed);
    settlement.Reject(*progress.failure);
    return;
  }
  Napi::Object object = Napi::Object::New(env);
  if (progress.message.has_value()) {
    object.Set("message", ToBuffer(env, *progress.message));
  } else {
    object.Set("answer", parts_.answer(env));
    over_ = Error(ErrorCode::kInvalidArgument, "received: the run is over");
    End(RunEnd::kAnswered);
  }
  settlement.Resolve(object);
}

void RunObject::Abandon() {
  if (over_.has_value()) return;
  over_ = Error(ErrorCode::kCancelled, "the run was abandoned");
  parts_.run->Abandon();
  End(RunEnd::kFailed);
}

void RunObject::Close() {
  if (over_.has_value()) return;
  over_ = Error(ErrorCode::kSystem, "the engine is closed");
  parts_.run->Abandon();
  End(RunEnd::kFailed);
}

void RunObject::End(RunEnd end) {
  const Parts parts = std::exchange(parts_, {});
  parts.settle(end);
  parts.open->erase(shared_from_this());
}

}  // namespace irispair::addon
