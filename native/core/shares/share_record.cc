#include "core/shares/share_record.h"

#include <cstring>

#include "core/system/error.h"

namespace irispair {
namespace {

void RequireLength(std::size_t length, std::size_t expected, const std::string& field) {
  if (length == expected) return;
  throw Error(ErrorCode::kInvalidArgument, field + ": " + std::to_string(length) +
                                               " bytes, expected one party's share of " +
                                               std::to_string(expected) + " bytes");
}

}  // namespace

ShareRecord ToShareRecord(std::span<const std::uint8_t> bytes, const std::string& field) {
  RequireLength(bytes.size(), kShareBytes, field);
  ShareRecord record;
  std::memcpy(&record, bytes.data(), sizeof(record));
  return record;
}

IrisShares ToIrisShares(std::span<const std::uint8_t> bytes, const std::string& field) {
  RequireLength(bytes.size(), kIrisShareBytes, field);
  IrisShares iris;
  std::memcpy(&iris, bytes.data(), sizeof(iris));
  return iris;
}

}  // namespace irispair
