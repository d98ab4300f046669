#include "core/protocol/open_bits.h"

#include "core/protocol/bit_slices.h"

namespace irispair {

Protocol<std::vector<std::uint64_t>> OpenBits(Party& party, const SharedBits& bits, std::size_t count) {
  const std::size_t bytes = (count + 7) / 8;
  const std::vector<std::uint64_t> summands = BitRun(bits.previous, 0, count);
  MessageWriter message(bytes);
  message.Append(std::span(reinterpret_cast<const std::uint8_t*>(summands.data()), bytes));
  const std::span<const std::uint8_t> received = co_await party.Exchange(message.Take(), bytes);
  std::vector<std::uint64_t> opened(WordsOf(count));
  if (bytes > 0) std::memcpy(opened.data(), received.data(), bytes);
  for (std::size_t word = 0; word < opened.size(); ++word)
    opened[word] ^= bits.own[word] ^ bits.previous[word];
  std::vector<std::uint64_t> run = BitRun(opened, 0, count);
  co_return run;
}

}  // namespace irispair
