// The walk that every vector kernel of dot products shares, with fewer multiplications than rotations.
//
// The dot products of a row at rotations r are y[r] = sum over columns c of q[c - r] x[c]. Columns are taken
// in groups of k blocks of 4, rotations in pieces of k blocks of 4. Numbered backwards, a piece's blocks see
// y[b] = sum over a of H[a + b] x[a], a Hankel matrix whose entry depends on a + b alone, and so
//   y[b] = sum over a != b of H[a + b] (x[a] + x[b])  +  (H[2 b] - sum over a != b of H[a + b]) x[b].
// The product in the first sum is the same for (a, b) and (b, a): k (k + 1) / 2 products instead of k^2,
// exact in Z_2^16. The bracket is worked out once a row and query, as `singles`.
//
// Order: a tile of candidates, row pair by row pair; of each pair all queries, of each query all candidates
// of the tile. So a query's rows stay in the first-level cache, the candidates come from memory once, and
// what comes next is asked for meanwhile.
//
// A header, so that tests also compile it against an emulation of the instructions. The includer defines
// IRISPAIR_DOTS and IRISPAIR_DOTS_INLINE, the attributes of functions that use them, and a type `Vectors`:
//   kCandidates, compared at once; Elements, one block of 4 columns of so many candidates; Query, one block
//   of a query; Sums; Load, AddElements, LoadQuery, Accumulate (sums += elements * query), Zero, AddSums;
//   Reduce, the sum of each candidate; Plan(rotations), the pieces of a window; SweepFor(k), how many of the
//   4 rotations within a block are summed at once: 4, 2 or 1, as many as leave the sums in registers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/shares/dot_products.h"

namespace irispair {
namespace {

inline constexpr int kBlockColumns = 4;
inline constexpr std::size_t kBlockElements = kBlockColumns * kElementsInColumn;
inline constexpr int kBlocksInRow = static_cast<int>(kShareColumns) / kBlockColumns;
inline constexpr int kMostBlocks = 3;

// How a window is cut into pieces of `blocks` blocks of 4 rotations.
struct PiecePlan {
  int pieces;
  int blocks;
};

// The fewest equal pieces of at most `most_blocks` blocks.
constexpr PiecePlan EqualPieces(int rotations, int most_blocks) {
  const int pieces = (rotations + most_blocks * kBlockColumns - 1) / (most_blocks * kBlockColumns);
  const int length = (rotations + pieces - 1) / pieces;
  return {pieces, (length + kBlockColumns - 1) / kBlockColumns};
}

template <typename Vectors>
class HankelDots {
  using Elements = typename Vectors::Elements;
  using Query = typename Vectors::Query;
  using Sums = typename Vectors::Sums;

  static constexpr std::size_t kTogether = Vectors::kCandidates;
  static constexpr std::size_t kTile = 32;
  static constexpr std::size_t kQueriesInPass = 8;
  static constexpr std::size_t kRowsAtOnce = 2;
  // How far ahead memory is asked for: groups of a tile, and rows of a record that is read from end to end.
  static constexpr std::size_t kGroupsAhead = 2;
  static constexpr std::size_t kRowsAhead = 2;
  static_assert(kTile % kTogether == 0);
  static_assert(kCodeShareRows % kRowsAtOnce == 0 && kMaskShareRows % kRowsAtOnce == 0);

  // Columns before and after a wrapped row that some block reads and no result depends on.
  static constexpr int kMargin = 16;
  static constexpr std::size_t kLineElements =
      (PreparedShare::kWrappedColumns + 2 * kMargin + 2) * kElementsInColumn;
  using Line = std::array<std::uint16_t, kLineElements>;

  struct alignas(64) QueryRow {
    Line plain;
    std::array<Line, kMostBlocks> singles;
  };

  // Products of one rotation within a block.
  static constexpr int Products(int blocks) { return blocks * (blocks + 1) / 2; }

  // The candidates' rows side by side.
  struct Rows {
    std::array<const std::uint16_t*, kTogether> at;
  };

