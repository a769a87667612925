// Narrow networks: a tile of rows forward, back and into the gradient, rows across the lanes. F0-F2, J1, B1-B3.
#pragma once

#include "../core/narrow_plan.h"
#include "activations-inl.h"
#include "dropout-inl.h"
#include "losses-inl.h"
#include "product-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// Units by vectors of rows, and inputs by four outputs, whose accumulators stay in registers.
constexpr int kAccumulators = kRegisters == 32 ? 16 : 8, kUnitsAtOnce = kAccumulators / 2;
constexpr int kInputsAtOnce = kAccumulators / kOutputGroup;

template <int U, int V, typename Run> INLINE void over_rows(int vectors, int v, const Run& run) {
  for (; v + V <= vectors; v += V) run(Count<U>{}, Count<V>{}, v);
  if constexpr (V > 1) over_rows<U, V / 2>(vectors, v, run);
}
// run(U, V, u, v) for blocks of U units from u by V vectors of rows from v: as large as fit, then halves of that.
template <int U = kUnitsAtOnce, typename Run> INLINE void over_units(int units, int vectors, const Run& run, int u = 0) {
  constexpr int V = kAccumulators / U < 8 ? kAccumulators / U : 8;
  for (; u + U <= units; u += U) {
    over_rows<U, V>(vectors, 0, [&](auto U_, auto V_, int v) INLINE_LAMBDA { run(U_, V_, u, v); });
  }
  if constexpr (U > 1) over_units<U / 2>(units, vectors, run, u);
}

// F1: Z = W X + b. All matrices lie transposed here: units are rows, and the rows of the batch run along the lanes.
template <typename T>
__attribute__((noinline)) void narrow_forward(const T* W, std::ptrdiff_t stride, const T* b, const T* x, int inputs,
                                              T* z, int outputs, int lane_rows) {
  over_units(outputs, lane_rows / kLanes<T>, [&](auto J_, auto V_, int j0, int v0) INLINE_LAMBDA {
    constexpr int J = decltype(J_)::value, V = decltype(V_)::value, lanes = kLanes<T>;
    const T *w = W + weight_at(stride, 0, j0), *from = x + v0 * lanes;
    Vec<T> acc[J][V];
    UNROLL for (int j = 0; j < J; j++) {
      UNROLL for (int v = 0; v < V; v++) acc[j][v] = splat(b[j0 + j]);
    }
    for (int k = 0; k < inputs; k++, from += lane_rows, w += kOutputGroup) {
      Vec<T> row[V];
      UNROLL for (int v = 0; v < V; v++) row[v] = load(from + v * lanes);
      UNROLL for (int j = 0; j < J; j++) {
        const Vec<T> one = splat(w[weight_at(stride, 0, j)]);
        UNROLL for (int v = 0; v < V; v++) acc[j][v] = multiply_add(one, row[v], acc[j][v]);  // F1
      }
    }
    UNROLL for (int j = 0; j < J; j++) {
      UNROLL for (int v = 0; v < V; v++) store(z + (j0 + j) * lane_rows + (v0 + v) * lanes, acc[j][v]);
    }
  });
}

// B2: Wᵀ Δ, times the slopes of the layer below where they are given.
template <typename T>
__attribute__((noinline)) void narrow_back(const T* W, std::ptrdiff_t stride, const T* delta, int outputs, T* to,
                                           const T* slopes, int inputs, int lane_rows) {
  over_units(inputs, lane_rows / kLanes<T>, [&](auto K_, auto V_, int k0, int v0) INLINE_LAMBDA {
    constexpr int K = decltype(K_)::value, V = decltype(V_)::value, lanes = kLanes<T>;
    const T* from = delta + v0 * lanes;
    Vec<T> acc[K][V];
    UNROLL for (int k = 0; k < K; k++) {
      UNROLL for (int v = 0; v < V; v++) acc[k][v] = Vec<T>{};
    }
    for (int j = 0; j < outputs; j++, from += lane_rows) {
      const T* w = W + weight_at(stride, k0, j);
      Vec<T> row[V];
      UNROLL for (int v = 0; v < V; v++) row[v] = load(from + v * lanes);
      UNROLL for (int k = 0; k < K; k++) {
        const Vec<T> one = splat(w[k * kOutputGroup]);
        UNROLL for (int v = 0; v < V; v++) acc[k][v] = multiply_add(one, row[v], acc[k][v]);  // B2
      }
    }
    UNROLL for (int k = 0; k < K; k++) {
      UNROLL for (int v = 0; v < V; v++) {
        const int at = (k0 + k) * lane_rows + (v0 + v) * lanes;
        store(to + at, slopes ? acc[k][v] * load(slopes + at) : acc[k][v]);
      }
    }
  });
}

