#include "core/kernels/kernel.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "tests/kernels/emulated_kernels.h"
#include "tests/kernels/naive.h"

namespace irispair {
namespace {

constexpr RotationWindow kAllRotations{0, kFarthestRotation};

// Every kernel of either shape.
template <typename Eye>
class KernelTest : public testing::Test {
 protected:
  using Prepared = BasicPreparedEye<Eye>;

  static std::vector<const BasicKernel<Eye>*> EveryKernel() {
    const auto available = AvailableKernels<Eye>();
    std::vector<const BasicKernel<Eye>*> kernels(available.begin(), available.end());
    for (const BasicKernel<Eye>* emulated : EmulatedKernels<Eye>()) kernels.push_back(emulated);
    return kernels;
  }

  static naive::Template Random(std::mt19937& random, double usable) {
    return naive::Random(random, usable, Eye::kColumns);
  }

  static naive::Template Unmasked() {
    naive::Template eye(Eye::kColumns);
    std::fill(eye.mask.begin(), eye.mask.end(), std::uint8_t{0xff});
    return eye;
  }

  static std::vector<Distance> Each(const BasicKernel<Eye>& kernel, const Prepared& probe, const Eye& gallery,
                                    RotationWindow window) {
    std::vector<Distance> each(static_cast<std::size_t>(window.Size()));
    kernel.each(probe, window, gallery, each);
    return each;
  }

