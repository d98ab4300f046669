// Offline comparison of two templates, for the command line and for the published vectors.
#pragma once

#include <napi.h>

namespace irispair::addon {

void RegisterCompare(Napi::Env env, Napi::Object exports);

}  // namespace irispair::addon
