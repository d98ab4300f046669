// Where this process runs: binding by restart, dying with the parent, what others see of it.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterProcess(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
