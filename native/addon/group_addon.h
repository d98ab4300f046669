// Groups of users by name, as this machine knows them.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterGroup(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
