// F1 and B3 of a layer 1 with few outputs, the data read where it lies: vectors run along the inputs, so that no
// lane is spent on outputs that are not there.
#pragma once

#include "gather-inl.h"
#include "product-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

#if defined(__AVX512F__) || defined(__AVX2__)
constexpr int kWidestInPlace = 12;
// Outputs at once, with two rows or two vectors of inputs: all accumulators stay in registers. More are done in
// parts, as equal as they can be.
constexpr int kOutputsAtOnce = kRegisters == 32 ? 12 : 6;
INLINE int outputs_of_a_part(int outputs) {
  const int parts = (outputs + kOutputsAtOnce - 1) / kOutputsAtOnce;
  return (outputs + parts - 1) / parts;
}
constexpr int rows_at_once(int outputs) { return 4 * outputs + 5 <= kRegisters ? 4 : 2; }
#define WITH_OUTPUTS(J, call) \
  switch (J) { \
    case 1: call(1); break; case 2: call(2); break; case 3: call(3); break; \
    case 4: call(4); break; case 5: call(5); break; case 6: call(6); break; \
    default: if constexpr (kOutputsAtOnce == 12) switch (J) { \
      case 7: call(7); break; case 8: call(8); break; case 9: call(9); break; \
      case 10: call(10); break; case 11: call(11); break; case 12: call(12); break; \
    } \
  }

// F1 of R rows for J outputs from the one numbered j0; what the rows `ahead` numbers behind hold is fetched.
template <int J, int R, typename X>
__attribute__((noinline)) void rows_in_place(const Layer<float>& layer, const X* const* rows, int at, int j0,
                                             float scale, std::ptrdiff_t ahead) {
  constexpr int lanes = kLanes<float>;
  const int n = layer.inputs;
  const std::ptrdiff_t stride = layer.W_back.stride();
  const X* x[R];
  vec_f acc[R][J];
  UNROLL for (int i = 0; i < R; i++) {
    x[i] = rows[i];
    UNROLL for (int j = 0; j < J; j++) acc[i][j] = vec_f{};
  }
  const float* w = layer.W_back.panel(0, j0);
  for (int k = 0; k < n;) {
    vec_f xv[R];
    if (LIKELY(n - k >= lanes)) {
      UNROLL for (int i = 0; i < R; i++) xv[i] = load_as<float>(x[i] + k, 1.0f);
    } else {
      UNROLL for (int i = 0; i < R; i++) xv[i] = load_first_as<float>(x[i] + k, n - k, 1.0f);
    }
    UNROLL for (int j = 0; j < J; j++) {
      vec_f wv = load(w + j * kPanel);
      if (R > 1) KEEP(wv);
      UNROLL for (int i = 0; i < R; i++) acc[i][j] = multiply_add(xv[i], wv, acc[i][j]);  // F1
    }
    k += lanes;
    w += lanes;
    if (k % kPanel == 0) {
      w += stride - kPanel;
      UNROLL for (int i = 0; i < R; i++) __builtin_prefetch(x[i] + k + ahead);
    }
  }
  const float* const b = layer.b + j0;
  float* to = layer.A.at(at, j0);
  UNROLL for (int i = 0; i < R; i++, to += kPanel) {
    UNROLL for (int j = 0; j < J; j += lanes) {
      vec_f a[lanes];
      UNROLL for (int l = 0; l < lanes; l++) a[l] = j + l < J ? acc[i][j + l] : vec_f{};
      const vec_f sums = sums_of_lanes<float>(a) * scale;
      UNROLL for (int l = 0; l < lanes; l++) {
        if (j + l < J) to[j + l] = sums[l] + b[j + l];
      }
    }
  }
}

template <typename X>
INLINE void forward_in_place(const Plan<float>& plan, const Step<float>& step, const X* data, int first, int last,
                             int at, float scale) {
  const Layer<float>& layer = plan.layer[0];
  const int outputs = layer.outputs, part = outputs_of_a_part(outputs), together = rows_at_once(part);
  for (int r = first, count; r < last; r += count) {
    count = last - r < together ? 1 : together;
    const X* x[rows_at_once(1)];
    for (int i = 0; i < count; i++) x[i] = row_of(step, data, r + i);
    for (int j = 0; j < outputs; j += part) {
      const std::ptrdiff_t ahead = j ? 0 : 2 * count * layer.inputs;
      const int J = outputs - j < part ? outputs - j : part;
#define CALL(J) \
  count == 1 ? rows_in_place<J, 1>(layer, x, r - at, j, scale, ahead) \
             : rows_in_place<J, rows_at_once(J)>(layer, x, r - at, j, scale, ahead)
      WITH_OUTPUTS(J, CALL)
#undef CALL
    }
  }
}

