// AVX-512 with VNNI: one instruction multiplies and adds, and 32 registers hold the sums of two candidates at
// once, so that a load of the query serves both. The vectors are 256 bits wide: few of the query's loads
// cross a cache line. Sums are of pairs, 32 bits wide, of which the low 16 are wanted. The includer provides
// the intrinsics.
#pragma once

#ifndef IRISPAIR_DOTS
#define IRISPAIR_DOTS __attribute__((target("avx2,avx512f,avx512vl,avx512vnni")))
#define IRISPAIR_DOTS_INLINE __attribute__((target("avx2,avx512f,avx512vl,avx512vnni"), always_inline)) inline
#endif

#include "core/shares/hankel_dots.h"

namespace irispair {
namespace {

struct Avx512Vectors {
  static constexpr std::size_t kCandidates = 2;
  struct Pair {
    __m256i first;
    __m256i second;
  };
  using Elements = Pair;
  using Query = __m256i;
  using Sums = Pair;

  // With three blocks some sums do not fit in registers: it pays where it saves a piece.
  static constexpr PiecePlan Plan(int rotations) {
    return EqualPieces(rotations, rotations > 8 && rotations <= 12 ? 3 : 2);
  }
  // Of 32 registers, 24 hold sums.
  static constexpr int SweepFor(int blocks) { return blocks == 2 ? 4 : 2; }

  static IRISPAIR_DOTS_INLINE Query LoadQuery(const std::uint16_t* elements) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(elements));
  }
  static IRISPAIR_DOTS_INLINE Elements Load(const std::array<const std::uint16_t*, 2>& rows,
                                            std::size_t element) {
    return {LoadQuery(rows[0] + element), LoadQuery(rows[1] + element)};
  }
  static IRISPAIR_DOTS_INLINE Elements AddElements(const Elements& a, const Elements& b) {
    return {_mm256_add_epi16(a.first, b.first), _mm256_add_epi16(a.second, b.second)};
  }
  static IRISPAIR_DOTS_INLINE void Accumulate(Sums& sums, const Elements& elements, Query query) {
    MultiplyAdd(sums.first, elements.first, query);
    MultiplyAdd(sums.second, elements.second, query);
  }
  static IRISPAIR_DOTS_INLINE Sums Zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static IRISPAIR_DOTS_INLINE Sums AddSums(const Sums& a, const Sums& b) {
    return {_mm256_add_epi32(a.first, b.first), _mm256_add_epi32(a.second, b.second)};
  }
  static IRISPAIR_DOTS_INLINE std::array<std::uint16_t, 2> Reduce(const Sums& sums) {
    // Quarters of both candidates, then their halves.
    const __m256i pairs = _mm256_hadd_epi32(sums.first, sums.second);
    const __m128i quarters = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    const __m128i both = _mm_hadd_epi32(quarters, quarters);
    return {static_cast<std::uint16_t>(_mm_cvtsi128_si32(both)),
            static_cast<std::uint16_t>(_mm_extract_epi32(both, 1))};
  }

 private:
  static IRISPAIR_DOTS_INLINE void MultiplyAdd(__m256i& sums, __m256i elements, __m256i query) {
#ifdef IRISPAIR_EMULATED
    sums = _mm256_dpwssd_epi32(sums, elements, query);
#else
    // By the intrinsic gcc 12 copies most sums from register to register and to the stack.
    asm("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(elements), "v"(query));
#endif
  }
};

}  // namespace
}  // namespace irispair
