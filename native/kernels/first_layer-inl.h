// F1 and B3 of a layer 1 with few outputs, the data read where it lies: vectors run along the inputs, so that no
// lane is spent on outputs that are not there.
#pragma once

#include "gather-inl.h"
#include "product-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

#if defined(__AVX512F__) || defined(__AVX2__)
constexpr int kWidestInPlace = 12;
// Outputs at once, with two rows or two vectors of inputs: all accumulators stay in registers.
constexpr int kOutputsAtOnce = kRegisters == 32 ? 12 : 6;

// F1 of R rows for J outputs from the one numbered j0.
template <int J, int R, typename X>
INLINE void rows_in_place(const Plan<float>& plan, const X* const* x, int at, int j0, float scale, bool first) {
  constexpr int lanes = kLanes<float>;
  const Layer<float>& layer = plan.layer[0];
  const int n = layer.inputs, full = n / kPanel;
  vec_f acc[R][J];
  UNROLL for (int i = 0; i < R; i++) {
    UNROLL for (int j = 0; j < J; j++) acc[i][j] = vec_f{};
  }
  const float* w = layer.W_back.panel(0, j0);
  for (int p = 0; p < full; p++, w += layer.W_back.stride()) {
    UNROLL for (int v = 0; v < kPanel; v += lanes) {
      vec_f xv[R];
      UNROLL for (int i = 0; i < R; i++) xv[i] = load_as<float>(x[i] + p * kPanel + v, 1.0f);
      UNROLL for (int j = 0; j < J; j++) {
        vec_f wv = load(w + j * kPanel + v);
        if (R > 1) KEEP(wv);
        UNROLL for (int i = 0; i < R; i++) acc[i][j] = multiply_add(xv[i], wv, acc[i][j]);  // F1
      }
    }
    if (first) {
      UNROLL for (int i = 0; i < R; i++) __builtin_prefetch(x[i] + p * kPanel + 2 * R * n);
    }
  }
  if (full * kPanel < n) {
    UNROLL for (int v = 0; v < kPanel; v += lanes) {
      UNROLL for (int i = 0; i < R; i++) {
        const vec_f xv = load_first_as<float>(x[i] + full * kPanel + v, n - full * kPanel - v, 1.0f);
        UNROLL for (int j = 0; j < J; j++) acc[i][j] = multiply_add(xv, load(w + j * kPanel + v), acc[i][j]);
      }
    }
  }
  UNROLL for (int i = 0; i < R; i++) {
    float* to = layer.A.at(at + i, j0);
    UNROLL for (int j = 0; j < J; j += lanes) {
      vec_f a[lanes];
      UNROLL for (int k = 0; k < lanes; k++) a[k] = j + k < J ? acc[i][j + k] : vec_f{};
      const vec_f sums = sums_of_lanes<float>(a) * scale;
      UNROLL for (int k = 0; k < lanes; k++) {
        if (j + k < J) to[j + k] = sums[k] + layer.b[j0 + j + k];
      }
    }
  }
}

template <int kOutputs, typename X>
__attribute__((noinline)) void forward_in_place_(const Plan<float>& plan, const Step<float>& step, int first, int last,
                                                 int at, float scale) {
  constexpr int chunks = (kOutputs + kOutputsAtOnce - 1) / kOutputsAtOnce, J = (kOutputs + chunks - 1) / chunks, rest = kOutputs - J * (chunks - 1);
  constexpr int R = kRegisters == 32 && J <= 6 ? 4 : 2;
  const X* x[R];
  int r = first;
  for (; r + R <= last; r += R) {
    UNROLL for (int i = 0; i < R; i++) x[i] = row_of(step, static_cast<const X*>(step.x), r + i);
    UNROLL for (int c = 0; c + 1 < chunks; c++) rows_in_place<J, R, X>(plan, x, r - at, c * J, scale, c == 0);
    rows_in_place<rest, R, X>(plan, x, r - at, kOutputs - rest, scale, chunks == 1);
  }
  for (; r < last; r++) {
    x[0] = row_of(step, static_cast<const X*>(step.x), r);
    UNROLL for (int c = 0; c + 1 < chunks; c++) rows_in_place<J, 1, X>(plan, x, r - at, c * J, scale, c == 0);
    rows_in_place<rest, 1, X>(plan, x, r - at, kOutputs - rest, scale, chunks == 1);
  }
}

