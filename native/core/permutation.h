// Permutations as numpy.random.Generator draws them, of any source of 64 bits.
#pragma once

#include <cstdint>
#include <utility>

#include "philox.h"

namespace chainrule {

// numpy.random.Generator: halves of 64 bits where 32 are enough, the low half first.
template <typename Source>
class Generator {
 public:
  explicit Generator(Source source) : source_(source) {}

  // A whole number in [0, most], each equally likely: bits are drawn until they are one, as many as `most` has.
  std::uint64_t at_most(std::uint64_t most) {
    std::uint64_t mask = most, drawn;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    if (most == 0) return 0;
    do {
      drawn = mask & (most <= 0xffffffffu ? next32() : source_.next64());
    } while (drawn > most);
    return drawn;
  }

  // 0 … count - 1 in the order of permutation(count).
  void permute(std::int64_t* order, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) order[i] = i;
    for (std::int64_t i = count - 1; i > 0; i--) std::swap(order[i], order[at_most(std::uint64_t(i))]);
  }

 private:
  std::uint32_t next32() {
    full_ = !full_;
    if (!full_) return kept_;
    const std::uint64_t both = source_.next64();
    kept_ = std::uint32_t(both >> 32);
    return std::uint32_t(both);
  }

  Source source_;
  std::uint32_t kept_ = 0;
  bool full_ = false;
};

// The stream of draws.generator(seed, purpose, epoch, step), number after number.
class PhiloxStream {
 public:
  PhiloxStream(std::uint64_t seed, std::uint64_t purpose, std::uint64_t epoch, std::uint64_t step)
      : philox_{{seed, purpose}, step, epoch, 0, {}} {}
  std::uint64_t next64() { return philox_.bits(number_++); }

 private:
  Philox philox_;
  std::uint64_t number_ = 0;
};

constexpr std::uint64_t kOrderPurpose = 1;  // draws.Purpose.ORDER

// draws.epoch_order
inline void draw_order(std::int64_t* order, std::int64_t rows, std::uint64_t seed, std::uint64_t epoch) {
  Generator(PhiloxStream(seed, kOrderPurpose, epoch, 0)).permute(order, rows);
}

}  // namespace chainrule
