// AVX-512 with VPOPCNTDQ: bits are counted directly, of eleven rotations at once, so that each vector of the
// candidate is loaded once for all of them.
//
// The vectors are 256 bits wide: a plane is 25 or 32 of them without a rest, and half as many loads of the
// rolled probe cross a cache line. A header, so that tests also compile it against an emulation of the
// instructions on CPUs without them. The includer provides the intrinsics.
#pragma once

#include <cstdint>

#include "core/kernels/rotations.h"

#ifndef IRISPAIR_AVX512
#define IRISPAIR_AVX512 __attribute__((target("avx512f,avx512vl,avx512vpopcntdq")))
#endif

namespace irispair {
namespace {

template <typename EyeOfShape>
struct Avx512Count {
  using Eye = EyeOfShape;
  using Probe = BasicPreparedEye<Eye>;

  static constexpr std::size_t kWordsInVector = 8;
  static_assert(Eye::kColumns % kWordsInVector == 0);

  IRISPAIR_AVX512 static void Candidate(const Probe& probe, const Eye& candidate, const Eye& next, int first,
                                        int last, Distance* out) {
    int rotation = first;
    // Two counters a rotation: eleven of them and the candidate fill the 32 registers.
    for (; rotation + 10 <= last; rotation += 11) out = Rotations<11>(probe, candidate, next, rotation, out);
    for (; rotation + 3 <= last; rotation += 4) out = Rotations<4>(probe, candidate, next, rotation, out);
    for (; rotation <= last; ++rotation) out = Rotations<1>(probe, candidate, next, rotation, out);
  }

  // The distances at `count` rotations from `first` on. Returns the end of what it wrote.
  template <int count>
  IRISPAIR_AVX512 static Distance* Rotations(const Probe& probe, const Eye& candidate, const Eye& next,
                                             int first, Distance* out) {
    __m256i differing[count];
    __m256i unmasked[count];
    for (int index = 0; index < count; ++index) differing[index] = unmasked[index] = _mm256_setzero_si256();
    const std::uint32_t* real = probe.Real(first);
    const std::uint32_t* imaginary = probe.Imaginary(first);
    const std::uint32_t* mask = probe.Mask(first);
    for (std::size_t word = 0; word < Eye::kColumns; word += kWordsInVector) {
      if (word % (2 * kWordsInVector) == 0) PrefetchColumns(next, word, word + 1);
      const __m256i candidate_real = Load(&candidate.real[word]);
      const __m256i candidate_imaginary = Load(&candidate.imaginary[word]);
      const __m256i candidate_mask = Load(&candidate.mask[word]);
#pragma GCC unroll 11
      for (int index = 0; index < count; ++index) {
        // The next rotation's planes start one column earlier.
        const std::ptrdiff_t rolled = static_cast<std::ptrdiff_t>(word) - index;
        const __m256i both = _mm256_and_si256(Load(mask + rolled), candidate_mask);
        const __m256i in_real = Differing(Load(real + rolled), candidate_real, both);
        const __m256i in_imaginary = Differing(Load(imaginary + rolled), candidate_imaginary, both);
        unmasked[index] = _mm256_add_epi64(unmasked[index], _mm256_popcnt_epi64(both));
        differing[index] = _mm256_add_epi64(
            differing[index],
            _mm256_add_epi64(_mm256_popcnt_epi64(in_real), _mm256_popcnt_epi64(in_imaginary)));
      }
    }
    for (int index = 0; index < count; ++index) {
      *out++ = {static_cast<std::uint16_t>(SumLanes(differing[index])),
                static_cast<std::uint16_t>(2 * SumLanes(unmasked[index])),
                static_cast<std::int16_t>(first + index), 0};
    }
    return out;
  }

  IRISPAIR_AVX512 static __m256i Load(const std::uint32_t* words) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
  }

  // (a ^ b) & both, in one instruction.
  IRISPAIR_AVX512 static __m256i Differing(__m256i a, __m256i b, __m256i both) {
    constexpr int kExclusiveOrThenAnd = 0x28;
    return _mm256_ternarylogic_epi64(a, b, both, kExclusiveOrThenAnd);
  }

  IRISPAIR_AVX512 static std::int64_t SumLanes(__m256i lanes) {
    const __m128i halves = _mm_add_epi64(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    return _mm_cvtsi128_si64(_mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves)));
  }
};

}  // namespace
}  // namespace irispair
