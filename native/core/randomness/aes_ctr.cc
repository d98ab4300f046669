#include "core/randomness/aes_ctr.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "core/system/error.h"

namespace irispair {
namespace {

// Zeroes are encrypted in place while they are in the first-level cache.
constexpr std::size_t kPieceBytes = 8192;

EVP_CIPHER_CTX* Context(void* context) { return static_cast<EVP_CIPHER_CTX*>(context); }

}  // namespace

void AesCtr::Free::operator()(void* context) const { EVP_CIPHER_CTX_free(Context(context)); }

AesCtr::AesCtr(const AesKey& key) : context_(EVP_CIPHER_CTX_new()) {
  constexpr std::array<std::uint8_t, 16> kStart{};
  if (context_ == nullptr || EVP_EncryptInit_ex(Context(context_.get()), EVP_aes_128_ctr(), nullptr,
                                                key.data(), kStart.data()) != 1) {
    throw Error(ErrorCode::kSystem, "OpenSSL offers no AES-128-CTR");
  }
}

void AesCtr::Fill(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::span<std::uint8_t> piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    std::memset(piece.data(), 0, piece.size());
    int written = 0;
    if (EVP_EncryptUpdate(Context(context_.get()), piece.data(), &written, piece.data(),
                          static_cast<int>(piece.size())) != 1) {
      throw Error(ErrorCode::kSystem, "OpenSSL failed to encrypt");
    }
    bytes = bytes.subspan(piece.size());
  }
}

}  // namespace irispair
