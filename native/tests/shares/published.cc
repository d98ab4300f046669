#include "tests/shares/published.h"

#include <charconv>
#include <cstring>
#include <fstream>

namespace irispair::published {
namespace {

std::vector<std::uint8_t> FromHex(const std::string& hex) {
  std::vector<std::uint8_t> bytes(hex.size() / 2);
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    std::from_chars(&hex[2 * index], &hex[2 * index] + 2, bytes[index], 16);
  }
  return bytes;
}

std::vector<std::array<int, 2>> ReadFigures(std::istream& words) {
  std::vector<std::array<int, 2>> figures(31);
  for (auto& [differing, unmasked] : figures) words >> differing >> unmasked;
  return figures;
}

Vectors ReadAll() {
  Vectors vectors;
  std::ifstream words(SHARE_VECTORS_PATH);
  std::string kind;
  while (words >> kind) {
    if (kind == "template") {
      std::string id, code, mask;
      words >> id >> code >> mask;
      naive::Template& eye = vectors.templates[id];
      eye.code = FromHex(code);
      eye.mask = FromHex(mask);
    } else if (kind == "share") {
      std::string id, code, mask;
      std::size_t party = 0;
      words >> id >> party >> code >> mask;
      const auto bytes = FromHex(code + mask);
      vectors.shares[id].at(party) = ToShareRecord(bytes, id);
    } else if (kind == "pair") {
      Pair pair;
      words >> pair.probe >> pair.gallery;
      pair.normal = ReadFigures(words);
      pair.mirrored = ReadFigures(words);
      vectors.pairs.push_back(pair);
    } else {
      SharedPair pair;
      words >> pair.query >> pair.gallery >> pair.code_dot >> pair.mask_dot;
      for (std::uint16_t& dot : pair.code_dots) words >> dot;
      for (std::uint16_t& dot : pair.mask_dots) words >> dot;
      vectors.shared_pairs.push_back(pair);
    }
  }
  return vectors;
}

}  // namespace

const Vectors& Read() {
  static const Vectors vectors = ReadAll();
  return vectors;
}

}  // namespace irispair::published