// B3 of W: sums over the rows of a tile, one per lane. The first tile of a chunk starts them, the last adds up the lanes.
template <typename T>
__attribute__((noinline)) void narrow_weight_gradient(const T* a, int inputs, const T* delta, int outputs, int lane_rows, T* sums,
                                              bool starts, bool ends, T* gradient) {
  constexpr int lanes = kLanes<T>, K = kInputsAtOnce, J = kOutputGroup, count = K * J;
  static_assert(count % lanes == 0);
  for (int j = 0; j < outputs; j += J, delta += J * lane_rows) {
    for (int k = 0; k < round_up(inputs, kOutputGroup); k += K, sums += count * lanes, gradient += count) {
      Vec<T> acc[K][J];
      UNROLL for (int i = 0; i < count; i++) acc[i / J][i % J] = starts ? Vec<T>{} : load(sums + i * lanes);
      const T *p = a + k * lane_rows, *q = delta;
      for (int r = 0; r < lane_rows; r += lanes, p += lanes, q += lanes) {
        Vec<T> d[J];
        UNROLL for (int i = 0; i < J; i++) d[i] = load(q + i * lane_rows);
        UNROLL for (int i = 0; i < K; i++) {
          const Vec<T> one = load(p + i * lane_rows);
          UNROLL for (int m = 0; m < J; m++) acc[i][m] = multiply_add(one, d[m], acc[i][m]);  // B3
        }
      }
      if (ends) {
        UNROLL for (int i = 0; i < count; i += lanes) store(gradient + i, sums_of_lanes<T>(&acc[i / J][i % J]));
      } else {
        UNROLL for (int i = 0; i < count; i++) store(sums + i * lanes, acc[i / J][i % J]);
      }
    }
  }
}

// B3 of b.
template <typename T>
INLINE void narrow_bias_gradient(const T* delta, int outputs, int lane_rows, T* sums, bool starts, bool ends, T* gradient) {
  constexpr int lanes = kLanes<T>;
  for (int j0 = 0; j0 < outputs; j0 += lanes) {
    Vec<T> acc[lanes];
    UNROLL for (int i = 0; i < lanes; i++) acc[i] = starts ? Vec<T>{} : load(sums + (j0 + i) * lanes);
    for (int i = 0; i < lanes && j0 + i < outputs; i++) {
      const T* d = delta + (j0 + i) * lane_rows;
      for (int r = 0; r < lane_rows; r += lanes) acc[i] += load(d + r);  // B3
    }
    if (ends) {
      store(gradient + j0, sums_of_lanes<T>(acc));
    } else {
      UNROLL for (int i = 0; i < lanes; i++) store(sums + (j0 + i) * lanes, acc[i]);
    }
  }
}

// F0: numbers of the rows, [row][unit], turned into [unit][lane_rows]: four units at a time by vectors, the rest one by one.
// row(i) is row i of the tile.
template <typename T, typename X, typename Row>
INLINE void turned(const Row& row, int units, int lane_rows, T scale, T* to) {
  constexpr int lanes = kLanes<T>, J = kOutputGroup;
  const auto as = [scale](X x) INLINE_LAMBDA { return sizeof(X) == 1 ? T(x) * scale : T(x); };
  const int whole = units / J * J;
  for (int i = 0; i < lane_rows; i += lanes) {
    T four[lanes * J];
    for (int k = 0; k < whole; k += J) {
      UNROLL for (int n = 0; n < lanes; n++) {
        const X* from = row(i + n) + k;
        UNROLL for (int m = 0; m < J; m++) four[n * J + m] = as(from[m]);
      }
      Vec<T> v[J], half[J];
      UNROLL for (int m = 0; m < J; m++) v[m] = load(four + m * lanes);
      UNROLL for (int m = 0; m < J / 2; m++) every_other<T>(v[2 * m], v[2 * m + 1], &half[m], &half[J / 2 + m]);
      every_other<T>(half[0], half[1], &v[0], &v[2]);
      every_other<T>(half[2], half[3], &v[1], &v[3]);
      UNROLL for (int m = 0; m < J; m++) store(to + (k + m) * lane_rows + i, v[m]);
    }
    for (int k = whole; k < units; k++) {
      for (int n = 0; n < lanes; n++) to[k * lane_rows + i + n] = as(row(i + n)[k]);
    }
  }
}

