// Narrow networks: a tile of rows forward, back and into the gradient, rows across the lanes. F0-F2, J1, B1-B3.
#pragma once

#include "../core/narrow_plan.h"
#include "activations-inl.h"
#include "dropout-inl.h"
#include "losses-inl.h"
#include "product-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// Units by vectors of rows whose accumulators stay in registers, and inputs by four outputs.
constexpr int kAccumulators = kRegisters == 32 ? 16 : 8, kUnitsAtOnce = kAccumulators / 2;
constexpr int kInputsAtOnce = kAccumulators / kNarrowPanel;

template <int U, int V, typename Run> INLINE void over_rows(int vectors, int v, const Run& run) {
  for (; v + V <= vectors; v += V) run(Count<U>{}, Count<V>{}, v);
  if constexpr (V > 1) over_rows<U, V / 2>(vectors, v, run);
}
// run(units, vectors, u, v) over all units and vectors of rows, in blocks.
template <int U = kUnitsAtOnce, typename Run> INLINE void over_units(int units, int vectors, const Run& run, int u = 0) {
  constexpr int V = kAccumulators / U < 8 ? kAccumulators / U : 8;
  for (; u + U <= units; u += U) {
    over_rows<U, V>(vectors, 0, [&](auto U_, auto V_, int v) INLINE_LAMBDA { run(U_, V_, u, v); });
  }
  if constexpr (U > 1) over_units<U / 2>(units, vectors, run, u);
}

// F1: Z = W X + b.
template <typename T>
__attribute__((noinline)) void narrow_forward(const T* W, std::ptrdiff_t stride, const T* b, const T* x, int inputs,
                                              T* z, int outputs, int width) {
  over_units(outputs, width / kLanes<T>, [&](auto J_, auto V_, int j0, int v0) INLINE_LAMBDA {
    constexpr int J = decltype(J_)::value, V = decltype(V_)::value, lanes = kLanes<T>;
    const T *w = W + narrow_at(stride, 0, j0), *from = x + v0 * lanes;
    Vec<T> acc[J][V];
    UNROLL for (int j = 0; j < J; j++) {
      UNROLL for (int v = 0; v < V; v++) acc[j][v] = splat(b[j0 + j]);
    }
    for (int k = 0; k < inputs; k++, from += width, w += kNarrowPanel) {
      Vec<T> row[V];
      UNROLL for (int v = 0; v < V; v++) row[v] = load(from + v * lanes);
      UNROLL for (int j = 0; j < J; j++) {
        const Vec<T> one = splat(w[narrow_at(stride, 0, j)]);
        UNROLL for (int v = 0; v < V; v++) acc[j][v] = multiply_add(one, row[v], acc[j][v]);
      }
    }
    UNROLL for (int j = 0; j < J; j++) {
      UNROLL for (int v = 0; v < V; v++) store(z + (j0 + j) * width + (v0 + v) * lanes, acc[j][v]);
    }
  });
}

// B2: Wᵀ Δ, times the slopes of the layer below where they are given.
template <typename T>
__attribute__((noinline)) void narrow_back(const T* W, std::ptrdiff_t stride, const T* delta, int outputs, T* to,
                                           const T* slopes, int inputs, int width) {
  over_units(inputs, width / kLanes<T>, [&](auto K_, auto V_, int k0, int v0) INLINE_LAMBDA {
    constexpr int K = decltype(K_)::value, V = decltype(V_)::value, lanes = kLanes<T>;
    const T* from = delta + v0 * lanes;
    Vec<T> acc[K][V];
    UNROLL for (int k = 0; k < K; k++) {
      UNROLL for (int v = 0; v < V; v++) acc[k][v] = Vec<T>{};
    }
    for (int j = 0; j < outputs; j++, from += width) {
      const T* w = W + narrow_at(stride, k0, j);
      Vec<T> row[V];
      UNROLL for (int v = 0; v < V; v++) row[v] = load(from + v * lanes);
      UNROLL for (int k = 0; k < K; k++) {
        const Vec<T> one = splat(w[k * kNarrowPanel]);
        UNROLL for (int v = 0; v < V; v++) acc[k][v] = multiply_add(one, row[v], acc[k][v]);
      }
    }
    UNROLL for (int k = 0; k < K; k++) {
      UNROLL for (int v = 0; v < V; v++) {
        const int at = (k0 + k) * width + (v0 + v) * lanes;
        store(to + at, slopes ? acc[k][v] * load(slopes + at) : acc[k][v]);
      }
    }
  });
}

