#include "core/system/memory_policy.h"

namespace irispair {

const char* PolicyName(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::kBind:
      return "bind";
    case PolicyKind::kPreferred:
      return "preferred";
    case PolicyKind::kInterleave:
      return "interleave";
    case PolicyKind::kDefault:
      return "default";
  }
  return "default";
}

std::string Describe(const MemoryPolicy& policy) {
  std::string text = PolicyName(policy.kind);
  const char* separator = policy.nodes.size() > 1 ? " on nodes " : " on node ";
  for (const int node : policy.nodes) {
    text += separator + std::to_string(node);
    separator = ", ";
  }
  return text;
}

}  // namespace irispair
