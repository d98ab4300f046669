#include "core/protocol/programs/dot_products.h"

#include <string>

#include "core/system/error.h"

namespace irispair {
namespace {

void CheckSize(const char* field, std::size_t size, const DotProducts& dots) {
  if (size == dots.pairs * dots.rotations) return;
  throw Error(ErrorCode::kInvalidArgument, std::string(field) + ": " + std::to_string(size) +
                                               " values where " + std::to_string(dots.pairs) + " pairs at " +
                                               std::to_string(dots.rotations) +
                                               " rotations are to be compared");
}

std::vector<std::uint16_t> ByRotation(const std::vector<std::uint16_t>& values, const DotProducts& dots) {
  std::vector<std::uint16_t> ordered(values.size());
  for (std::size_t pair = 0; pair < dots.pairs; ++pair) {
    for (std::size_t rotation = 0; rotation < dots.rotations; ++rotation) {
      ordered[rotation * dots.pairs + pair] = values[pair * dots.rotations + rotation];
    }
  }
  return ordered;
}

}  // namespace

void CheckDotProducts(const DotProducts& dots) {
  if (dots.rotations == 0) throw Error(ErrorCode::kInvalidArgument, "rotations: at least 1");
  CheckSize("code", dots.code.size(), dots);
  CheckSize("mask", dots.mask.size(), dots);
}

void CheckMatchLimit(std::uint32_t match_limit) {
  if (match_limit > kHighestMatchLimit) {
    throw Error(ErrorCode::kInvalidArgument, "match_limit: " + std::to_string(match_limit) + " is above " +
                                                 std::to_string(kHighestMatchLimit));
  }
}

DotProducts OrderByRotation(const DotProducts& dots) {
  if (dots.rotations == 1) return dots;
  return {dots.pairs, dots.rotations, ByRotation(dots.code, dots), ByRotation(dots.mask, dots)};
}

std::vector<std::uint16_t> Joined(const DotProducts& dots) {
  std::vector<std::uint16_t> joined(dots.code);
  joined.insert(joined.end(), dots.mask.begin(), dots.mask.end());
  return joined;
}

}  // namespace irispair
