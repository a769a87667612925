// F0, F2, B2: masks M of dropout, given or drawn.
#pragma once

#include "../core/philox.h"
#include "../core/plan.h"
#include "vector-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

constexpr std::uint64_t kDropoutPurpose = 2;  // draws.Purpose.DROPOUT

// Rows [first, last) of A, and of the slopes S where there are any, times the masks of one layer: of_entry(r, k) is M.
template <typename T, typename Mask>
INLINE void times_mask(int first, int last, int at, Panels<T> A, Panels<T> S, const Mask& of_entry) {
  for (int r = first; r < last; r++) {
    for (int k = 0; k < A.columns; k++) {
      const T m = of_entry(r, k);
      *A.at(r - at, k) *= m;
      if (S) *S.at(r - at, k) *= m;
    }
  }
}

// M as given: (rows of the batch, width).
template <typename T> void mask(const T* M, int first, int last, int at, Panels<T> A, Panels<T> S) {
  times_mask(first, last, at, A, S, [&](int r, int k) { return M[(std::ptrdiff_t)r * A.columns + k]; });
}

// M as drawn: number `offset` of the step's stream is the batch's first.
template <typename T>
void drop(double p, std::uint64_t offset, const Step<T>& step, int first, int last, int at, Panels<T> A, Panels<T> S) {
  Philox draw{{step.seed, kDropoutPurpose}, step.number, step.epoch, 0, {}};
  const T kept = T(1 / (1 - p));
  times_mask(first, last, at, A, S, [&](int r, int k) {
    return draw.uniform(offset + (std::uint64_t)r * A.columns + k) >= p ? kept : T(0);
  });
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
