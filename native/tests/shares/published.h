// The published vectors: templates, their shares, and what their dot products must be.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/shares/share_record.h"
#include "tests/kernels/naive.h"

namespace irispair::published {

struct Pair {
  std::string probe;
  std::string gallery;
  // Rotations -15..15: differing bits and bits unmasked in both.
  std::vector<std::array<int, 2>> normal;
  std::vector<std::array<int, 2>> mirrored;
};

struct SharedPair {
  std::string query;
  std::string gallery;
  int code_dot = 0;
  int mask_dot = 0;
  // Of each party, at rotation 0.
  std::array<std::uint16_t, kShareParties> code_dots{};
  std::array<std::uint16_t, kShareParties> mask_dots{};
};

struct Vectors {
  std::map<std::string, naive::Template> templates;
  std::map<std::string, std::array<ShareRecord, kShareParties>> shares;
  std::vector<Pair> pairs;
  std::vector<SharedPair> shared_pairs;
};

const Vectors& Read();

}  // namespace irispair::published