  static Distance Least(const BasicKernel<Eye>& kernel, const Prepared& probe, const Eye& gallery,
                        RotationWindow window) {
    const Eye* candidate = &gallery;
    Distance least;
    kernel.least(probe, window, {&candidate, 1}, {&least, 1});
    return least;
  }
};

using Shapes = testing::Types<EyePlanes, WideEyePlanes>;
TYPED_TEST_SUITE(KernelTest, Shapes);

void ExpectNaive(const std::vector<Distance>& each, const naive::Template& probe,
                 const naive::Template& gallery) {
  ASSERT_EQ(each.size(), 31U);
  EXPECT_EQ(each.front().rotation, -15);
  EXPECT_EQ(each.back().rotation, 15);
  for (const Distance& distance : each) {
    EXPECT_EQ(distance, naive::Compare(probe, gallery, distance.rotation))
        << "rotation " << distance.rotation;
  }
}

TYPED_TEST(KernelTest, CountsAsTheDefinitionDoes) {
  for (const auto* kernel : this->EveryKernel()) {
    SCOPED_TRACE(kernel->name);
    std::mt19937 random(20261123);
    for (const double usable : {1.0, 0.8, 0.5, 0.02}) {
      const naive::Template probe = this->Random(random, usable);
      const naive::Template gallery = this->Random(random, usable);
      const auto encoded = naive::Encoded<TypeParam>(probe);
      TypeParam mirrored;
      Mirror(encoded, mirrored);
      const auto candidate = naive::Encoded<TypeParam>(gallery);
      using Prepared = BasicPreparedEye<TypeParam>;
      ExpectNaive(this->Each(*kernel, Prepared(encoded), candidate, kAllRotations), probe, gallery);
      ExpectNaive(this->Each(*kernel, Prepared(mirrored), candidate, kAllRotations), naive::Mirrored(probe),
                  gallery);
    }
  }
}

// A single bit in each column in turn: none is left out and none is counted twice, at the ends of a plane
// and of what a kernel takes at once either.
TYPED_TEST(KernelTest, SeesEveryColumnOnce) {
  for (const auto* kernel : this->EveryKernel()) {
    SCOPED_TRACE(kernel->name);
    const BasicPreparedEye<TypeParam> probe(naive::Encoded<TypeParam>(this->Unmasked()));
    for (std::size_t column = 0; column < TypeParam::kColumns; ++column) {
      TypeParam gallery{};
      gallery.mask[column] = 0x10;
      EXPECT_EQ(this->Least(*kernel, probe, gallery, {0, 0}), (Distance{0, 2, 0, 0})) << column;
      gallery.real[column] = 0x10;
      EXPECT_EQ(this->Least(*kernel, probe, gallery, {0, 0}), (Distance{1, 2, 0, 0})) << column;
      gallery.imaginary[column] = 0x10;
      EXPECT_EQ(this->Least(*kernel, probe, gallery, {3, 0}), (Distance{2, 2, 3, 0})) << column;
    }
  }
}

TYPED_TEST(KernelTest, CountsExtremes) {
  constexpr std::uint16_t kBits = TypeParam::kCodeBits;
  const naive::Template zeros(TypeParam::kColumns);
  const naive::Template unmasked_zeros = this->Unmasked();
  naive::Template ones = this->Unmasked();
  std::fill(ones.code.begin(), ones.code.end(), std::uint8_t{0xff});
  const BasicPreparedEye<TypeParam> probe(naive::Encoded<TypeParam>(ones));
  for (const auto* kernel : this->EveryKernel()) {
    SCOPED_TRACE(kernel->name);
    const auto least = [&](const naive::Template& gallery) {
      return this->Least(*kernel, probe, naive::Encoded<TypeParam>(gallery), {0, 0});
    };
    EXPECT_EQ(least(unmasked_zeros), (Distance{kBits, kBits, 0, 0}));
    EXPECT_EQ(least(ones), (Distance{0, kBits, 0, 0}));
    EXPECT_EQ(least(zeros), (Distance{0, 0, 0, 0}));
  }
}

TYPED_TEST(KernelTest, FindsTheLeastOfAnyWindow) {
  std::mt19937 random(7);
  const BasicPreparedEye<TypeParam> probe(naive::Encoded<TypeParam>(this->Random(random, 0.7)));
  std::vector<TypeParam> gallery;
  for (int index = 0; index < 5; ++index) {
    gallery.push_back(naive::Encoded<TypeParam>(this->Random(random, 0.7)));
  }
  std::vector<const TypeParam*> candidates;
  for (const TypeParam& eye : gallery) candidates.push_back(&eye);
  for (const auto* kernel : this->EveryKernel()) {
    SCOPED_TRACE(kernel->name);
    for (int base = -15; base <= 15; ++base) {
      for (const int reach : {0, 1, 5, 15}) {
        const RotationWindow window{base, reach};
        if (window.First() < -15 || window.Last() > 15) continue;
        std::vector<Distance> least(candidates.size());
        kernel->least(probe, window, candidates, least);
        for (std::size_t index = 0; index < candidates.size(); ++index) {
          const auto each = this->Each(*kernel, probe, gallery[index], window);
          const Distance expected = *std::min_element(each.begin(), each.end(), Nearer);
          EXPECT_EQ(least[index], expected) << "base " << base << " reach " << reach;
        }
      }
    }
  }
}

TYPED_TEST(KernelTest, GivesTiesToTheLowestRotationAndTakesNoCandidates) {
  const auto flat = naive::Encoded<TypeParam>(this->Unmasked());
  const BasicPreparedEye<TypeParam> probe(flat);
  for (const auto* kernel : this->EveryKernel()) {
    EXPECT_EQ(this->Least(*kernel, probe, flat, {0, 5}).rotation, -5) << kernel->name;
    kernel->least(probe, {0, 5}, {}, {});
  }
}

// One pair of the published vectors.
struct VectorPair {
  std::string probe;
  std::string gallery;
  std::vector<std::array<int, 2>> normal;
  std::vector<std::array<int, 2>> mirrored;
  std::string shift11;
  std::string shift31;
};

std::vector<std::uint8_t> FromHex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t index = 0; index < hex.size(); index += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(index, 2), nullptr, 16)));
  }
  return bytes;
}

struct Vectors {
  std::map<std::string, EyePlanes> eyes;
  std::vector<VectorPair> pairs;
};

