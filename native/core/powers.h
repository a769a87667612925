// β, β², β³ … for the corrections of Adam: not the C library's pow, whose last bit differs between libraries.
#pragma once

#include <cstdint>

namespace chainrule {

// βᵗ of any whole t > 0, to half an ulp and a little. The same t gives the same bits, in whatever order t comes.
class Powers {
 public:
  explicit Powers(double base) : base_{base, 0} {
    for (int i = 1; i < kRow; i++) low_[i] = product(low_[i - 1], base_);
  }

  double of(std::int64_t t) {
    if (t / kRow != row_) {
      row_ = t / kRow;
      high_ = {1, 0};
      Pair square = product(low_[kRow - 1], base_);
      for (std::int64_t rest = row_; rest; rest >>= 1, square = product(square, square)) {
        if (rest & 1) high_ = product(high_, square);
      }
    }
    return product(high_, low_[t % kRow]).value;
  }

 private:
  static constexpr int kRow = 64;
  struct Pair {
    double value, rest;  // their sum is meant
  };

  // Dekker, 1971: each factor in two halves, whose products are exact.
  static Pair product(Pair a, Pair b) {
    const double p = a.value * b.value;
    const Pair x = halves(a.value), y = halves(b.value);
    const double off = ((x.value * y.value - p) + x.value * y.rest + x.rest * y.value) + x.rest * y.rest;
    const double rest = off + (a.value * b.rest + a.rest * b.value), sum = p + rest;
    return {sum, rest - (sum - p)};
  }
  static Pair halves(double a) {
    const double c = 134217729.0 * a, high = c - (c - a);
    return {high, a - high};
  }

  Pair base_, low_[kRow] = {{1, 0}}, high_ = {1, 0};
  std::int64_t row_ = 0;
};

}  // namespace chainrule
