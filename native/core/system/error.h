// What went wrong, for callers that turn it into their own kind of error.
#pragma once

#include <stdexcept>
#include <string>

namespace irispair {

// Code of an Error; the Node-API layer gives it to JavaScript under the same name.
enum class ErrorCode {
  kInvalidArgument,
  kCapacityExhausted,
  kHugepagesRequired,
  kBindingRefused,
  kUnknownQuery,
  kCancelled,
  kPartyFailed,
  kSystem,
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace irispair
