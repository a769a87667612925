// What the kernels of narrow networks work on. Rows lie across the lanes, so that a layer of four units fills its
// vectors: numbers of the rows of a tile are [unit][width], `width` the rows rounded up to whole panels.
//
// θ, its slots and its gradient are one array each, W[1] … W[L], b[1] … b[L]. W lies in panels of four outputs,
// [output / 4][input, rounded up to 4][4], padded with zeros, so that the sums of four inputs by four outputs are one
// span of it; b is rounded up to 16.
#pragma once

#include "plan.h"

namespace chainrule {

constexpr int kNarrowPanel = 4;

template <typename T>
struct NarrowLayer {
  std::ptrdiff_t W, b;     // where they begin in θ
  std::ptrdiff_t stride;   // from a panel of W to the next
  T* A;                    // [outputs rounded up to 4]
  T* D;                    // slopes φ′(Z) ⊙ M, then Δ
};

template <typename T>
struct NarrowPlan {
  Plan<T> network;  // sizes and functions
  NarrowLayer<T> layer[kMaxLayers];
  const T* theta;
  T* x;       // [inputs rounded up to 4]
  T* y;       // [n_L]
  T* weight;  // of each row: w / Σw, 0 behind the last
  T* g;       // [widest hidden layer]: Wᵀ Δ where it is wanted by itself
  T* sums;    // of each entry of θ, one number per lane: the gradient of the tiles so far
};

CHAINRULE_INLINE std::ptrdiff_t narrow_at(const std::ptrdiff_t stride, int k, int j) {
  return j / kNarrowPanel * stride + k * kNarrowPanel + j % kNarrowPanel;
}

}  // namespace chainrule