std::vector<std::array<int, 2>> ReadFigures(std::istream& words) {
  std::vector<std::array<int, 2>> figures(31);
  for (auto& [differing, unmasked] : figures) words >> differing >> unmasked;
  return figures;
}

Vectors ReadVectors() {
  Vectors vectors;
  std::ifstream words(IRIS_VECTORS_PATH);
  std::string kind;
  while (words >> kind) {
    if (kind == "template") {
      std::string id, code, mask;
      words >> id >> code >> mask;
      EncodeEye(EyePlanes::PackedCode(FromHex(code)), EyePlanes::PackedCode(FromHex(mask)), vectors.eyes[id]);
    } else {
      VectorPair pair;
      words >> pair.probe >> pair.gallery;
      pair.normal = ReadFigures(words);
      pair.mirrored = ReadFigures(words);
      words >> pair.shift11 >> pair.shift31;
      vectors.pairs.push_back(pair);
    }
  }
  return vectors;
}

void ExpectFigures(const std::vector<Distance>& each, const std::vector<std::array<int, 2>>& figures) {
  ASSERT_EQ(each.size(), figures.size());
  for (std::size_t index = 0; index < each.size(); ++index) {
    EXPECT_EQ(each[index].differing, figures[index][0]) << "shift " << each[index].rotation;
    EXPECT_EQ(each[index].unmasked, figures[index][1]) << "shift " << each[index].rotation;
  }
}

void ExpectShift(const Distance& least, const std::string& shift) {
  if (shift == "none") {
    EXPECT_EQ(least.unmasked, 0);
  } else {
    EXPECT_EQ(least.rotation, std::stoi(shift));
  }
}

using NarrowKernelTest = KernelTest<EyePlanes>;

TEST_F(NarrowKernelTest, ReproducesThePublishedVectors) {
  const Vectors vectors = ReadVectors();
  ASSERT_EQ(vectors.pairs.size(), 38U);
  for (const Kernel* kernel : EveryKernel()) {
    SCOPED_TRACE(kernel->name);
    for (const VectorPair& pair : vectors.pairs) {
      SCOPED_TRACE(pair.probe + " against " + pair.gallery);
      const EyePlanes& probe_eye = vectors.eyes.at(pair.probe);
      const EyePlanes& gallery = vectors.eyes.at(pair.gallery);
      const PreparedEye probe(probe_eye);
      ExpectFigures(Each(*kernel, probe, gallery, kAllRotations), pair.normal);
      ExpectShift(Least(*kernel, probe, gallery, {0, 5}), pair.shift11);
      ExpectShift(Least(*kernel, probe, gallery, {0, 15}), pair.shift31);
      EyePlanes mirrored;
      Mirror(probe_eye, mirrored);
      ExpectFigures(Each(*kernel, PreparedEye(mirrored), gallery, kAllRotations), pair.mirrored);
    }
  }
}

TEST(KernelChoice, KnowsThePortableKernelAndRefusesUnknownNames) {
  EXPECT_STREQ(AvailableKernels().front()->name, "scalar");
  EXPECT_EQ(FindKernel("scalar"), AvailableKernels().front());
  EXPECT_EQ(FindKernel(BestKernel().name), &BestKernel());
  EXPECT_EQ(FindKernel("sse2"), nullptr);
}

TEST(KernelChoice, IsTheSameForEveryShape) {
  const auto wide = AvailableKernels<WideEyePlanes>();
  ASSERT_EQ(wide.size(), AvailableKernels().size());
  for (std::size_t index = 0; index < wide.size(); ++index) {
    EXPECT_STREQ(wide[index]->name, AvailableKernels()[index]->name);
    EXPECT_EQ(FindKernel<WideEyePlanes>(wide[index]->name), wide[index]);
  }
  EXPECT_STREQ(BestKernel<WideEyePlanes>().name, BestKernel().name);
}

}  // namespace
}  // namespace irispair
