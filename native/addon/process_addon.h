// Where this process runs: binding by restart, and dying with the parent.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterProcess(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
