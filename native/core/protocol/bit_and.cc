#include "core/protocol/bit_and.h"

#include "core/protocol/reshare.h"
#include "core/protocol/wide_loops.h"

namespace irispair {
namespace {

using Word = std::uint64_t;

IRISPAIR_WIDE_LOOPS void Products(std::size_t count, Word* __restrict products,
                                  const Word* __restrict left_own, const Word* __restrict left_previous,
                                  const Word* __restrict right_own, const Word* __restrict right_previous) {
  for (std::size_t index = 0; index < count; ++index) {
    products[index] = (left_own[index] & (right_own[index] ^ right_previous[index])) ^
                      (left_previous[index] & right_own[index]);
  }
}

}  // namespace

Protocol<SharedBits> And(Party& party, const SharedBits& left, const SharedBits& right) {
  std::vector<Word> summands(left.size());
  Products(summands.size(), summands.data(), left.own.data(), left.previous.data(), right.own.data(),
           right.previous.data());
  SharedBits products = co_await Reshare(party, std::move(summands));
  co_return products;
}

}  // namespace irispair
