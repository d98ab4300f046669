// AVX2: bits are added vertically by carry-save adders (Harley-Seal) and only the carries are counted by byte
// look-up, since AVX2 has no population count of its own.
// Muła, Kurz, Lemire: Faster Population Counts Using AVX2 Instructions, 2016.
#if defined(__x86_64__)

#include <immintrin.h>

#include "core/kernels/implementations.h"
#include "core/kernels/rotations.h"

// Only the code that needs AVX2 is compiled for it, so that nothing inline leaks to CPUs without.
#define IRISPAIR_AVX2 __attribute__((target("avx2"), always_inline)) inline

namespace irispair {
namespace {

constexpr std::size_t kWordsInVector = 8;

IRISPAIR_AVX2 __m256i Load(const std::uint32_t* words) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
}

// Number of ones in each byte.
IRISPAIR_AVX2 __m256i CountBytes(__m256i bits) {
  const __m256i ones_in_nibble = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                                  0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low_nibbles = _mm256_set1_epi8(0xf);
  const __m256i low = _mm256_and_si256(bits, low_nibbles);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bits, 4), low_nibbles);
  return _mm256_add_epi8(_mm256_shuffle_epi8(ones_in_nibble, low), _mm256_shuffle_epi8(ones_in_nibble, high));
}

// Full adder in every bit: sum stays in `sum`, the carry is returned.
IRISPAIR_AVX2 __m256i AddBits(__m256i& sum, __m256i a, __m256i b) {
  const __m256i either = _mm256_xor_si256(a, b);
  const __m256i carry = _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(either, sum));
  sum = _mm256_xor_si256(either, sum);
  return carry;
}

// Sum of the bytes.
IRISPAIR_AVX2 int SumBytes(__m256i bytes) {
  const __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
  const __m128i halves = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  return static_cast<int>(_mm_cvtsi128_si64(halves) + _mm_extract_epi64(halves, 1));
}

IRISPAIR_AVX2 __m256i Twice(__m256i bytes) { return _mm256_add_epi8(bytes, bytes); }

// One vector of each plane at one rotation, combined.
struct Combined {
  __m256i real;
  __m256i imaginary;
  __m256i both;
};

template <typename Eye>
IRISPAIR_AVX2 Combined Combine(const BasicPreparedEye<Eye>& probe, const Eye& candidate, int rotation,
                               std::size_t vector) {
  const std::size_t word = vector * kWordsInVector;
  const __m256i both = _mm256_and_si256(Load(probe.Mask(rotation) + word), Load(&candidate.mask[word]));
  const __m256i real = _mm256_xor_si256(Load(probe.Real(rotation) + word), Load(&candidate.real[word]));
  const __m256i imaginary =
      _mm256_xor_si256(Load(probe.Imaginary(rotation) + word), Load(&candidate.imaginary[word]));
  return {_mm256_and_si256(real, both), _mm256_and_si256(imaginary, both), both};
}

template <typename EyeOfShape>
struct Avx2Count {
  using Eye = EyeOfShape;
  using Probe = BasicPreparedEye<Eye>;

  static constexpr std::size_t kVectorsInPlane = Eye::kColumns / kWordsInVector;
  // Vectors are taken by fours: 25 leave one, 32 none.
  static constexpr std::size_t kRest = kVectorsInPlane % 4;
  static_assert(Eye::kColumns % kWordsInVector == 0 && kRest <= 1 && kVectorsInPlane / 4 * 8 < 256);

  __attribute__((target("avx2"))) static void Candidate(const Probe& probe, const Eye& candidate,
                                                        const Eye& next, int first, int last, Distance* out) {
    for (int rotation = first; rotation <= last; ++rotation) {
      PrefetchShare(next, rotation, first, last);
      *out++ = OneRotation(probe, candidate, rotation);
    }
  }

  IRISPAIR_AVX2 static Distance OneRotation(const Probe& probe, const Eye& candidate, int rotation) {
    __m256i differing_ones = _mm256_setzero_si256();
    __m256i differing_twos = _mm256_setzero_si256();
    __m256i differing_fours = _mm256_setzero_si256();
    __m256i differing_eights_count = _mm256_setzero_si256();
    __m256i unmasked_ones = _mm256_setzero_si256();
    __m256i unmasked_twos = _mm256_setzero_si256();
    __m256i unmasked_fours_count = _mm256_setzero_si256();
    if constexpr (kRest == 1) {
      const Combined rest = Combine(probe, candidate, rotation, 0);
      differing_twos = AddBits(differing_ones, rest.real, rest.imaginary);
      unmasked_ones = rest.both;
    }
    for (std::size_t vector = kRest; vector < kVectorsInPlane; vector += 4) {
      const Combined a = Combine(probe, candidate, rotation, vector);
      const Combined b = Combine(probe, candidate, rotation, vector + 1);
      const __m256i twos_a = AddBits(differing_ones, a.real, a.imaginary);
      const __m256i twos_b = AddBits(differing_ones, b.real, b.imaginary);
      const __m256i fours_a = AddBits(differing_twos, twos_a, twos_b);
      const __m256i unmasked_twos_a = AddBits(unmasked_ones, a.both, b.both);
      const Combined c = Combine(probe, candidate, rotation, vector + 2);
      const Combined d = Combine(probe, candidate, rotation, vector + 3);
      const __m256i twos_c = AddBits(differing_ones, c.real, c.imaginary);
      const __m256i twos_d = AddBits(differing_ones, d.real, d.imaginary);
      const __m256i fours_b = AddBits(differing_twos, twos_c, twos_d);
      const __m256i unmasked_twos_b = AddBits(unmasked_ones, c.both, d.both);
      const __m256i eights = AddBits(differing_fours, fours_a, fours_b);
      const __m256i unmasked_fours = AddBits(unmasked_twos, unmasked_twos_a, unmasked_twos_b);
      differing_eights_count = _mm256_add_epi8(differing_eights_count, CountBytes(eights));
      unmasked_fours_count = _mm256_add_epi8(unmasked_fours_count, CountBytes(unmasked_fours));
    }
    // At most 8 x 8 ones a byte of eights and 8 of every lower weight: doubling twice and thrice stays below
    // 256 only for the lower weights, so the eights are weighed after summing.
    const __m256i differing_low = _mm256_add_epi8(
        CountBytes(differing_ones),
        Twice(_mm256_add_epi8(CountBytes(differing_twos), Twice(CountBytes(differing_fours)))));
    const __m256i unmasked_low = _mm256_add_epi8(CountBytes(unmasked_ones), Twice(CountBytes(unmasked_twos)));
    const int differing = 8 * SumBytes(differing_eights_count) + SumBytes(differing_low);
    const int unmasked = 4 * SumBytes(unmasked_fours_count) + SumBytes(unmasked_low);
    return {static_cast<std::uint16_t>(differing), static_cast<std::uint16_t>(2 * unmasked),
            static_cast<std::int16_t>(rotation), 0};
  }
};

}  // namespace

template <typename Eye>
const BasicKernel<Eye>& Avx2Kernel() {
  static constexpr BasicKernel<Eye> kKernel{"avx2", LeastOverRotations<Avx2Count<Eye>>,
                                            EachRotation<Avx2Count<Eye>>};
  return kKernel;
}

template const BasicKernel<EyePlanes>& Avx2Kernel();
template const BasicKernel<WideEyePlanes>& Avx2Kernel();

}  // namespace irispair

#endif
