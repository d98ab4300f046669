// Locks that one process at a time holds, and that the kernel frees with it.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterLock(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
