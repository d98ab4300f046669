// NUMA memory policies, as the kernel knows them.
#pragma once

#include <string>
#include <vector>

namespace irispair {

enum class PolicyKind { kDefault, kBind, kPreferred, kInterleave };

struct MemoryPolicy {
  PolicyKind kind = PolicyKind::kDefault;
  // NUMA node ids; one for kPreferred, none for kDefault.
  std::vector<int> nodes;
};

// `bind`, `preferred`, `interleave` or `default`.
const char* PolicyName(PolicyKind kind);

// Such as `bind to node 1`.
std::string Describe(const MemoryPolicy& policy);

}  // namespace irispair