// B3 of NX vectors of inputs from input k for J outputs from the one numbered j0; the same inputs of the rows
// that lie `ahead` behind are fetched, so that the memory works while there is arithmetic to do.
template <int J, int NX, typename X>
INLINE void inputs_in_place(const Plan<float>& plan, const Step<float>& step, int first, int last, int at, int k, int j0,
                            Panels<float> G, bool add, float scale, std::ptrdiff_t ahead) {
  constexpr int lanes = kLanes<float>;
  const Layer<float>& layer = plan.layer[0];
  const float* delta = layer.delta.at(first - at, j0);
  const int left = layer.inputs - k;
  vec_f acc[J][NX];
  UNROLL for (int j = 0; j < J; j++) {
    UNROLL for (int v = 0; v < NX; v++) acc[j][v] = vec_f{};
  }
  const auto rows = [&](const auto& load_x) INLINE_LAMBDA {
    for (int r = first; r < last; r++) {
      const X* x = row_of(step, static_cast<const X*>(step.x), r) + k;
      const float* d = delta + (std::ptrdiff_t)(r - first) * kPanel;
      vec_f xv[NX];
      UNROLL for (int v = 0; v < NX; v++) xv[v] = load_x(x, v * lanes);
      if (ahead) __builtin_prefetch(x + ahead, 0, 2);
      UNROLL for (int j = 0; j < J; j++) {
        const vec_f dv = splat(d[j]);
        UNROLL for (int v = 0; v < NX; v++) acc[j][v] = multiply_add(dv, xv[v], acc[j][v]);  // B3
      }
    }
  };
  if (left >= NX * lanes) rows([](const X* x, int v) INLINE_LAMBDA { return load_as<float>(x + v, 1.0f); });
  else rows([left](const X* x, int v) INLINE_LAMBDA { return load_first_as<float>(x + v, left - v, 1.0f); });
  UNROLL for (int v = 0; v < NX; v++) {
    const int i = k + v * lanes;
    if (i >= layer.inputs) break;
    float* g = G.at(j0, i);
    UNROLL for (int j = 0; j < J; j++) {
      store(g + j * kPanel, multiply_add(acc[j][v], scale, add ? load(g + j * kPanel) : vec_f{}));
    }
  }
}

template <int kOutputs, typename X>
__attribute__((noinline)) void gradient_in_place_(const Plan<float>& plan, const Step<float>& step, int first, int last,
                                                  int at, Panels<float> G, bool add, float scale) {
  constexpr int chunks = (kOutputs + kOutputsAtOnce - 1) / kOutputsAtOnce, J = (kOutputs + chunks - 1) / chunks, rest = kOutputs - J * (chunks - 1);
  constexpr int NX = 2, per_line = 64 / sizeof(X);
  const std::ptrdiff_t next = step.order ? 0 : (last - first) * step.x_stride;
  for (int k = 0; k < plan.layer[0].inputs; k += NX * kLanes<float>) {
    UNROLL for (int c = 0; c + 1 < chunks; c++) inputs_in_place<J, NX, X>(plan, step, first, last, at, k, c * J, G, add, scale, 0);
    const std::ptrdiff_t ahead = k % per_line ? 0 : next;
    inputs_in_place<rest, NX, X>(plan, step, first, last, at, k, kOutputs - rest, G, add, scale, ahead);
  }
}

#define EACH_WIDTH(call) \
  switch (plan.layer[0].outputs) { \
    case 1: call(1); break; case 2: call(2); break; case 3: call(3); break; case 4: call(4); break; \
    case 5: call(5); break; case 6: call(6); break; case 7: call(7); break; case 8: call(8); break; \
    case 9: call(9); break; case 10: call(10); break; case 11: call(11); break; case 12: call(12); break; \
  }

INLINE void forward_in_place(const Plan<float>& plan, const Step<float>& step, int first, int last, int at) {
#define CALL8(J) forward_in_place_<J, std::uint8_t>(plan, step, first, last, at, plan.scale)
#define CALL(J) forward_in_place_<J, float>(plan, step, first, last, at, 1.0f)
  if (plan.input == Input::uint8) { EACH_WIDTH(CALL8) } else { EACH_WIDTH(CALL) }
#undef CALL8
#undef CALL
}
void gradient_in_place(const Plan<float>& plan, const Step<float>& step, int first, int last, int at, Panels<float> G,
                       bool add) {
#define CALL8(J) gradient_in_place_<J, std::uint8_t>(plan, step, first, last, at, G, add, plan.scale)
#define CALL(J) gradient_in_place_<J, float>(plan, step, first, last, at, G, add, 1.0f)
  if (plan.input == Input::uint8) { EACH_WIDTH(CALL8) } else { EACH_WIDTH(CALL) }
#undef CALL8
#undef CALL
}
#else
constexpr int kWidestInPlace = 0;
INLINE void forward_in_place(const Plan<float>&, const Step<float>&, int, int, int) {}
void gradient_in_place(const Plan<float>&, const Step<float>&, int, int, int, Panels<float>, bool) {}
#endif
INLINE void forward_in_place(const Plan<double>&, const Step<double>&, int, int, int) {}
void gradient_in_place(const Plan<double>&, const Step<double>&, int, int, int, Panels<double>, bool) {}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
