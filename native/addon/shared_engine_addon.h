// The engine of secret-shared mode as a JavaScript class: converts and schedules, nothing else.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterSharedEngine(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
