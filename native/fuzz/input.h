// Reads a fuzzer's bytes as numbers and runs of bytes. Short inputs reach as deep as long ones: runs repeat
// what is there, and numbers are 0 when nothing is left.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace irispair::fuzz {

// Stops with the sanitizer's stack and libFuzzer's input.
inline void Require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  std::size_t left() const { return bytes_.size(); }

  std::uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }

  // 0 to most.
  std::uint32_t Number(std::uint32_t most) { return (std::uint32_t{Byte()} << 8 | Byte()) % (most + 1); }

  // At most `count`, as they are.
  std::span<const std::uint8_t> Take(std::size_t count) {
    const auto taken = bytes_.first(std::min(count, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

  // Exactly `count`: the next `period` over and over, where period is read first.
  std::vector<std::uint8_t> Repeat(std::size_t count) {
    const std::size_t period = 1 + Number(static_cast<std::uint32_t>(count) - 1);
    const auto pattern = Take(period);
    std::vector<std::uint8_t> run(count);
    for (std::size_t index = 0; index < count && !pattern.empty(); ++index) {
      run[index] = pattern[index % pattern.size()];
    }
    return run;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace irispair::fuzz