// B3 of W: sums over the rows of a tile, one per lane. The first tile begins them, the last adds up the lanes.
template <typename T>
__attribute__((noinline)) void narrow_weights(const T* a, int inputs, const T* delta, int outputs, int width, T* sums,
                                              bool starts, bool ends, T* to) {
  constexpr int lanes = kLanes<T>, K = kInputsAtOnce, J = kNarrowPanel, count = K * J;
  for (int j = 0; j < outputs; j += J, delta += J * width) {
    for (int k = 0; k < round_up(inputs, J); k += K, sums += count * lanes, to += count) {
      Vec<T> acc[K][J];
      UNROLL for (int i = 0; i < count; i++) acc[i / J][i % J] = starts ? Vec<T>{} : load(sums + i * lanes);
      const T *p = a + k * width, *q = delta;
      for (int r = 0; r < width; r += lanes, p += lanes, q += lanes) {
        Vec<T> d[J];
        UNROLL for (int i = 0; i < J; i++) d[i] = load(q + i * width);
        UNROLL for (int i = 0; i < K; i++) {
          const Vec<T> one = load(p + i * width);
          UNROLL for (int m = 0; m < J; m++) acc[i][m] = multiply_add(one, d[m], acc[i][m]);
        }
      }
      if (ends) {
        UNROLL for (int i = 0; i < count; i += lanes) store(to + i, sums_of_lanes<T>(&acc[i / J][i % J]));
      } else {
        UNROLL for (int i = 0; i < count; i++) store(sums + i * lanes, acc[i / J][i % J]);
      }
    }
  }
}

// B3 of b.
template <typename T>
INLINE void narrow_biases(const T* delta, int outputs, int width, T* sums, bool starts, bool ends, T* to) {
  constexpr int lanes = kLanes<T>;
  for (int j0 = 0; j0 < outputs; j0 += lanes) {
    Vec<T> acc[lanes];
    UNROLL for (int i = 0; i < lanes; i++) acc[i] = starts ? Vec<T>{} : load(sums + (j0 + i) * lanes);
    for (int i = 0; i < lanes && j0 + i < outputs; i++) {
      const T* d = delta + (j0 + i) * width;
      for (int r = 0; r < width; r += lanes) acc[i] += load(d + r);
    }
    if (ends) {
      store(to + j0, sums_of_lanes<T>(acc));
    } else {
      UNROLL for (int i = 0; i < lanes; i++) store(sums + (j0 + i) * lanes, acc[i]);
    }
  }
}

// F0: numbers of the rows, [row][unit], turned into [unit][width]: four units at a time by vectors, the rest one by one.
// row(i) is row i of the tile.
template <typename T, typename X, typename Row>
INLINE void turned(const Row& row, int units, int width, T scale, T* to) {
  constexpr int lanes = kLanes<T>, J = kNarrowPanel;
  const auto as = [scale](X x) INLINE_LAMBDA { return sizeof(X) == 1 ? T(x) * scale : T(x); };
  const int whole = units / J * J;
  for (int i = 0; i < width; i += lanes) {
    T four[lanes * J];
    for (int k = 0; k < whole; k += J) {
      UNROLL for (int n = 0; n < lanes; n++) {
        const X* from = row(i + n) + k;
        UNROLL for (int m = 0; m < J; m++) four[n * J + m] = as(from[m]);
      }
      Vec<T> v[J], half[J];
      UNROLL for (int m = 0; m < J; m++) v[m] = load(four + m * lanes);
      UNROLL for (int m = 0; m < J / 2; m++) every_other(v[2 * m], v[2 * m + 1], &half[m], &half[J / 2 + m]);
      every_other(half[0], half[1], &v[0], &v[2]);
      every_other(half[2], half[3], &v[1], &v[3]);
      UNROLL for (int m = 0; m < J; m++) store(to + (k + m) * width + i, v[m]);
    }
    for (int k = whole; k < units; k++) {
      for (int n = 0; n < lanes; n++) to[k * width + i + n] = as(row(i + n)[k]);
    }
  }
}

