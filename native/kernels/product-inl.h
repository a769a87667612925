// One micro-kernel for F1, B2 and B3: C[i, v] += Σ_t P[i, t] Q[t, v], i over R rows of 16 numbers, v over NV vectors
// of a row; in the end times another matrix, if one is given. P is read along its rows (F1, B2), where t runs
// through panels, or down its columns (B3), where i does not leave a panel. Every entry of C is one chain of
// multiply-adds in the order of t, whatever R and NV are.
#pragma once

#include "vector-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

// Vectors at once beside `rows` rows: all accumulators stay in registers.
template <typename T> struct Block {
  static constexpr int vectors = kVectors<T> == 1 ? 3 : (kRegisters == 32 && kVectors<T> >= 4 ? 4 : 2);
  static constexpr int rows = kRegisters == 16 ? 6 : (kVectors<T> == 2 ? 12 : (vectors == 3 ? 8 : 6));
};

enum class Walk { along, down };

template <int n> struct Count { static constexpr int value = n; };

template <typename T, int R, int NV, Walk kWalk>
INLINE void tile(const Panels<T>& P, const Panels<T>& Q, const Panels<T>& C, const Panels<T>& times, const T* bias,
                 bool add, int t_count) {
  constexpr int lanes = kLanes<T>, step = kWalk == Walk::along ? kPanel : 1;
  const T *__restrict p = P.data, *__restrict q = Q.data;
  T* __restrict c = C.data;
  Vec<T> acc[R][NV];
  const auto start = [&](const auto& from) INLINE_LAMBDA {
    UNROLL for (int i = 0; i < R; i++) {
      UNROLL for (int v = 0; v < NV; v++) acc[i][v] = from(i, v);
    }
  };
  if (add) start([&](int i, int v) INLINE_LAMBDA { return load(c + i * kPanel + vector_at(C, v)); });
  else if (bias) start([&](int, int v) INLINE_LAMBDA { return load(bias + v * lanes); });
  else start([](int, int) INLINE_LAMBDA { return Vec<T>{}; });
  const auto multiply = [&](const T* p, const T* q) INLINE_LAMBDA {
    Vec<T> row[NV];
    UNROLL for (int v = 0; v < NV; v++) row[v] = load(q + vector_at(Q, v));
    UNROLL for (int i = 0; i < R; i++) {
      const Vec<T> x = splat<T>(p[i * step]);
      UNROLL for (int v = 0; v < NV; v++) acc[i][v] = multiply_add(x, row[v], acc[i][v]);
    }
  };
  if (kWalk == Walk::along) {
    for (; t_count >= kPanel; t_count -= kPanel, p += P.stride(), q += kPanel * kPanel) {
      UNROLL_4 for (int t = 0; t < kPanel; t++) multiply(p + t, q + t * kPanel);
    }
    for (int t = 0; t < t_count; t++) multiply(p + t, q + t * kPanel);
  } else {
    UNROLL_4 for (int t = 0; t < t_count; t++) multiply(p + t * kPanel, q + t * kPanel);
  }
  if (kWalk == Walk::along && times) {
    UNROLL for (int i = 0; i < R; i++) {
      UNROLL for (int v = 0; v < NV; v++) acc[i][v] *= load(times.data + i * kPanel + vector_at(C, v));
    }
  }
  UNROLL for (int i = 0; i < R; i++) {
    UNROLL for (int v = 0; v < NV; v++) store(c + i * kPanel + vector_at(C, v), acc[i][v]);
  }
}

// A matrix from a place within a row on.
template <typename T> INLINE Panels<T> moved(Panels<T> M, std::ptrdiff_t by) {
  if (M) M.data += by;
  return M;
}

template <typename T, int NV, Walk kWalk>
__attribute__((noinline)) void tiles_of_rows(Panels<T> P, Panels<T> Q, Panels<T> C, Panels<T> times, const T* bias,
                                             bool add, int rows, int t_count) {
  constexpr int R = NV == 1 ? (kRegisters == 32 ? 16 : 8) : Block<T>::rows;
  int i = 0;
  const auto next = [&](auto count) INLINE_LAMBDA {
    constexpr int n = decltype(count)::value;
    tile<T, n, NV, kWalk>(moved(P, i * (kWalk == Walk::along ? kPanel : 1)), Q, moved(C, i * kPanel),
                          moved(times, i * kPanel), bias, add, t_count);
    i += n;
  };
  while (i + R <= rows) next(Count<R>{});
  if (R > 8 && i + 8 <= rows) next(Count<8>{});
  if (i + 4 <= rows) next(Count<4>{});
  if (i + 2 <= rows) next(Count<2>{});
  if (i < rows) next(Count<1>{});
}

// C, `width` columns wide from the start of a panel: rounded up to whole vectors.
template <typename T, Walk kWalk>
INLINE void product(Panels<T> P, Panels<T> Q, Panels<T> C, Panels<T> times, const T* bias, bool add, int rows,
                    int width, int t_count) {
  constexpr int wide = kVectors<T> > 8 ? kVectors<T> : 8, N = Block<T>::vectors;
  const int vectors = vectors_of<T>(width);
  int v = 0;
  const auto next = [&](int count, auto run) INLINE_LAMBDA {
    run(moved(Q, vector_at(Q, v)), moved(C, vector_at(C, v)), moved(times, vector_at(C, v)),
        bias ? bias + v * kLanes<T> : bias);
    v += count;
  };
#define AT_ONCE Panels<T> q, Panels<T> c, Panels<T> by, const T* b
  while (rows == 1 && v + wide <= vectors) {  // one row has few accumulators: the more vectors at once
    next(wide, [&](AT_ONCE) INLINE_LAMBDA { tile<T, 1, wide, kWalk>(P, q, c, by, b, add, t_count); });
  }
  while (v + N <= vectors) {
    next(N, [&](AT_ONCE) INLINE_LAMBDA { tiles_of_rows<T, N, kWalk>(P, q, c, by, b, add, rows, t_count); });
  }
  if (N > 2 && v + 2 <= vectors) {
    next(2, [&](AT_ONCE) INLINE_LAMBDA { tiles_of_rows<T, 2, kWalk>(P, q, c, by, b, add, rows, t_count); });
  }
  while (v < vectors) {
    next(1, [&](AT_ONCE) INLINE_LAMBDA { tiles_of_rows<T, 1, kWalk>(P, q, c, by, b, add, rows, t_count); });
  }
#undef AT_ONCE
}

// F1 and B2: the reduction in blocks whose part of Q stays in the first-level cache.
template <typename T>
INLINE void blocked_product(Panels<T> P, Panels<T> Q, Panels<T> C, Panels<T> times, const T* bias, int rows, int width,
                            int t_count) {
  constexpr int block = 192, columns = Block<T>::vectors * kLanes<T>;  // a multiple of 16
  constexpr int group = columns > kPanel ? columns : kPanel;
  if (t_count <= block || rows == 1) {
    return product<T, Walk::along>(P, Q, C, times, bias, false, rows, width, t_count);
  }
  for (int j = 0; j < width; j += group) {
    const int now = width - j < group ? width - j : group, panel = j / kPanel;
    for (int t = 0; t < t_count; t += block) {
      const int count = t_count - t < block ? t_count - t : block;
      const Panels<T> p = P.from(0, t / kPanel), q = Q.from(t, panel), to = C.from(0, panel);
      const Panels<T> by = t + block < t_count ? Panels<T>{} : times.from(0, panel);
      product<T, Walk::along>(p, q, to, by, bias ? bias + j : bias, t > 0, rows, now, count);
    }
  }
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