 public:
  static IRISPAIR_DOTS void Dots(std::span<const PreparedShare* const> queries, RotationWindow window,
                                 std::span<const ShareRecord* const> candidates,
                                 std::span<std::uint16_t> code_dots, std::span<std::uint16_t> mask_dots) {
    switch (Vectors::Plan(window.Size()).blocks) {
      case 1:
        return Short(queries, window, candidates, code_dots, mask_dots);
      case 2:
        return AllTiles<2>(queries, window, candidates, code_dots, mask_dots);
      default:
        return AllTiles<3>(queries, window, candidates, code_dots, mask_dots);
    }
  }

 private:
  // Up to 4 rotations: too few to save multiplications, so that memory is what bounds them and records are
  // read from end to end.
  static IRISPAIR_DOTS void Short(std::span<const PreparedShare* const> queries, RotationWindow window,
                                  std::span<const ShareRecord* const> candidates,
                                  std::span<std::uint16_t> code_dots, std::span<std::uint16_t> mask_dots) {
    const auto rotations = static_cast<std::size_t>(window.Size());
    constexpr std::array kSums{SumShort<1>, SumShort<2>, SumShort<3>, SumShort<4>};
    const auto sum = kSums[rotations - 1];
    for (std::size_t first = 0; first < candidates.size(); first += kTogether) {
      const std::size_t count = std::min(kTogether, candidates.size() - first);
      const Rows rows = RowsOf(candidates, first);
      const Rows next = RowsOf(candidates, first + count);
      for (std::size_t query = 0; query < queries.size(); ++query) {
        const std::size_t output = (query * candidates.size() + first) * rotations;
        sum(*queries[query], window, rows, next, 0, kCodeShareRows, count, &code_dots[output]);
        sum(*queries[query], window, rows, next, kCodeShareRows, PreparedShare::kRows, count,
            &mask_dots[output]);
      }
    }
  }

  template <int rotations>
  static IRISPAIR_DOTS void SumShort(const PreparedShare& query, RotationWindow window, const Rows& rows,
                                     const Rows& next, std::size_t first_row, std::size_t end_row,
                                     std::size_t count, std::uint16_t* dots) {
    Sums sums[rotations];
    for (Sums& sum : sums) sum = Vectors::Zero();
    for (std::size_t row = first_row; row < end_row; ++row) {
      const Rows here = Moved(rows, row);
      const std::size_t ahead = row + kRowsAhead;
      const Rows coming =
          ahead < PreparedShare::kRows ? Moved(rows, ahead) : Moved(next, ahead - PreparedShare::kRows);
      const std::uint16_t* rolled = query.Row(row).data() + PreparedShare::Offset(window.First());
      for (std::size_t column = 0; column < kElementsInRow; column += kBlockElements) {
        Prefetch<1>(coming, column);
        const Elements elements = Vectors::Load(here.at, column);
#pragma GCC unroll 4
        for (int rotation = 0; rotation < rotations; ++rotation) {
          Vectors::Accumulate(
              sums[rotation], elements,
              Vectors::LoadQuery(rolled + column - rotation * static_cast<int>(kElementsInColumn)));
        }
      }
    }
    for (int rotation = 0; rotation < rotations; ++rotation) {
      const auto reduced = Vectors::Reduce(sums[rotation]);
      for (std::size_t of = 0; of < count; ++of) dots[of * rotations + rotation] = reduced[of];
    }
  }

  // A vector type by itself loses its alignment as a template's argument.
  struct alignas(64) Stored {
    Sums sums;
  };

  // What a pass over one tile works on.
  struct Pass {
    std::span<const PreparedShare* const> queries;
    RotationWindow window;
    int pieces;
    // Groups of kTogether candidates; the last one's may repeat.
    std::vector<Rows> groups;
    // By query, group, piece, rotation within a block, product.
    std::vector<Stored> sums;
    // What is asked for at the end of the tile.
    Rows after;
  };