// The rows, their targets and weights. Behind the last row stands the last again, with weight 0.
template <typename T, typename X>
INLINE void narrow_gather(const NarrowPlan<T>& plan, const Step<T>& step, int first, int last, int width, T scale) {
  const int outputs = plan.network.layer[plan.network.layers - 1].outputs;
  const auto number = [&](int i) INLINE_LAMBDA {
    const int r = first + i < last ? first + i : last - 1;
    return step.order ? step.order[r] : r;
  };
  const X* x = static_cast<const X*>(step.x);
  turned<T, X>([&](int i) INLINE_LAMBDA { return x + number(i) * step.x_stride; }, plan.network.inputs, width, scale, plan.x);
  turned<T, T>([&](int i) INLINE_LAMBDA { return step.y + number(i) * outputs; }, outputs, width, T(1), plan.y);
  for (int i = 0; i < width; i++) {
    const T weight = step.w ? step.w[number(i)] * step.inverse_weight : step.inverse_weight;
    plan.weight[i] = first + i < last ? weight : T(0);
  }
}

// F0, F2: masks M of one layer, given or drawn, over its A and its slopes.
template <typename T>
INLINE void narrow_mask(const Step<T>& step, int l, double p, std::uint64_t* offset, int first, int last, int width,
                        int units, T* A, T* D) {
  const auto times = [&](const auto& of_entry) INLINE_LAMBDA {
    for (int r = first; r < last; r++) {
      for (int k = 0; k < units; k++) {
        const T m = of_entry((std::ptrdiff_t)r * units + k);
        A[k * width + r - first] *= m;
        if (D) D[k * width + r - first] *= m;
      }
    }
  };
  if (step.masks) {
    if (step.masks[l]) times([M = step.masks[l]](std::ptrdiff_t i) INLINE_LAMBDA { return M[i]; });
  } else if (step.drops && p > 0) {
    Philox draw{{step.seed, kDropoutPurpose}, step.number, step.epoch, 0, {}};
    const T kept = T(1 / (1 - p));
    times([&](std::ptrdiff_t i) INLINE_LAMBDA { return draw.uniform(*offset + std::uint64_t(i)) >= p ? kept : T(0); });
    *offset += (std::uint64_t)step.rows * units;
  }
}

template <typename T> INLINE void zero_rest(T* A, int units, int width) {
  for (int i = units * width; i < round_up(units, kNarrowPanel) * width; i += kLanes<T>) store(A + i, Vec<T>{});
}

// [unit][width] of rows [first, last) to `to`, (rows of the batch, units), or nowhere.
template <typename T>
__attribute__((noinline)) void keep(const T* from, int units, int width, int first, int last, T* to) {
  for (int r = first; to && r < last; r++) {
    for (int k = 0; k < units; k++) to[(std::ptrdiff_t)r * units + k] = from[k * width + r - first];
  }
}

// F2 of a layer; whether every z was finite.
template <typename T>
INLINE bool narrow_activate(const Plan<T>& network, const Layer<T>& layer, const NarrowLayer<T>& own, int width) {
  if (layer.phi != Phi::softmax) {
    return activate(layer.phi, layer.parameter, own.A, own.D, std::ptrdiff_t(layer.outputs) * width / kPanel,
                    kVectors<T>);
  }
  for (int r = 0; r < width; r += kLanes<T>) {
    const AcrossRows<T> line{network, layer.outputs, own.A + r, own.D + r, nullptr, width, nullptr, Vec<T>{}};
    Vec<T> largest, total;
    softmax<T>(line, &largest, &total);
    for (int k = 0; k < layer.outputs; k++) store(line.delta(k), load(line.a(k)));  // without its mask, for B2
  }
  return true;
}

