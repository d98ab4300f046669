// From worker threads to the JavaScript thread.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "addon/conversions.h"
#include "core/system/error.h"

namespace irispair::addon {

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

}  // namespace irispair::addon
