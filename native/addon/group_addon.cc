#include "addon/group_addon.h"

#include <grp.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "addon/conversions.h"
#include "core/system/error.h"

namespace irispair::addon {
namespace {

// groupId(name): number, or null when there is no such group.
Napi::Value GroupId(const Napi::CallbackInfo& info) {
  try {
    const std::string name = ToText(info[0], "name");
    std::vector<char> members(1024);
    group entry{};
    group* found = nullptr;
    int problem = 0;
    while ((problem = getgrnam_r(name.c_str(), &entry, members.data(), members.size(), &found)) == ERANGE) {
      members.resize(2 * members.size());
    }
    if (found != nullptr) return Napi::Number::New(info.Env(), entry.gr_gid);
    // What a group that is not there is answered with differs by where groups are kept.
    if (problem == 0 || problem == ENOENT || problem == ESRCH) return info.Env().Null();
    throw Error(ErrorCode::kSystem, "look up group " + name + ": " + std::strerror(problem));
  } catch (const Error& error) {
    throw ToJavaScript(info.Env(), error);
  }
}

}  // namespace

void RegisterGroup(Napi::Env env, Napi::Object exports) {
  exports.Set("groupId", Napi::Function::New(env, GroupId));
}

}  // namespace irispair::addon