  template <int blocks>
  static IRISPAIR_DOTS void AllTiles(std::span<const PreparedShare* const> queries, RotationWindow window,
                                     std::span<const ShareRecord* const> candidates,
                                     std::span<std::uint16_t> code_dots, std::span<std::uint16_t> mask_dots) {
    const auto rotations = static_cast<std::size_t>(window.Size());
    Pass pass;
    pass.window = window;
    pass.pieces = Vectors::Plan(window.Size()).pieces;
    for (std::size_t tile = 0; tile < candidates.size(); tile += kTile) {
      const std::size_t count = std::min(kTile, candidates.size() - tile);
      pass.groups.clear();
      for (std::size_t first = 0; first < count; first += kTogether) {
        pass.groups.push_back(RowsOf(candidates, tile + first));
      }
      pass.after = RowsOf(candidates, tile + count);
      for (std::size_t query = 0; query < queries.size(); query += kQueriesInPass) {
        pass.queries = queries.subspan(query, std::min(kQueriesInPass, queries.size() - query));
        const auto outputs = [&](std::span<std::uint16_t> dots, std::size_t of) {
          return dots.subspan(((query + of) * candidates.size() + tile) * rotations, count * rotations);
        };
        SumRows<blocks>(pass, 0, kCodeShareRows);
        for (std::size_t of = 0; of < pass.queries.size(); ++of) {
          Finish<blocks>(pass, of, outputs(code_dots, of));
        }
        SumRows<blocks>(pass, kCodeShareRows, PreparedShare::kRows);
        for (std::size_t of = 0; of < pass.queries.size(); ++of) {
          Finish<blocks>(pass, of, outputs(mask_dots, of));
        }
      }
    }
  }

  static Rows RowsOf(std::span<const ShareRecord* const> candidates, std::size_t first) {
    Rows rows;
    for (std::size_t index = 0; index < kTogether; ++index) {
      // All rows of a record follow each other.
      rows.at[index] =
          reinterpret_cast<const std::uint16_t*>(candidates[std::min(first + index, candidates.size() - 1)]);
    }
    return rows;
  }

  static Rows Moved(Rows rows, std::size_t row) {
    for (const std::uint16_t*& start : rows.at) start += row * kElementsInRow;
    return rows;
  }

  template <int blocks>
  static IRISPAIR_DOTS void SumRows(Pass& pass, std::size_t first_row, std::size_t end_row) {
    const std::size_t sums_of_group =
        static_cast<std::size_t>(pass.pieces * kBlockColumns * Products(blocks));
    pass.sums.assign(pass.queries.size() * pass.groups.size() * sums_of_group, {Vectors::Zero()});
    std::array<QueryRow, kRowsAtOnce> query_rows;
    for (std::size_t row = first_row; row < end_row; row += kRowsAtOnce) {
      Stored* sums = pass.sums.data();
      for (std::size_t query = 0; query < pass.queries.size(); ++query) {
        for (std::size_t next = 0; next < kRowsAtOnce; ++next) {
          PrepareRow<blocks>(pass.queries[query]->Row(row + next).data(), query_rows[next]);
        }
        for (std::size_t group = 0; group < pass.groups.size(); ++group) {
          const Rows rows = Moved(pass.groups[group], row);
          const std::size_t ahead = group + kGroupsAhead;
          const Rows next = ahead < pass.groups.size() ? Moved(pass.groups[ahead], row)
                            : row + kRowsAtOnce < PreparedShare::kRows
                                ? Moved(pass.groups[ahead % pass.groups.size()], row + kRowsAtOnce)
                                : pass.after;
          for (int piece = 0; piece < pass.pieces; ++piece) {
            const int first = FirstOf(pass, piece);
            // Only the first query's first piece finds its rows in memory.
            const Rows* coming = query == 0 && piece == 0 ? &next : nullptr;
            SumPiece<blocks>(query_rows, kFarthestRotation - first, rows, coming, sums);
            sums += kBlockColumns * Products(blocks);
          }
        }
      }
    }
  }

  // Pieces are equally long, but for the last.
  static int LengthOf(const Pass& pass) { return (pass.window.Size() + pass.pieces - 1) / pass.pieces; }
  static int FirstOf(const Pass& pass, int piece) { return pass.window.First() + piece * LengthOf(pass); }

