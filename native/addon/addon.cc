// The Node-API layer: the one place where JavaScript and the native core meet.
#include <napi.h>

#include "addon/compare_addon.h"
#include "addon/engine_addon.h"
#include "addon/group_addon.h"
#include "addon/lock_addon.h"
#include "addon/memory_addon.h"
#include "addon/process_addon.h"
#include "addon/shared_engine_addon.h"
#include "addon/shares_addon.h"

namespace {

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  irispair::addon::RegisterEngine(env, exports);
  irispair::addon::RegisterSharedEngine(env, exports);
  irispair::addon::RegisterProcess(env, exports);
  irispair::addon::RegisterLock(env, exports);
  irispair::addon::RegisterMemory(env, exports);
  irispair::addon::RegisterGroup(env, exports);
  irispair::addon::RegisterCompare(env, exports);
  irispair::addon::RegisterShares(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(irispair_native, Initialise)