// The rows, their targets and weights. Behind the last row stands the last again, with weight 0.
template <typename T, typename X>
INLINE void narrow_gather(const NarrowPlan<T>& plan, const Step<T>& step, int first, int last, int lane_rows, T scale) {
  const int outputs = plan.network.layer[plan.network.layers - 1].outputs;
  const auto number = [&](int i) INLINE_LAMBDA {
    const int r = first + i < last ? first + i : last - 1;
    return step.order ? step.order[r] : r;
  };
  const X* x = static_cast<const X*>(step.x);
  turned<T, X>([&](int i) INLINE_LAMBDA { return x + number(i) * step.x_stride; }, plan.network.inputs, lane_rows, scale, plan.x);
  turned<T, T>([&](int i) INLINE_LAMBDA { return step.y + number(i) * outputs; }, outputs, lane_rows, T(1), plan.y);
  for (int i = 0; i < lane_rows; i++) {
    const T weight = step.w ? step.w[number(i)] * step.inverse_weight : step.inverse_weight;
    plan.weight[i] = first + i < last ? weight : T(0);
  }
}

// F0, F2: masks M of one layer, given or drawn, over its A and its slopes.
template <typename T>
INLINE void narrow_mask(const Step<T>& step, int l, double p, std::uint64_t* offset, int first, int last, int lane_rows,
                        int units, T* A, T* D) {
  const auto times = [&](const auto& of_entry) INLINE_LAMBDA {
    for (int r = first; r < last; r++) {
      for (int k = 0; k < units; k++) {
        const T m = of_entry((std::ptrdiff_t)r * units + k);
        A[k * lane_rows + r - first] *= m;
        if (D) D[k * lane_rows + r - first] *= m;
      }
    }
  };
  if (step.masks) {
    if (step.masks[l]) times([M = step.masks[l]](std::ptrdiff_t i) INLINE_LAMBDA { return M[i]; });
  } else if (step.drops && p > 0) {
    Philox draw{{step.seed, kDropoutPurpose}, step.number, step.epoch, 0, {}};
    const T of_survivor = T(1 / (1 - p));
    times([&](std::ptrdiff_t i) INLINE_LAMBDA { return draw.uniform(*offset + std::uint64_t(i)) >= p ? of_survivor : T(0); });
    *offset += (std::uint64_t)step.rows * units;
  }
}

template <typename T> INLINE void zero_rest(T* A, int units, int lane_rows) {
  for (int i = units * lane_rows; i < round_up(units, kOutputGroup) * lane_rows; i += kLanes<T>) store(A + i, Vec<T>{});
}

// [unit][lane_rows] of rows [first, last) to `to`, (rows of the batch, units), or nowhere.
template <typename T>
__attribute__((noinline)) void copy_rows_out(const T* from, int units, int lane_rows, int first, int last, T* to) {
  for (int r = first; to && r < last; r++) {
    for (int k = 0; k < units; k++) to[(std::ptrdiff_t)r * units + k] = from[k * lane_rows + r - first];
  }
}

// F2 of a layer; whether every z was finite.
template <typename T>
INLINE bool narrow_activate(const Plan<T>& network, const Layer<T>& layer, const NarrowLayer<T>& own, int lane_rows) {
  if (layer.phi != Phi::softmax) {
    return activate(layer.phi, layer.parameter, own.A, own.D, std::ptrdiff_t(layer.outputs) * lane_rows / kPanel,
                    kVectors<T>);
  }
  for (int r = 0; r < lane_rows; r += kLanes<T>) {
    const AcrossRows<T> line{network, layer.outputs, own.A + r, own.D + r, nullptr, lane_rows, nullptr, Vec<T>{}};
    Vec<T> largest, total;
    softmax<T>(line, &largest, &total);
    for (int k = 0; k < layer.outputs; k++) store(line.delta(k), load(line.a(k)));  // without its mask, for B2
  }
  return true;
}