  template <int blocks>
  static IRISPAIR_DOTS void PrepareRow(const std::uint16_t* wrapped, QueryRow& row) {
    constexpr std::size_t kBefore = kMargin * kElementsInColumn;
    constexpr std::size_t kWrapped = PreparedShare::kWrappedColumns * kElementsInColumn;
    std::fill_n(row.plain.begin(), kBefore, std::uint16_t{0});
    std::copy_n(wrapped, kWrapped, row.plain.begin() + kBefore);
    std::fill(row.plain.begin() + kBefore + kWrapped, row.plain.end(), std::uint16_t{0});
    for (int of = 0; of < blocks; ++of) {
      std::uint16_t* single = row.singles[static_cast<std::size_t>(of)].data();
      for (std::size_t index = kBefore - kBlockElements; index < kLineElements - kBefore; ++index) {
        const std::uint16_t* at = row.plain.data() + index;
        int value = 2 * at[Reach<blocks>(2 * of)];
        for (int other = 0; other < blocks; ++other) value -= at[Reach<blocks>(of + other)];
        single[index] = static_cast<std::uint16_t>(value);
      }
    }
  }

  // Elements from a group's place in the query to the entry H[sum].
  template <int blocks>
  static constexpr std::ptrdiff_t Reach(int sum) {
    return (sum - (blocks - 1)) * static_cast<std::ptrdiff_t>(kBlockElements);
  }

  template <int blocks>
  static IRISPAIR_DOTS void SumPiece(const std::array<QueryRow, kRowsAtOnce>& query, int place,
                                     const Rows& rows, const Rows* coming, Stored* sums) {
    constexpr int kSweep = Vectors::SweepFor(blocks);
    if (coming != nullptr) {
      Sweep<blocks, 0, kSweep, true>(query, place, rows, *coming, sums);
    } else {
      Sweep<blocks, 0, kSweep, false>(query, place, rows, rows, sums);
    }
    if constexpr (kSweep <= 2) Sweep<blocks, kSweep, kSweep, false>(query, place, rows, rows, sums);
    if constexpr (kSweep == 1) {
      Sweep<blocks, 2, 1, false>(query, place, rows, rows, sums);
      Sweep<blocks, 3, 1, false>(query, place, rows, rows, sums);
    }
  }

  // Sums the products of the rotations from..from + count - 1 within a block over some rows. A function of
  // its own, so that no other variable competes for its registers.
  template <int blocks, int from, int count, bool prefetch>
  [[gnu::noinline]] static IRISPAIR_DOTS void Sweep(const std::array<QueryRow, kRowsAtOnce>& query, int place,
                                                    const Rows& rows, const Rows& next, Stored* sums) {
    constexpr int kCounters = count * Products(blocks);
    constexpr int kWholeGroups = kBlocksInRow / blocks;
    constexpr int kRest = kBlocksInRow % blocks;
    sums += from * Products(blocks);
    Sums counters[kCounters];
#pragma GCC unroll 32
    for (int index = 0; index < kCounters; ++index) counters[index] = sums[index].sums;
    for (std::size_t row = 0; row < kRowsAtOnce; ++row) {
      const QueryRow& query_row = query[row];
      const Rows here = Moved(rows, row);
      const Rows coming = Moved(next, row);
      std::ptrdiff_t at = static_cast<std::ptrdiff_t>(kMargin + place - from) *
                          static_cast<std::ptrdiff_t>(kElementsInColumn);
      std::size_t column = 0;
      for (int group = 0; group < kWholeGroups; ++group) {
        if constexpr (prefetch) Prefetch<blocks>(coming, column);
        Step<blocks, count, blocks>(query_row, at, here, column, counters);
        at += blocks * kBlockElements;
        column += blocks * kBlockElements;
      }
      if constexpr (kRest > 0) {
        if constexpr (prefetch) Prefetch<kRest>(coming, column);
        Step<blocks, count, kRest>(query_row, at, here, column, counters);
      }
    }
#pragma GCC unroll 32
    for (int index = 0; index < kCounters; ++index) sums[index].sums = counters[index];
  }

  // Into the second-level cache, which can wait for more lines at once than the first.
  static IRISPAIR_DOTS_INLINE void Ask(const std::uint16_t* line) {
    constexpr int kForReading = 0;
    constexpr int kSecondLevel = 2;
    __builtin_prefetch(line, kForReading, kSecondLevel);
  }

  // Asks for the cache lines that begin within some blocks of the rows.
  template <int blocks>
  static IRISPAIR_DOTS_INLINE void Prefetch(const Rows& rows, std::size_t element) {
    constexpr std::size_t kElementsInLine = 32;
    const std::size_t end = element + blocks * kBlockElements;
    const std::size_t line = (element + kElementsInLine - 1) / kElementsInLine * kElementsInLine;
    for (const std::uint16_t* row : rows.at) {
      if (line < end) Ask(row + line);
      if (line + kElementsInLine < end) Ask(row + line + kElementsInLine);
    }
  }

