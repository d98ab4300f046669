#include "addon/process_addon.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "addon/conversions.h"
#include "core/system/error.h"
#include "core/system/fault_note.h"

namespace irispair::addon {
namespace {

std::vector<std::string> ToTexts(const Napi::Value& value, const char* field) {
  const Napi::Array array = ToArray(value, field);
  std::vector<std::string> texts;
  for (std::uint32_t index = 0; index < array.Length(); ++index) {
    texts.push_back(ToText(array.Get(index), field));
  }
  return texts;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// restrictThread(cpus, policy): { cpus: string, memory: string }, each empty when done, else why it was
// refused. Without a policy (null) memory is left as it is.
Napi::Value RestrictThread(const Napi::CallbackInfo& info) {
  try {
    const std::vector<int> on = ToIntegers(info[0], "cpus");
    const auto policy = info[1].IsNull() ? std::nullopt : std::optional(ToPolicy(info[1]));
    const int cpus = SetThreadCpus(on);
    const int memory = policy.has_value() ? SetThreadPolicy(*policy) : 0;
    Napi::Object refused = Napi::Object::New(info.Env());
    refused.Set("cpus", cpus == 0 ? "" : std::strerror(cpus));
    refused.Set("memory", memory == 0 ? "" : std::strerror(memory));
    return refused;
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// Node marks its own input and outputs to be closed when another program takes over.
void KeepStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int flags = fcntl(stream, F_GETFD);
    if (flags >= 0) fcntl(stream, F_SETFD, flags & ~FD_CLOEXEC);
  }
}

// execute(file, arguments, environment): replaces this process, or throws.
Napi::Value Execute(const Napi::CallbackInfo& info) {
  try {
    const std::string file = ToText(info[0], "file");
    std::vector<std::string> arguments = ToTexts(info[1], "arguments");
    std::vector<std::string> environment = ToTexts(info[2], "environment");
    // Signals that Node blocked or ignored for itself are not the next program's.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    KeepStandardStreams();
    execve(file.c_str(), Pointers(arguments).data(), Pointers(environment).data());
    throw Error(ErrorCode::kSystem, "execve " + file + ": " + std::strerror(errno));
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// exitWithParent(parent): SIGUSR2 when the parent dies; false when it is dead already.
Napi::Value ExitWithParent(const Napi::CallbackInfo& info) {
  try {
    const std::int64_t parent = ToInteger(info[0], "parent", 1, 0x7fff'ffff);
    prctl(PR_SET_PDEATHSIG, SIGUSR2);
    return Napi::Boolean::New(info.Env(), getppid() == parent);
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// keepOutOfDumps(): the kernel writes no core dump of this process, and lets no other of its user read its
// memory.
Napi::Value KeepOutOfDumps(const Napi::CallbackInfo& info) {
  if (prctl(PR_SET_DUMPABLE, 0) != 0) {
    throw ToJavaScript(
        info.Env(), Error(ErrorCode::kSystem, std::string("prctl PR_SET_DUMPABLE: ") + std::strerror(errno)));
  }
  return info.Env().Undefined();
}

// noteStore(directory): names an open store in the line that a fault ends this process with; what forgetStore
// takes.
Napi::Value NoteOpenStore(const Napi::CallbackInfo& info) {
  try {
    return Napi::Number::New(info.Env(), NoteStore(ToText(info[0], "directory")));
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// forgetStore(place): the store is closed.
Napi::Value ForgetClosedStore(const Napi::CallbackInfo& info) {
  try {
    ForgetStore(static_cast<int>(ToInteger(info[0], "place", -1, 0x7fff'ffff)));
    return info.Env().Undefined();
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

// nameThread(name): what the kernel calls the calling thread, 15 bytes at most.
Napi::Value NameThread(const Napi::CallbackInfo& info) {
  try {
    const std::string name = ToText(info[0], "name");
    const int refused = pthread_setname_np(pthread_self(), name.c_str());
    if (refused != 0) throw Error(ErrorCode::kInvalidArgument, "name: " + name + ": 15 bytes at most");
    return info.Env().Undefined();
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

}  // namespace

void RegisterProcess(Napi::Env env, Napi::Object exports) {
  exports.Set("restrictThread", Napi::Function::New(env, RestrictThread));
  exports.Set("execute", Napi::Function::New(env, Execute));
  exports.Set("exitWithParent", Napi::Function::New(env, ExitWithParent));
  exports.Set("keepOutOfDumps", Napi::Function::New(env, KeepOutOfDumps));
  exports.Set("noteStore", Napi::Function::New(env, NoteOpenStore));
  exports.Set("forgetStore", Napi::Function::New(env, ForgetClosedStore));
  exports.Set("nameThread", Napi::Function::New(env, NameThread));
}

}  // namespace irispair::addon
