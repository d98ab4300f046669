// NEON: one candidate at a time, sums of 16 bits. The includer provides the intrinsics.
#pragma once

#ifndef IRISPAIR_DOTS
#define IRISPAIR_DOTS
#define IRISPAIR_DOTS_INLINE __attribute__((always_inline)) inline
#endif

#include "core/shares/hankel_dots.h"

namespace irispair {
namespace {

struct NeonVectors {
  static constexpr std::size_t kCandidates = 1;
  struct Halves {
    uint16x8_t low;
    uint16x8_t high;
  };
  using Elements = Halves;
  using Query = Halves;
  using Sums = uint16x8_t;

  static constexpr PiecePlan Plan(int rotations) { return EqualPieces(rotations, 3); }
  // Of 32 registers, 12 hold sums and up to 12 elements.
  static constexpr int SweepFor(int blocks) { return blocks == 2 ? 4 : 2; }

  static IRISPAIR_DOTS_INLINE Query LoadQuery(const std::uint16_t* elements) {
    return {vld1q_u16(elements), vld1q_u16(elements + 8)};
  }
  static IRISPAIR_DOTS_INLINE Elements Load(const std::array<const std::uint16_t*, 1>& rows,
                                            std::size_t element) {
    return LoadQuery(rows[0] + element);
  }
  static IRISPAIR_DOTS_INLINE Elements AddElements(const Elements& a, const Elements& b) {
    return {vaddq_u16(a.low, b.low), vaddq_u16(a.high, b.high)};
  }
  static IRISPAIR_DOTS_INLINE void Accumulate(Sums& sums, const Elements& elements, const Query& query) {
    sums = vmlaq_u16(vmlaq_u16(sums, elements.low, query.low), elements.high, query.high);
  }
  static IRISPAIR_DOTS_INLINE Sums Zero() { return vdupq_n_u16(0); }
  static IRISPAIR_DOTS_INLINE Sums AddSums(Sums a, Sums b) { return vaddq_u16(a, b); }
  static IRISPAIR_DOTS_INLINE std::array<std::uint16_t, 1> Reduce(Sums sums) { return {vaddvq_u16(sums)}; }
};

}  // namespace
}  // namespace irispair
