// PCG64 (XSL-RR 128/64) seeded by a SeedSequence: the stream of numpy.random.default_rng(seed).
// O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms", 2014.
#pragma once

#include <cstdint>

namespace chainrule {

// NumPy's SeedSequence of one number, after O'Neill's seed_seq_fe.
class SeedSequence {
 public:
  explicit SeedSequence(std::uint64_t entropy) {
    const std::uint32_t words[4] = {std::uint32_t(entropy), std::uint32_t(entropy >> 32), 0, 0};
    for (int i = 0; i < 4; i++) pool_[i] = hashed(words[i]);
    for (int from = 0; from < 4; from++) {
      for (int to = 0; to < 4; to++) {
        if (from != to) pool_[to] = mixed(pool_[to], hashed(pool_[from]));
      }
    }
  }

  // `count` numbers of 64 bits.
  void generate(std::uint64_t* out, int count) const {
    std::uint32_t factor = 0x8b51f9ddu;
    const auto next = [&](int i) {
      std::uint32_t word = pool_[i % 4] ^ factor;
      factor *= 0x58f38dedu;
      word *= factor;
      return std::uint64_t(word ^ word >> 16);
    };
    for (int i = 0; i < count; i++) {
      const std::uint64_t low = next(2 * i);
      out[i] = low | next(2 * i + 1) << 32;
    }
  }

 private:
  std::uint32_t hashed(std::uint32_t word) {
    word ^= factor_;
    factor_ *= 0x931e8875u;
    word *= factor_;
    return word ^ word >> 16;
  }
  static std::uint32_t mixed(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t word = 0xca01f9ddu * x - 0x4973f715u * y;
    return word ^ word >> 16;
  }

  std::uint32_t pool_[4], factor_ = 0x43b0d7e5u;
};

class Pcg64 {
 public:
  explicit Pcg64(std::uint64_t seed) {
    std::uint64_t words[4];
    SeedSequence(seed).generate(words, 4);
    increment_ = wide(words[2], words[3]) << 1 | 1;
    step();
    state_ += wide(words[0], words[1]);
    step();
  }

  std::uint64_t next64() {
    step();
    const std::uint64_t folded = std::uint64_t(state_ >> 64) ^ std::uint64_t(state_);
    const int turn = int(state_ >> 122);
    return folded >> turn | folded << (-turn & 63);
  }

 private:
  typedef unsigned __int128 Wide;
  static Wide wide(std::uint64_t high, std::uint64_t low) { return Wide(high) << 64 | low; }
  void step() { state_ = state_ * wide(0x2360ed051fc65da4u, 0x4385df649fccf645u) + increment_; }

  Wide state_ = 0, increment_;
};

}  // namespace chainrule
