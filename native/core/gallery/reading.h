// Which workers may still be reading what was there before: epochs, so that readers never wait.
//
// A reader enters with the epoch of that moment. What is withdrawn is withdrawn in an epoch, which then ends;
// it may be reused once no reader is left that entered in that epoch or before.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace irispair {

class ReadingEpochs {
 public:
  explicit ReadingEpochs(std::size_t readers) : entered_(readers) {}

  // Between construction and destruction nothing that the reader can find is reused.
  class Section {
   public:
    Section(ReadingEpochs& epochs, std::size_t reader) : entered_(epochs.entered_[reader].epoch) {
      entered_.store(epochs.current_.load());
    }
    ~Section() { entered_.store(kNotReading); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

   private:
    std::atomic<std::uint64_t>& entered_;
  };

  // Ends the current epoch and returns it. Called after something was withdrawn.
  std::uint64_t End() { return current_.fetch_add(1); }

  // Whether no reader is left that entered in `epoch` or before.
  bool Over(std::uint64_t epoch) const {
    for (const Entered& reader : entered_) {
      const std::uint64_t entered = reader.epoch.load();
      if (entered != kNotReading && entered <= epoch) return false;
    }
    return true;
  }

 private:
  static constexpr std::uint64_t kNotReading = 0;

  struct alignas(64) Entered {
    std::atomic<std::uint64_t> epoch{kNotReading};
  };

  std::atomic<std::uint64_t> current_{1};
  std::vector<Entered> entered_;
};

}  // namespace irispair