  // One group of blocks, of which only the first `there` are in the row.
  template <int blocks, int count, int there>
  static IRISPAIR_DOTS_INLINE void Step(const QueryRow& query, std::ptrdiff_t at, const Rows& rows,
                                        std::size_t column, Sums* counters) {
    constexpr int kProducts = Products(blocks);
    Elements elements[there];
#pragma GCC unroll 4
    for (int block = 0; block < there; ++block) {
      elements[block] = Vectors::Load(rows.at, column + static_cast<std::size_t>(block) * kBlockElements);
    }
#pragma GCC unroll 4
    for (int block = 0; block < there; ++block) {
      const std::uint16_t* single = query.singles[static_cast<std::size_t>(block)].data() + at;
#pragma GCC unroll 4
      for (int back = 0; back < count; ++back) {
        Vectors::Accumulate(counters[back * kProducts + block], elements[block],
                            Vectors::LoadQuery(single - back * static_cast<int>(kElementsInColumn)));
      }
    }
    Pairs<blocks, count, there, 0, 1, blocks>(query.plain.data() + at, elements, counters);
  }

  // The products of the pairs of blocks from (one, other) on. By recursion, so that the compiler sees every
  // index as a constant and keeps the counters in registers.
  template <int blocks, int count, int there, int one, int other, int product>
  static IRISPAIR_DOTS_INLINE void Pairs(const std::uint16_t* plain, const Elements* elements,
                                         Sums* counters) {
    if constexpr (one < there && other < blocks) {
      Elements both = elements[one];
      if constexpr (other < there) both = Vectors::AddElements(both, elements[other]);
#pragma GCC unroll 4
      for (int back = 0; back < count; ++back) {
        Vectors::Accumulate(counters[back * Products(blocks) + product], both,
                            Vectors::LoadQuery(plain + Reach<blocks>(one + other) -
                                               back * static_cast<int>(kElementsInColumn)));
      }
      Pairs<blocks, count, there, one, other + 1, product + 1>(plain, elements, counters);
    } else if constexpr (one < there) {
      Pairs<blocks, count, there, one + 1, one + 2, product>(plain, elements, counters);
    }
  }

  // The dot products of one query with the tile's candidates.
  template <int blocks>
  static IRISPAIR_DOTS void Finish(const Pass& pass, std::size_t query, std::span<std::uint16_t> dots) {
    constexpr int kProducts = Products(blocks);
    const auto rotations = static_cast<std::size_t>(pass.window.Size());
    const std::size_t count = dots.size() / rotations;
    const Stored* sums = pass.sums.data() + query * pass.groups.size() *
                                                static_cast<std::size_t>(pass.pieces) * kBlockColumns *
                                                kProducts;
    for (std::size_t candidate = 0; candidate < count; candidate += kTogether) {
      for (int piece = 0; piece < pass.pieces; ++piece) {
        const int begin = piece * LengthOf(pass);
        const int end = std::min(begin + LengthOf(pass), pass.window.Size());
        for (int rotation = begin; rotation < end; ++rotation) {
          const int block = blocks - 1 - (rotation - begin) / kBlockColumns;
          const Stored* products = sums + (rotation - begin) % kBlockColumns * kProducts;
          const auto reduced = Vectors::Reduce(SumOf<blocks>(products, block));
          for (std::size_t next = 0; next < std::min(kTogether, count - candidate); ++next) {
            dots[(candidate + next) * rotations + static_cast<std::size_t>(rotation)] = reduced[next];
          }
        }
        sums += kBlockColumns * kProducts;
      }
    }
  }

  template <int blocks>
  static IRISPAIR_DOTS_INLINE Sums SumOf(const Stored* products, int block) {
    Sums sum = products[block].sums;
    int product = blocks;
    for (int one = 0; one < blocks; ++one) {
      for (int other = one + 1; other < blocks; ++other, ++product) {
        if (one == block || other == block) sum = Vectors::AddSums(sum, products[product].sums);
      }
    }
    return sum;
  }
};

}  // namespace
}  // namespace irispair
