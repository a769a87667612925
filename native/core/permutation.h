// Permutations as numpy.random.Generator draws them, of any source of 64 bits.
#pragma once

#include <cstdint>

#include "philox.h"

namespace chainrule {

// numpy.random.Generator's permutations, of at most 2³² numbers.
template <typename Source>
class Generator {
 public:
  explicit Generator(Source source) : source_(source) {}

  // 0 … count - 1: each, from the last on, changes places with one of those up to it. A number in [0, i] is drawn by as
  // many bits as i has, again where it is too large; which is done without a branch, as nobody could foresee it.
  void permute(std::int64_t* order, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) order[i] = i;
    std::uint32_t mask = 0xffffffffu;
    for (std::int64_t i = count - 1; i > 0;) {
      while (mask >> 1 >= i) mask >>= 1;
      for (const std::int64_t last = mask >> 1; i > last;) {
        const std::int64_t drawn = next32() & mask;
        const bool fits = drawn <= i;
        const std::int64_t j = fits ? drawn : i, moved = order[i];
        order[i] = order[j];
        order[j] = moved;
        i -= fits;
      }
    }
  }

 private:
  static constexpr int kAhead = 8;

  // Halves of 64 bits, the low half first.
  std::uint32_t next32() {
    if (at_ == 2 * kAhead) {
      for (std::uint64_t& both : drawn_) both = source_.next64();
      at_ = 0;
    }
    const std::uint64_t both = drawn_[at_ / 2];
    return std::uint32_t(both >> (at_++ % 2 ? 32 : 0));
  }

  Source source_;
  std::uint64_t drawn_[kAhead];
  int at_ = 2 * kAhead;
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
