#include "core/protocol/protocol_run.h"

#include <string>

#include "core/system/error.h"

namespace irispair {

std::optional<Bytes> ProtocolRun::Advance(std::span<const std::uint8_t> received) {
  if (stage_ == Stage::kOver) throw Error(ErrorCode::kPartyFailed, "this run of a protocol is over");
  const bool first = stage_ == Stage::kNew;
  const std::size_t due = first ? 0 : party_.expected_;
  // Whatever goes wrong from here on, nothing is computed from it.
  stage_ = Stage::kOver;
  if (received.size() != due) {
    throw Error(ErrorCode::kPartyFailed, "round " + std::to_string(rounds_) + ": the previous party sent " +
                                             std::to_string(received.size()) + " bytes where " +
                                             std::to_string(due) + " were due");
  }
  const std::coroutine_handle<> outermost = Outermost();
  party_.received_ = received;
  (first ? outermost : party_.waiting_).resume();
  party_.received_ = {};
  if (outermost.done()) {
    End();
    return std::nullopt;
  }
  stage_ = Stage::kWaiting;
  Bytes message = std::move(*party_.outgoing_);
  party_.outgoing_.reset();
  ++rounds_;
  sent_bytes_ += message.size();
  return message;
}

}  // namespace irispair
