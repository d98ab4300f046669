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

std::vector<const Kernel*> EveryKernel() {
  const auto available = AvailableKernels();
  std::vector<const Kernel*> kernels(available.begin(), available.end());
  for (const Kernel* emulated : EmulatedKernels()) kernels.push_back(emulated);
  return kernels;
}

std::string Name(const testing::TestParamInfo<const Kernel*>& info) {
  std::string name = info.param->name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

class KernelTest : public testing::TestWithParam<const Kernel*> {
 protected:
  std::vector<Distance> Each(const PreparedEye& probe, const EyePlanes& gallery,
                             RotationWindow window) const {
    std::vector<Distance> each(static_cast<std::size_t>(window.Size()));
    GetParam()->each(probe, window, gallery, each);
    return each;
  }

  Distance Least(const PreparedEye& probe, const EyePlanes& gallery, RotationWindow window) const {
    const EyePlanes* candidate = &gallery;
    Distance least;
    GetParam()->least(probe, window, {&candidate, 1}, {&least, 1});
    return least;
  }
};

INSTANTIATE_TEST_SUITE_P(Every, KernelTest, testing::ValuesIn(EveryKernel()), Name);

void ExpectNaive(const KernelTest&, const std::vector<Distance>& each, const naive::Template& probe,
                 const naive::Template& gallery) {
  for (const Distance& distance : each) {
    EXPECT_EQ(distance, naive::Compare(probe, gallery, distance.rotation))
        << "rotation " << distance.rotation;
  }
}

TEST_P(KernelTest, CountsAsTheDefinitionDoes) {
  std::mt19937 random(20261123);
  for (const double usable : {1.0, 0.8, 0.5, 0.02}) {
    const naive::Template probe = naive::Random(random, usable);
    const naive::Template gallery = naive::Random(random, usable);
    const auto each = Each(PreparedEye(naive::Encoded(probe)), naive::Encoded(gallery), kAllRotations);
    ASSERT_EQ(each.size(), 31U);
    EXPECT_EQ(each.front().rotation, -15);
    EXPECT_EQ(each.back().rotation, 15);
    ExpectNaive(*this, each, probe, gallery);
  }
}

TEST_P(KernelTest, CountsExtremes) {
  naive::Template zeros;
  naive::Template ones;
  std::fill(ones.code.begin(), ones.code.end(), std::uint8_t{0xff});
  std::fill(ones.mask.begin(), ones.mask.end(), std::uint8_t{0xff});
  naive::Template unmasked_zeros = zeros;
  unmasked_zeros.mask = ones.mask;
  const PreparedEye probe(naive::Encoded(ones));
  EXPECT_EQ(Least(probe, naive::Encoded(unmasked_zeros), {0, 0}), (Distance{12800, 12800, 0, 0}));
  EXPECT_EQ(Least(probe, naive::Encoded(ones), {0, 0}), (Distance{0, 12800, 0, 0}));
  EXPECT_EQ(Least(probe, naive::Encoded(zeros), {0, 0}), (Distance{0, 0, 0, 0}));
}

TEST_P(KernelTest, FindsTheLeastOfAnyWindow) {
  std::mt19937 random(7);
  const PreparedEye probe(naive::Encoded(naive::Random(random, 0.7)));
  std::vector<EyePlanes> gallery;
  for (int index = 0; index < 5; ++index) gallery.push_back(naive::Encoded(naive::Random(random, 0.7)));
  std::vector<const EyePlanes*> candidates;
  for (const EyePlanes& eye : gallery) candidates.push_back(&eye);
  for (int base = -15; base <= 15; ++base) {
    for (const int reach : {0, 1, 5, 15}) {
      const RotationWindow window{base, reach};
      if (window.First() < -15 || window.Last() > 15) continue;
      std::vector<Distance> least(candidates.size());
      GetParam()->least(probe, window, candidates, least);
      for (std::size_t index = 0; index < candidates.size(); ++index) {
        const auto each = Each(probe, gallery[index], window);
        const Distance expected = *std::min_element(each.begin(), each.end(), Nearer);
        EXPECT_EQ(least[index], expected) << "base " << base << " reach " << reach;
      }
    }
  }
}

TEST_P(KernelTest, GivesTiesToTheLowestRotation) {
  naive::Template flat;
  std::fill(flat.mask.begin(), flat.mask.end(), std::uint8_t{0xff});
  EXPECT_EQ(Least(PreparedEye(naive::Encoded(flat)), naive::Encoded(flat), {0, 5}).rotation, -5);
}

TEST_P(KernelTest, TakesNoCandidates) { GetParam()->least(PreparedEye(EyePlanes{}), {0, 5}, {}, {}); }

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
      EncodeEye(PackedCode(FromHex(code)), PackedCode(FromHex(mask)), vectors.eyes[id]);
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

TEST_P(KernelTest, ReproducesThePublishedVectors) {
  static const Vectors vectors = ReadVectors();
  ASSERT_EQ(vectors.pairs.size(), 38U);
  for (const VectorPair& pair : vectors.pairs) {
    SCOPED_TRACE(pair.probe + " against " + pair.gallery);
    const EyePlanes& probe_eye = vectors.eyes.at(pair.probe);
    const EyePlanes& gallery = vectors.eyes.at(pair.gallery);
    const PreparedEye probe(probe_eye);
    ExpectFigures(Each(probe, gallery, kAllRotations), pair.normal);
    ExpectShift(Least(probe, gallery, {0, 5}), pair.shift11);
    ExpectShift(Least(probe, gallery, {0, 15}), pair.shift31);
    EyePlanes mirrored;
    Mirror(probe_eye, mirrored);
    ExpectFigures(Each(PreparedEye(mirrored), gallery, kAllRotations), pair.mirrored);
  }
}

TEST(KernelChoice, KnowsThePortableKernelAndRefusesUnknownNames) {
  EXPECT_STREQ(AvailableKernels().front()->name, "scalar");
  EXPECT_EQ(FindKernel("scalar"), AvailableKernels().front());
  EXPECT_EQ(FindKernel(BestKernel().name), &BestKernel());
  EXPECT_EQ(FindKernel("sse2"), nullptr);
}

}  // namespace
}  // namespace irispair
