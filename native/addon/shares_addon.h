// Templates to three parties' shares and back, for clients.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterShares(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
