#include "addon/lock_addon.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include "addon/conversions.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

// lockFile(path): number to give to unlockFile, or null when the lock is held already.
Napi::Value LockFile(const Napi::CallbackInfo& info) {
  try {
    const std::string path = ToText(info[0], "path");
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) return Napi::Number::New(info.Env(), file);
    const int problem = errno;
    if (file >= 0) close(file);
    if (problem == EWOULDBLOCK) return info.Env().Null();
    throw Error(ErrorCode::kSystem, "lock " + path + ": " + std::strerror(problem));
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

Napi::Value UnlockFile(const Napi::CallbackInfo& info) {
  try {
    close(static_cast<int>(ToInteger(info[0], "lock", 0, std::numeric_limits<int>::max())));
    return info.Env().Undefined();
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

}  // namespace

void RegisterLock(Napi::Env env, Napi::Object exports) {
  exports.Set("lockFile", Napi::Function::New(env, LockFile));
  exports.Set("unlockFile", Napi::Function::New(env, UnlockFile));
}

}  // namespace irispair::addon
