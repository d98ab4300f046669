// AVX2: one candidate at a time, since 16 registers hold the sums of no more. Sums are of pairs, 32 bits
// wide, of which the low 16 are wanted. The includer provides the intrinsics.
#pragma once

#ifndef IRISPAIR_DOTS
// Only the code that needs AVX2 is compiled for it, so that nothing inline leaks to CPUs without.
#define IRISPAIR_DOTS __attribute__((target("avx2")))
#define IRISPAIR_DOTS_INLINE __attribute__((target("avx2"), always_inline)) inline
#endif

#include "core/shares/hankel_dots.h"

namespace irispair {
namespace {

struct Avx2Vectors {
  static constexpr std::size_t kCandidates = 1;
  using Elements = __m256i;
  using Query = __m256i;
  using Sums = __m256i;

  static constexpr PiecePlan Plan(int rotations) { return EqualPieces(rotations, 3); }
  static constexpr int SweepFor(int) { return 1; }

  static IRISPAIR_DOTS_INLINE Query LoadQuery(const std::uint16_t* elements) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(elements));
  }
  static IRISPAIR_DOTS_INLINE Elements Load(const std::array<const std::uint16_t*, 1>& rows,
                                            std::size_t element) {
    return LoadQuery(rows[0] + element);
  }
  static IRISPAIR_DOTS_INLINE Elements AddElements(Elements a, Elements b) { return _mm256_add_epi16(a, b); }
  static IRISPAIR_DOTS_INLINE void Accumulate(Sums& sums, Elements elements, Query query) {
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(elements, query));
  }
  static IRISPAIR_DOTS_INLINE Sums Zero() { return _mm256_setzero_si256(); }
  static IRISPAIR_DOTS_INLINE Sums AddSums(Sums a, Sums b) { return _mm256_add_epi32(a, b); }
  static IRISPAIR_DOTS_INLINE std::array<std::uint16_t, 1> Reduce(Sums sums) {
    const __m128i quarters = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    const __m128i halves = _mm_hadd_epi32(quarters, quarters);
    return {static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_hadd_epi32(halves, halves)))};
  }
};

}  // namespace
}  // namespace irispair