// B2 of layer l - 1 from the Δ of layer l.
template <typename T>
INLINE void narrow_back(const NarrowPlan<T>& plan, const Kept<T>* kept, int l, int first, int last, int width) {
  const Layer<T>& layer = plan.network.layer[l];
  const NarrowLayer<T>&own = plan.layer[l], &low = plan.layer[l - 1];
  const bool of_row = plan.network.layer[l - 1].phi == Phi::softmax, at_once = !of_row && !kept;
  T* g = at_once ? low.D : plan.g;
  narrow_back(plan.theta + own.W, own.stride, own.D, layer.outputs, g, at_once ? low.D : nullptr, layer.inputs, width);
  if (at_once) return;
  if (kept) keep(g, layer.inputs, width, first, last, kept->dA[l - 1]);
  for (int r = 0; r < width && of_row; r += kLanes<T>) {
    softmax_back<T>(AcrossRows<T>{plan.network, layer.inputs, low.A + r, low.D + r, g + r, width, nullptr, Vec<T>{}});
  }
  for (int i = 0; i < layer.inputs * width && !of_row; i += kLanes<T>) store(low.D + i, load(g + i) * load(low.D + i));
}

// Rows [first, last) of a batch, at most as many as the plan has room for: their share of J.
template <typename T>
double narrow_rows(const NarrowPlan<T>& plan, const Step<T>& step, int first, int last, bool starts, bool ends, T* to) {
  const Plan<T>& network = plan.network;
  const Kept<T>* kept = step.kept;
  const int width = round_up(last - first, kPanel), top = network.layers - 1;
  if (network.input == Input::uint8) narrow_gather<T, std::uint8_t>(plan, step, first, last, width, network.scale);
  else narrow_gather<T, T>(plan, step, first, last, width, T(1));
  zero_rest(plan.x, network.inputs, width);
  std::uint64_t offset = 0;
  narrow_mask<T>(step, 0, network.drop_input, &offset, first, last, width, network.inputs, plan.x, nullptr);
  bool finite = true;
  const T* from = plan.x;
  for (int l = 0; l <= top; l++) {
    const Layer<T>& layer = network.layer[l];
    const NarrowLayer<T>& own = plan.layer[l];
    narrow_forward(plan.theta + own.W, own.stride, plan.theta + own.b, from, layer.inputs, own.A, layer.outputs, width);
    if (kept) keep(own.A, layer.outputs, width, first, last, kept->Z[l]);
    const bool of_loss = l == top && (network.output_keeps_z || layer.phi == Phi::softmax);
    if (!of_loss) finite &= narrow_activate(network, layer, own, width);  // F2
    if (kept) keep(own.D, layer.outputs, width, first, last, kept->slope[l]);
    if (l < top) {
      narrow_mask(step, l + 1, layer.drop, &offset, first, last, width, layer.outputs, own.A,
                  layer.phi == Phi::softmax ? nullptr : own.D);
      zero_rest(own.A, layer.outputs, width);
    }
    from = own.A;
  }
  const double J = narrow_loss(plan, width, kept ? plan.weight : nullptr);
  if (kept) keep(plan.weight, 1, width, first, last, kept->row_loss);
  for (int l = top; l >= 0; l--) {
    const Layer<T>& layer = network.layer[l];
    const NarrowLayer<T>& own = plan.layer[l];
    zero_rest(own.D, layer.outputs, width);
    if (kept) {
      keep(own.A, layer.outputs, width, first, last, kept->A[l]);
      keep(own.D, layer.outputs, width, first, last, kept->delta[l]);
    }
    narrow_weights(l ? plan.layer[l - 1].A : plan.x, layer.inputs, own.D, layer.outputs, width,
                   plan.sums + own.W * kLanes<T>, starts, ends, to + own.W);
    narrow_biases(own.D, layer.outputs, width, plan.sums + own.b * kLanes<T>, starts, ends, to + own.b);
    if (l) narrow_back(plan, kept, l, first, last, width);
  }
  return finite ? J : double(__builtin_nan(""));
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