// B3 of the inputs from `from` on, two vectors at once, for J outputs from the one numbered j0; the same inputs of the
// rows that lie `ahead` behind are fetched, so that the memory works while there is arithmetic to do.
template <int J, typename X>
__attribute__((noinline)) void inputs_in_place(const Layer<float>& layer, const Step<float>& step, const X* data,
                                               int first, int last, const float* delta, int from, int to,
                                               Panels<float> G, int j0, bool add, float scale, std::ptrdiff_t ahead) {
  constexpr int lanes = kLanes<float>, NX = 2, per_line = 64 / sizeof(X);
  const std::int64_t* const order = step.order;
  const std::ptrdiff_t stride = step.x_stride;
  for (int k = from; k < to; k += NX * lanes) {
    const int left = layer.inputs - k;
    const std::ptrdiff_t fetched = k % per_line ? 0 : ahead;
    const float* d = delta + j0;
    vec_f acc[J][NX];
    UNROLL for (int j = 0; j < J; j++) {
      UNROLL for (int v = 0; v < NX; v++) acc[j][v] = vec_f{};
    }
    for (int r = first; r < last; r++, d += kPanel) {
      const X* x = data + (order ? order[r] : r) * stride + k;
      vec_f xv[NX];
      if (LIKELY(left >= NX * lanes)) {
        UNROLL for (int v = 0; v < NX; v++) xv[v] = load_as<float>(x + v * lanes, 1.0f);
      } else {
        UNROLL for (int v = 0; v < NX; v++) xv[v] = load_first_as<float>(x + v * lanes, left - v * lanes, 1.0f);
      }
      if (fetched) __builtin_prefetch(x + fetched, 0, 2);
      UNROLL for (int j = 0; j < J; j++) {
        const vec_f dv = splat(d[j]);
        UNROLL for (int v = 0; v < NX; v++) acc[j][v] = multiply_add(dv, xv[v], acc[j][v]);  // B3
      }
    }
    UNROLL for (int v = 0; v < NX; v++) {
      const int i = k + v * lanes;
      if (i >= layer.inputs) break;
      float* g = G.at(j0, i);
      UNROLL for (int j = 0; j < J; j++) {
        store(g + j * kPanel, multiply_add(acc[j][v], scale, add ? load(g + j * kPanel) : vec_f{}));
      }
    }
  }
}

template <typename X>
INLINE void gradient_in_place(const Plan<float>& plan, const Step<float>& step, const X* data, int first, int last,
                              int at, Panels<float> G, bool add, float scale) {
  const Layer<float>& layer = plan.layer[0];
  const float* delta = layer.delta.at(first - at, 0);
  const std::ptrdiff_t next = step.order ? 0 : (last - first) * step.x_stride;
  const int outputs = layer.outputs, part = outputs_of_a_part(outputs);
  const int block = part == outputs ? layer.inputs : 4 * kPanel;  // all parts of some inputs: they stay in the cache
  for (int k = 0, end; k < layer.inputs; k = end) {
    end = k + block < layer.inputs ? k + block : layer.inputs;
    for (int j = 0; j < outputs; j += part) {
      const int J = outputs - j < part ? outputs - j : part;
#define CALL(J) \
  inputs_in_place<J>(layer, step, data, first, last, delta, k, end, G, j, add, scale, j + J < outputs ? 0 : next)
      WITH_OUTPUTS(J, CALL)
#undef CALL
    }
  }
}

INLINE void forward_in_place(const Plan<float>& plan, const Step<float>& step, int first, int last, int at) {
  if (plan.input == Input::uint8) {
    forward_in_place(plan, step, static_cast<const std::uint8_t*>(step.x), first, last, at, plan.scale);
  } else {
    forward_in_place(plan, step, static_cast<const float*>(step.x), first, last, at, 1.0f);
  }
}
void gradient_in_place(const Plan<float>& plan, const Step<float>& step, int first, int last, int at, Panels<float> G,
                       bool add) {
  if (plan.input == Input::uint8) {
    gradient_in_place(plan, step, static_cast<const std::uint8_t*>(step.x), first, last, at, G, add, plan.scale);
  } else {
    gradient_in_place(plan, step, static_cast<const float*>(step.x), first, last, at, G, add, 1.0f);
  }
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