// B2 of layer l - 1 from the Δ of layer l.
template <typename T>
INLINE void narrow_layer_back(const NarrowPlan<T>& plan, const Kept<T>* kept, int l, int first, int last, int lane_rows) {
  const Layer<T>& layer = plan.network.layer[l];
  const NarrowLayer<T>&own = plan.layer[l], &low = plan.layer[l - 1];
  const bool of_row = plan.network.layer[l - 1].phi == Phi::softmax;
  const auto back = [&](T* to, const T* slopes) {
    narrow_back(plan.theta + own.W, own.stride, own.D, layer.outputs, to, slopes, layer.inputs, lane_rows);
  };
  if (kept || of_row) back(plan.g, nullptr);  // beside the step's own product, so that Δ has its bits
  if (kept) copy_rows_out(plan.g, layer.inputs, lane_rows, first, last, kept->dA[l - 1]);
  if (!of_row) return back(low.D, low.D);
  for (int r = 0; r < lane_rows; r += kLanes<T>) {
    softmax_back<T>(AcrossRows<T>{plan.network, layer.inputs, low.A + r, low.D + r, plan.g + r, lane_rows, nullptr, Vec<T>{}});
  }
}

// Rows [first, last) of a batch, at most as many as the plan has room for: their share of J.
template <typename T>
double narrow_rows(const NarrowPlan<T>& plan, const Step<T>& step, int first, int last, bool starts, bool ends,
                   T* gradient) {
  const Plan<T>& network = plan.network;
  const Kept<T>* kept = step.kept;
  const int lane_rows = round_up(last - first, kPanel), top = network.layers - 1;
  if (network.input == Input::uint8) narrow_gather<T, std::uint8_t>(plan, step, first, last, lane_rows, network.scale);
  else narrow_gather<T, T>(plan, step, first, last, lane_rows, T(1));
  zero_rest(plan.x, network.inputs, lane_rows);
  std::uint64_t offset = 0;
  narrow_mask<T>(step, 0, network.drop_input, &offset, first, last, lane_rows, network.inputs, plan.x, nullptr);
  bool finite = true;
  const T* from = plan.x;
  for (int l = 0; l <= top; l++) {
    const Layer<T>& layer = network.layer[l];
    const NarrowLayer<T>& own = plan.layer[l];
    narrow_forward(plan.theta + own.W, own.stride, plan.theta + own.b, from, layer.inputs, own.A, layer.outputs, lane_rows);
    if (kept) copy_rows_out(own.A, layer.outputs, lane_rows, first, last, kept->Z[l]);
    const bool loss_applies_phi = l == top && (network.output_keeps_z || layer.phi == Phi::softmax);
    if (!loss_applies_phi) finite &= narrow_activate(network, layer, own, lane_rows);  // F2
    if (kept) copy_rows_out(own.D, layer.outputs, lane_rows, first, last, kept->slope[l]);
    if (l < top) {
      narrow_mask(step, l + 1, layer.drop, &offset, first, last, lane_rows, layer.outputs, own.A,
                  layer.phi == Phi::softmax ? nullptr : own.D);
      zero_rest(own.A, layer.outputs, lane_rows);
    }
    from = own.A;
  }
  const double J = narrow_loss(plan, lane_rows, kept ? plan.row_loss : nullptr);
  if (kept) copy_rows_out(plan.row_loss, 1, lane_rows, first, last, kept->row_loss);
  for (int l = top; l >= 0; l--) {
    const Layer<T>& layer = network.layer[l];
    const NarrowLayer<T>& own = plan.layer[l];
    zero_rest(own.D, layer.outputs, lane_rows);
    if (kept) {
      copy_rows_out(own.A, layer.outputs, lane_rows, first, last, kept->A[l]);
      copy_rows_out(own.D, layer.outputs, lane_rows, first, last, kept->delta[l]);
    }
    narrow_weight_gradient(l ? plan.layer[l - 1].A : plan.x, layer.inputs, own.D, layer.outputs, lane_rows,
                   plan.sums + own.W * kLanes<T>, starts, ends, gradient + own.W);
    narrow_bias_gradient(own.D, layer.outputs, lane_rows, plan.sums + own.b * kLanes<T>, starts, ends,
                         gradient + own.b);
    if (l) narrow_layer_back(plan, kept, l, first, last, lane_rows);
  }
  return finite ? J : double(__builtin_nan(""));
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
