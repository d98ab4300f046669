// Where the memory of JavaScript's own arrays lies.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterMemory(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
