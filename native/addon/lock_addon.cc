#include "addon/lock_addon.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include "addon/conversions.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

// Whether the path still names the open file: its last holder may have removed it before this lock was taken.
bool IsAt(const std::string& path, int file) {
  struct stat opened {};
  struct stat named {};
  return fstat(file, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

// lockFile(path): number to give to unlockFile, or null when the lock is held already.
Napi::Value LockFile(const Napi::CallbackInfo& info) {
  try {
    const std::string path = ToText(info[0], "path");
    while (true) {
      const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
      const bool locked = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0;
      const int problem = errno;
      if (locked && IsAt(path, file)) return Napi::Number::New(info.Env(), file);
      if (file >= 0) close(file);
      if (locked) continue;
      if (problem == EWOULDBLOCK) return info.Env().Null();
      throw Error(ErrorCode::kSystem, "lock " + path + ": " + std::strerror(problem));
    }
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
