// AVX-512 with VPOPCNTDQ: 12.5 vectors a plane, counted directly. A header, so that tests also compile it
// against an emulation of the instructions on CPUs without them. The includer provides the intrinsics.
#pragma once

#include <array>
#include <cstdint>

#include "core/kernels/rotations.h"

#ifndef IRISPAIR_AVX512
#define IRISPAIR_AVX512 __attribute__((target("avx512f,avx512vpopcntdq")))
#endif

namespace irispair {
namespace {

struct Avx512Count {
  static constexpr std::size_t kWordsInVector = 16;
  static constexpr std::size_t kTail = kColumns / kWordsInVector * kWordsInVector;
  static_assert(kColumns - kTail == kWordsInVector / 2);

  struct Sums {
    __m512i differing;
    __m512i unmasked;
  };

  IRISPAIR_AVX512 static void Candidate(const PreparedEye& probe, const EyePlanes& candidate, int first,
                                        int last, Distance* out) {
    for (int rotation = first; rotation <= last; ++rotation) {
      const std::uint32_t* real = probe.Real(rotation);
      const std::uint32_t* imaginary = probe.Imaginary(rotation);
      const std::uint32_t* mask = probe.Mask(rotation);
      Sums sums{_mm512_setzero_si512(), _mm512_setzero_si512()};
      for (std::size_t word = 0; word < kTail; word += kWordsInVector) {
        Add(sums, Whole(real + word), Whole(&candidate.real[word]), Whole(imaginary + word),
            Whole(&candidate.imaginary[word]), Whole(mask + word), Whole(&candidate.mask[word]));
      }
      Add(sums, Half(real + kTail), Half(&candidate.real[kTail]), Half(imaginary + kTail),
          Half(&candidate.imaginary[kTail]), Half(mask + kTail), Half(&candidate.mask[kTail]));
      *out++ = {static_cast<std::uint16_t>(SumLanes(sums.differing)),
                static_cast<std::uint16_t>(2 * SumLanes(sums.unmasked)), static_cast<std::int16_t>(rotation),
                0};
    }
  }

  IRISPAIR_AVX512 static __m512i Whole(const std::uint32_t* words) { return _mm512_loadu_si512(words); }

  IRISPAIR_AVX512 static __m512i Half(const std::uint32_t* words) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
    return _mm512_inserti64x4(_mm512_setzero_si512(), half, 0);
  }

  IRISPAIR_AVX512 static void Add(Sums& sums, __m512i real, __m512i candidate_real, __m512i imaginary,
                                  __m512i candidate_imaginary, __m512i mask, __m512i candidate_mask) {
    const __m512i both = _mm512_and_si512(mask, candidate_mask);
    const __m512i real_differs = _mm512_and_si512(both, _mm512_xor_si512(real, candidate_real));
    const __m512i imaginary_differs =
        _mm512_and_si512(both, _mm512_xor_si512(imaginary, candidate_imaginary));
    sums.unmasked = _mm512_add_epi64(sums.unmasked, _mm512_popcnt_epi64(both));
    sums.differing = _mm512_add_epi64(
        sums.differing,
        _mm512_add_epi64(_mm512_popcnt_epi64(real_differs), _mm512_popcnt_epi64(imaginary_differs)));
  }

  // By way of memory: gcc 12 warns about its own _mm512_reduce_add_epi64.
  IRISPAIR_AVX512 static std::uint64_t SumLanes(__m512i lanes) {
    std::array<std::uint64_t, 8> sums;
    _mm512_storeu_si512(sums.data(), lanes);
    return sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
  }
};

}  // namespace
}  // namespace irispair
