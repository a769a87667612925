// What the kernels of narrow networks work on. Rows lie across the lanes, so that a layer of four units fills its
// vectors: numbers of a tile are [unit][lane_rows], lane_rows its rows rounded up to 16.
//
// θ, its slots and its gradient are one array each, W[1] … W[L], b[1] … b[L]. W lies in groups of four outputs,
// [output / 4][input, rounded up to 4][4], padded with zeros, so that the gradient of four inputs by four outputs is 16
// numbers in a row; b is rounded up to 16.
#pragma once

#include "plan.h"

namespace chainrule {

constexpr int kOutputGroup = 4;

template <typename T>
struct NarrowLayer {
  std::ptrdiff_t W, b;     // where they begin in θ
  std::ptrdiff_t stride;   // from a group of W to the next
  T* A;                    // [outputs rounded up to 4][lane_rows]
  T* D;                    // slopes φ′(Z) ⊙ M, of softmax A before its mask; then Δ, in the same place
};

template <typename T>
struct NarrowPlan {
  Plan<T> network;  // sizes and functions alone
  NarrowLayer<T> layer[kMaxLayers];
  const T* theta;
  T* x;         // [inputs rounded up to 4][lane_rows]
  T* y;         // [n_L][lane_rows]
  T* weight;    // of each row: w / Σw, 0 behind the last
  T* row_loss;  // ℓ of each row, where it is kept
  T* g;         // [widest hidden layer][lane_rows]: Wᵀ Δ where it is wanted by itself
  T* sums;      // of each entry of θ, one number per lane: the gradient of the tiles so far
};

// Where W of an input and an output lies, from the start of the layer's W.
CHAINRULE_INLINE std::ptrdiff_t weight_at(std::ptrdiff_t stride, int input, int output) {
  return output / kOutputGroup * stride + input * kOutputGroup + output % kOutputGroup;
}

}  // namespace chainrule
