// The kernels, compiled once per instruction set: CHAINRULE_ISA names the namespace.
//
// No standard-library templates here: the linker might keep the copy compiled for a wider
// instruction set for everyone. Equation numbers are those of docs/equations.md.

#include "plan.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#ifndef CHAINRULE_ISA
#error "CHAINRULE_ISA is the name of the instruction set"
#endif

namespace chainrule {
namespace CHAINRULE_ISA {

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
// Keeps a vector in a register where the compiler would load it again for each use.
#if defined(__x86_64__)
#define KEEP(v) __asm__("" : "+x"(v))
#elif defined(__aarch64__)
#define KEEP(v) __asm__("" : "+w"(v))
#endif

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif

// A panel's row of 16 numbers in vector registers.
template <typename T>
struct Lanes {
  static constexpr int width = kBytes / int(sizeof(T));
  static constexpr int count = kPanel / width;  // vectors per panel
};
typedef float vec_f __attribute__((vector_size(kBytes), may_alias, aligned(4)));
typedef double vec_d __attribute__((vector_size(kBytes), may_alias, aligned(8)));
typedef std::int32_t vec_fi __attribute__((vector_size(kBytes), may_alias, aligned(4)));
typedef std::int64_t vec_di __attribute__((vector_size(kBytes), may_alias, aligned(8)));
template <typename T> struct VecOf;
template <> struct VecOf<float> { typedef vec_f V; typedef vec_fi I; typedef std::int32_t Int; };
template <> struct VecOf<double> { typedef vec_d V; typedef vec_di I; typedef std::int64_t Int; };

template <typename T> INLINE typename VecOf<T>::V load(const T* p) {
  return *reinterpret_cast<const typename VecOf<T>::V*>(p);
}
template <typename T> INLINE void store(T* p, typename VecOf<T>::V v) {
  *reinterpret_cast<typename VecOf<T>::V*>(p) = v;
}
template <typename T> INLINE typename VecOf<T>::V splat(T x) {
  return x - typename VecOf<T>::V{};
}

// The first `count` numbers, zeros behind them; nothing behind them is read.
template <typename T> INLINE typename VecOf<T>::V load_first(const T* p, int count) {
  constexpr int W = Lanes<T>::width;
  if (count >= W) return load(p);
#if defined(__AVX512F__)
  const unsigned mask = count > 0 ? (1u << count) - 1 : 0;
  if constexpr (sizeof(T) == 4) return (vec_f)_mm512_maskz_loadu_ps((__mmask16)mask, p);
  else return (vec_d)_mm512_maskz_loadu_pd((__mmask8)mask, p);
#elif defined(__AVX2__)
  typename VecOf<T>::I lane;
  UNROLL for (int i = 0; i < W; i++) lane[i] = i;
  const typename VecOf<T>::I mask = lane < (typename VecOf<T>::Int)count;
  if constexpr (sizeof(T) == 4) return (vec_f)_mm256_maskload_ps(p, (__m256i)mask);
  else return (vec_d)_mm256_maskload_pd(p, (__m256i)mask);
#else
  typename VecOf<T>::V v{};
  UNROLL for (int i = 0; i < W; i++) {
    if (i < count) v[i] = p[i];
  }
  return v;
#endif
}
// The first `count` lanes of v, `other` in the rest.
template <typename T> INLINE typename VecOf<T>::V keep_first(typename VecOf<T>::V v, int count, T other) {
  typename VecOf<T>::I lane;
  UNROLL for (int i = 0; i < Lanes<T>::width; i++) lane[i] = i;
  return lane < (typename VecOf<T>::Int)count ? v : splat<T>(other);
}

template <typename T> INLINE T sum_of(typename VecOf<T>::V v) {
  typedef typename VecOf<T>::I I;
  I lane;
  UNROLL for (int i = 0; i < Lanes<T>::width; i++) lane[i] = i;
  UNROLL for (int step = Lanes<T>::width / 2; step > 0; step /= 2) v += __builtin_shuffle(v, lane ^ step);
  return v[0];
}
template <typename T> INLINE T max_of(typename VecOf<T>::V v) {
  typedef typename VecOf<T>::I I;
  I lane;
  UNROLL for (int i = 0; i < Lanes<T>::width; i++) lane[i] = i;
  UNROLL for (int step = Lanes<T>::width / 2; step > 0; step /= 2) {
    const typename VecOf<T>::V other = __builtin_shuffle(v, lane ^ step);
    v = other > v ? other : v;
  }
  return v[0];
}

// ---------------------------------------------------------------------------------------------
// One micro-kernel for F1, B2 and B3: C[i][v] += Σ_t P[i, t] Q[t, v], i over R rows of 16 numbers, v over
// NV vectors of a row. Q's rows follow each other. P is read along its rows (F1, B2), where t runs through
// panels that lie p_panel apart, or down its columns (B3), where i does not leave a panel.
// Every entry of C is one chain of multiply-adds in the order of t, whatever R and NV are.

enum class Walk { along, down };

struct Strides {
  std::ptrdiff_t p_panel, q_panel, c_panel;
  std::ptrdiff_t times = 0;  // where what C is multiplied by in the end lies from C; 0: nothing
};

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

// Vectors at once beside `rows` rows: all accumulators stay in registers.
template <typename T> struct Block {
  static constexpr int vectors = Lanes<T>::count == 1 ? 3 : (kRegisters == 32 && Lanes<T>::count >= 4 ? 4 : 2);
  static constexpr int rows = kRegisters == 16 ? 6 : (Lanes<T>::count == 2 ? 12 : (vectors == 3 ? 8 : 6));
};

// How many vectors of a panel hold `columns` columns.
template <typename T> INLINE int vectors_of(int columns) {
  return columns >= kPanel ? Lanes<T>::count : (columns + Lanes<T>::width - 1) / Lanes<T>::width;
}

template <typename T, int R, int NV, bool kAdd, Walk kWalk>
INLINE void tile(const T* __restrict P, const T* __restrict Q, T* __restrict C, const T* bias, const Strides& s,
                 int t_count) {
  typedef typename VecOf<T>::V V;
  constexpr int K = Lanes<T>::count, W = Lanes<T>::width;
  V acc[R][NV];
  UNROLL for (int i = 0; i < R; i++) {
    UNROLL for (int v = 0; v < NV; v++) {
      if (kAdd) acc[i][v] = load(C + i * kPanel + (v / K) * s.c_panel + (v % K) * W);
      else if (bias) acc[i][v] = load(bias + v * W);
      else acc[i][v] = V{};
    }
  }
  const auto multiply_add = [&](const T* p, const T* q) INLINE_LAMBDA {
    V qv[NV];
    UNROLL for (int v = 0; v < NV; v++) qv[v] = load(q + (v / K) * s.q_panel + (v % K) * W);
    UNROLL for (int i = 0; i < R; i++) {
      const V x = splat<T>(kWalk == Walk::along ? p[i * kPanel] : p[i]);
      UNROLL for (int v = 0; v < NV; v++) acc[i][v] += x * qv[v];
    }
  };
  if (kWalk == Walk::along) {
    for (; t_count >= kPanel; t_count -= kPanel, P += s.p_panel, Q += kPanel * kPanel) {
      _Pragma("GCC unroll 4") for (int t = 0; t < kPanel; t++) multiply_add(P + t, Q + t * kPanel);
    }
    for (int t = 0; t < t_count; t++) multiply_add(P + t, Q + t * kPanel);
  } else {
    _Pragma("GCC unroll 4") for (int t = 0; t < t_count; t++) multiply_add(P + t * kPanel, Q + t * kPanel);
  }
  if (kWalk == Walk::along && s.times) {
    UNROLL for (int i = 0; i < R; i++) {
      UNROLL for (int v = 0; v < NV; v++) {
        acc[i][v] *= load(C + s.times + i * kPanel + (v / K) * s.c_panel + (v % K) * W);
      }
    }
  }
  UNROLL for (int i = 0; i < R; i++) {
    UNROLL for (int v = 0; v < NV; v++) store(C + i * kPanel + (v / K) * s.c_panel + (v % K) * W, acc[i][v]);
  }
}

template <typename T, int NV, bool kAdd, Walk kWalk>
__attribute__((noinline)) void tiles_of_rows(const T* P, const T* Q, T* C, const T* bias, const Strides& s, int rows,
                                             int t_count) {
  constexpr int R = NV == 1 ? (kRegisters == 32 ? 16 : 8) : Block<T>::rows;
  constexpr int step = kWalk == Walk::along ? kPanel : 1;
  int i = 0;
  for (; i + R <= rows; i += R) tile<T, R, NV, kAdd, kWalk>(P + i * step, Q, C + i * kPanel, bias, s, t_count);
  if (R > 8 && i + 8 <= rows) tile<T, 8, NV, kAdd, kWalk>(P + i * step, Q, C + i * kPanel, bias, s, t_count), i += 8;
  if (i + 4 <= rows) tile<T, 4, NV, kAdd, kWalk>(P + i * step, Q, C + i * kPanel, bias, s, t_count), i += 4;
  if (i + 2 <= rows) tile<T, 2, NV, kAdd, kWalk>(P + i * step, Q, C + i * kPanel, bias, s, t_count), i += 2;
  if (i < rows) tile<T, 1, NV, kAdd, kWalk>(P + i * step, Q, C + i * kPanel, bias, s, t_count);
}

// C, `width` columns wide from the start of a panel: rounded up to whole vectors.
template <typename T, bool kAdd, Walk kWalk>
INLINE void product(const T* P, const T* Q, T* C, const T* bias, const Strides& s, int rows, int width, int t_count) {
  constexpr int K = Lanes<T>::count, W = Lanes<T>::width, N = Block<T>::vectors;
  const int vectors = (width + W - 1) / W;
  int v = 0;
  const auto at = [&](int v, std::ptrdiff_t panel) { return (v / K) * panel + (v % K) * W; };
  if (rows == 1) {  // one row has few accumulators: the more vectors at once
    constexpr int wide = K > 8 ? K : 8;
    for (; v + wide <= vectors; v += wide) {
      tile<T, 1, wide, kAdd, kWalk>(P, Q + at(v, s.q_panel), C + at(v, s.c_panel), bias ? bias + v * W : bias, s,
                                    t_count);
    }
  }
  for (; v + N <= vectors; v += N) {
    tiles_of_rows<T, N, kAdd, kWalk>(P, Q + at(v, s.q_panel), C + at(v, s.c_panel), bias ? bias + v * W : bias, s,
                                     rows, t_count);
  }
  if (N > 2 && v + 2 <= vectors) {
    tiles_of_rows<T, 2, kAdd, kWalk>(P, Q + at(v, s.q_panel), C + at(v, s.c_panel), bias ? bias + v * W : bias, s,
                                     rows, t_count);
    v += 2;
  }
  for (; v < vectors; v++) {
    tiles_of_rows<T, 1, kAdd, kWalk>(P, Q + at(v, s.q_panel), C + at(v, s.c_panel), bias ? bias + v * W : bias, s,
                                     rows, t_count);
  }
}

// F1 and B2: the reduction in blocks whose part of Q stays in the first-level cache.
template <typename T>
INLINE void blocked_product(const T* P, const T* Q, T* C, const T* bias, const Strides& s, int rows, int width,
                            int t_count) {
  constexpr int block = 192, columns = Block<T>::vectors * Lanes<T>::width;  // a multiple of 16
  constexpr int group = columns > kPanel ? columns : kPanel;
  if (t_count <= block || rows == 1) {
    return product<T, false, Walk::along>(P, Q, C, bias, s, rows, width, t_count);
  }
  for (int c = 0; c < width; c += group) {
    const int now = width - c < group ? width - c : group;
    for (int t = 0; t < t_count; t += block) {
      const int count = t_count - t < block ? t_count - t : block;
      const T* p = P + (t / kPanel) * s.p_panel;
      const T* q = Q + (c / kPanel) * s.q_panel + (std::ptrdiff_t)t * kPanel;
      T* to = C + (c / kPanel) * s.c_panel;
      const Strides here = {s.p_panel, s.q_panel, s.c_panel, t + block < t_count ? 0 : s.times};
      if (t) product<T, true, Walk::along>(p, q, to, nullptr, here, rows, now, count);
      else product<T, false, Walk::along>(p, q, to, bias ? bias + c : bias, here, rows, now, count);
    }
  }
}

// ---------------------------------------------------------------------------------------------
// Elementary functions. How far φ and φ′ may be off over the whole range is promised in
// docs/native_engine.md, and measured by tests/test_native_functions.py.

INLINE vec_f exp_v(vec_f x) {
  x = x < -104.0f ? splat(-104.0f) : x;
  x = x > 89.0f ? splat(89.0f) : x;
  const vec_f magic = splat(12582912.0f);  // 1.5 · 2²³: adding it rounds to a whole number
  vec_f n = x * 1.44269504088896341f + magic;
  vec_fi k = (vec_fi)n - (vec_fi)magic;
  n -= magic;
  vec_f r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  vec_f p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2ᵏ in two factors, so that results below 2⁻¹²⁶ and above 2¹²⁸ come out right
  const vec_fi half = k >> 1;
  return p * (vec_f)((half + 127) << 23) * (vec_f)((k - half + 127) << 23);
}

INLINE vec_d exp_v(vec_d x) {
  x = x < -746.0 ? splat(-746.0) : x;
  x = x > 710.0 ? splat(710.0) : x;
  const vec_d magic = splat(6755399441055744.0);  // 1.5 · 2⁵²
  vec_d n = x * 1.4426950408889634073599 + magic;
  vec_di k = (vec_di)n - (vec_di)magic;
  n -= magic;
  vec_d r = x - n * 6.93145751953125e-1;
  r = r - n * 1.42860682030941723212e-6;
  const vec_d s = r * r;
  vec_d p = splat(1.26177193074810590878e-4);
  p = p * s + 3.02994407707441961300e-2;
  p = (p * s + 9.99999999999999999910e-1) * r;
  vec_d q = splat(3.00198505138664455042e-6);
  q = q * s + 2.52448340349684104192e-3;
  q = q * s + 2.27265548208155028766e-1;
  q = q * s + 2.00000000000000000005;
  const vec_d e = 1.0 + 2.0 * (p / (q - p));
  const vec_di half = k >> 1;
  return e * (vec_d)((half + 1023) << 52) * (vec_d)((k - half + 1023) << 52);
}

// tanh z and its derivative sech² z: in float32 a rational approximation on [-7.9, 7.9], outside which tanh is 1 to half an ulp.
INLINE void tanh_v(vec_f z, vec_f* a, vec_f* d) {
  const float limit = 7.90531110763549805f;
  vec_f x = z > limit ? splat(limit) : z;
  x = x < -limit ? splat(-limit) : x;
  const vec_f s = x * x;
  vec_f p = splat(-2.76076847742355e-16f);
  p = p * s + 2.00018790482477e-13f;
  p = p * s - 8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  vec_f q = splat(1.19825839466702e-06f);
  q = q * s + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  const vec_f t = x * p / q;
  *a = s < 1e-7f ? z : t;
  *d = 1.0f - t * t;
}

// In float64 a rational approximation near 0 and exp elsewhere (Cephes).
INLINE void tanh_v(vec_d z, vec_d* a, vec_d* d) {
  const vec_d size = z < 0.0 ? -z : z;
  const vec_d s = z * z;
  vec_d p = splat(-9.64399179425052238628e-1);
  p = p * s - 9.92877231001918586564e1;
  p = p * s - 1.61468768441708447952e3;
  vec_d r = s + 1.12811678491632931402e2;
  r = r * s + 2.23548839060100448583e3;
  r = r * s + 4.84406305325125486048e3;
  const vec_d near = p / r * s * z + z;
  const vec_d q = 1.0 / (exp_v(size + size) + 1.0);
  const vec_d far = 1.0 - (q + q);
  *a = size < 0.625 ? near : (z < 0.0 ? -far : far);
  *d = size < 0.625 ? 1.0 - near * near : 4.0 * (q - q * q);
}

// σ(z) and σ(-z), each to full relative accuracy.
template <typename T>
INLINE void sigmoid_v(typename VecOf<T>::V z, typename VecOf<T>::V* a, typename VecOf<T>::V* rest) {
  typedef typename VecOf<T>::V V;
  const V e = exp_v(z < 0 ? z : -z);
  const V large = 1 / (1 + e), small = e * large;
  *a = z < 0 ? small : large;
  *rest = z < 0 ? large : small;
}

INLINE float log1p_s(float x) { return __builtin_log1pf(x); }
INLINE double log1p_s(double x) { return __builtin_log1p(x); }
INLINE double log_s(double x) { return __builtin_log(x); }
INLINE float erf_s(float x) { return __builtin_erff(x); }
INLINE double erf_s(double x) { return __builtin_erf(x); }

template <typename T> INLINE typename VecOf<T>::V each(typename VecOf<T>::V v, T (*f)(T)) {
  T lane[Lanes<T>::width];
  store(lane, v);
  for (int i = 0; i < Lanes<T>::width; i++) lane[i] = f(lane[i]);
  return load(lane);
}

template <typename T> static T log1p_of(T x) { return log1p_s(x); }
template <typename T> static T log_of(T x) { return log_s(x); }
template <typename T> static T erf_of(T x) { return erf_s(x); }

// log x of normal x > 0, NaN of NaN and infinity of infinity. Cephes: a polynomial around 1.
INLINE vec_f log_v(vec_f x) {
  vec_fi bits = (vec_fi)x;
  vec_fi k = ((bits - 0x3f3504f3) >> 23);  // x = 2^k m with m in [√½, √2)
  const vec_f f = (vec_f)(bits - (k << 23)) - 1.0f;
  const vec_f n = __builtin_convertvector(k, vec_f);
  vec_f p = splat(7.0376836292e-2f);
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  const vec_f s = f * f;
  vec_f y = p * f * s + n * -2.12194440e-4f;
  y = y - 0.5f * s + f + n * 0.693359375f;
  return x < __builtin_inff() ? y : x;
}
INLINE vec_d log_v(vec_d x) { return each<double>(x, &log_of<double>); }

// log(1 + x) of x in [0, 1], and NaN of NaN: what 1 + x loses of x is added to the first order.
INLINE vec_f log1p_v(vec_f x) {
  const vec_f u = 1.0f + x;
  return log_v(u) + (x - (u - 1.0f)) / u;
}
INLINE vec_d log1p_v(vec_d x) { return each<double>(x, &log1p_of<double>); }

// F2: a = φ(z), d = φ′(z) of one vector.
template <typename T, Phi kPhi>
INLINE void phi_of(typename VecOf<T>::V z, T parameter, typename VecOf<T>::V* a, typename VecOf<T>::V* d) {
  typedef typename VecOf<T>::V V;
  const V zero = V{}, one = splat<T>(1);
  if constexpr (kPhi == Phi::identity) { *a = z; *d = one; }
  else if constexpr (kPhi == Phi::relu) { *a = z > 0 ? z : zero; *d = z > 0 ? one : zero; *a = z != z ? z : *a; }
  else if constexpr (kPhi == Phi::leaky_relu) { *a = z > 0 ? z : parameter * z; *d = z > 0 ? one : splat<T>(parameter); }
  else if constexpr (kPhi == Phi::tanh) { tanh_v(z, a, d); }
  else if constexpr (kPhi == Phi::sigmoid) { V rest; sigmoid_v<T>(z, a, &rest); *d = *a * rest; }
  else if constexpr (kPhi == Phi::silu) { V s, rest; sigmoid_v<T>(z, &s, &rest); *a = z * s; *d = s + z * (s * rest); }
  else if constexpr (kPhi == Phi::elu) {
    const V below = z < 0 ? z : zero;
    const V e = exp_v(below);
    // e^z - 1 near 0 by tanh(z/2): (1 + e^z) tanh(z/2), without cancellation
    V t, unused;
    tanh_v(below * T(0.5), &t, &unused);
    *a = z > 0 ? z : parameter * ((one + e) * t);
    *d = z > 0 ? one : parameter * e;
    *a = z != z ? z : *a;
  }
  else if constexpr (kPhi == Phi::softplus) {
    V rest;
    sigmoid_v<T>(z, d, &rest);
    const V e = exp_v(z < 0 ? z : -z);
    *a = (z > 0 ? z : zero) + log1p_v(e);
    *a = z != z ? z : *a;
  }
  else if constexpr (kPhi == Phi::gelu) {
    const V cdf = T(0.5) * (one + each<T>(z * T(0.70710678118654752440), &erf_of<T>));
    *a = z * cdf;
    *d = cdf + z * (exp_v(T(-0.5) * z * z) * T(0.39894228040143267794));
  }
  else { *a = z; *d = one; }  // softmax: the output stays Z until the loss
}

// a holds Z and becomes A; d becomes φ′ where it is not null. `rows` rows of 16, of each the first `vectors`
// vectors. Whether every z was finite: φ may hide that, as tanh does.
template <typename T, Phi kPhi>
__attribute__((noinline)) bool phi_rows(T parameter, T* a, T* d, std::ptrdiff_t rows, int vectors) {
  constexpr int W = Lanes<T>::width, K = Lanes<T>::count;
  typedef typename VecOf<T>::V V;
  V watch = V{};
  const auto one = [&](std::ptrdiff_t i) INLINE_LAMBDA {
    const V z = load(a + i);
    V av, dv;
    phi_of<T, kPhi>(z, parameter, &av, &dv);
    watch += z * T(0);
    store(a + i, av);
    if (d) store(d + i, dv);
  };
  if (vectors == K) {
    for (std::ptrdiff_t i = 0; i < rows * kPanel; i += W) one(i);
  } else {
    for (std::ptrdiff_t r = 0; r < rows; r++) {
      for (int v = 0; v < vectors; v++) one(r * kPanel + v * W);
    }
  }
  return sum_of<T>(watch) == 0;
}

template <typename T> bool activate(Phi phi, T parameter, T* a, T* d, std::ptrdiff_t rows, int vectors) {
  switch (phi) {
    case Phi::identity: return phi_rows<T, Phi::identity>(parameter, a, d, rows, vectors);
    case Phi::sigmoid: return phi_rows<T, Phi::sigmoid>(parameter, a, d, rows, vectors);
    case Phi::tanh: return phi_rows<T, Phi::tanh>(parameter, a, d, rows, vectors);
    case Phi::relu: return phi_rows<T, Phi::relu>(parameter, a, d, rows, vectors);
    case Phi::leaky_relu: return phi_rows<T, Phi::leaky_relu>(parameter, a, d, rows, vectors);
    case Phi::elu: return phi_rows<T, Phi::elu>(parameter, a, d, rows, vectors);
    case Phi::gelu: return phi_rows<T, Phi::gelu>(parameter, a, d, rows, vectors);
    case Phi::silu: return phi_rows<T, Phi::silu>(parameter, a, d, rows, vectors);
    case Phi::softplus: return phi_rows<T, Phi::softplus>(parameter, a, d, rows, vectors);
    case Phi::softmax: break;
  }
  return true;
}

// ---------------------------------------------------------------------------------------------
// Philox4x64-10, as NumPy's: key (seed, purpose), counter (block, 0, step, epoch).

struct Philox {
  std::uint64_t key[2], step, epoch, block;
  std::uint64_t out[4];

  INLINE void at(std::uint64_t number) {
    if (number == block) return;
    block = number;
    std::uint64_t c0 = number, c1 = 0, c2 = step, c3 = epoch, k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
      const unsigned __int128 a = (unsigned __int128)c0 * 0xD2E7470EE14C6C93ull;
      const unsigned __int128 b = (unsigned __int128)c2 * 0xCA5A826395121157ull;
      c0 = (std::uint64_t)(b >> 64) ^ c1 ^ k0;
      c1 = (std::uint64_t)b;
      c2 = (std::uint64_t)(a >> 64) ^ c3 ^ k1;
      c3 = (std::uint64_t)a;
      k0 += 0x9E3779B97F4A7C15ull;
      k1 += 0xBB67AE8584CAA73Bull;
    }
    out[0] = c0; out[1] = c1; out[2] = c2; out[3] = c3;
  }
  // Number e of the stream, in [0, 1): NumPy counts blocks from 1.
  INLINE double uniform(std::uint64_t e) {
    at(e / 4 + 1);
    return double(out[e % 4] >> 11) * (1.0 / 9007199254740992.0);
  }
};

constexpr std::uint64_t kDropoutPurpose = 2;  // draws.Purpose.DROPOUT

// M of one layer for rows [first, last), given (rows of the batch, width): a and d are multiplied by it.
template <typename T>
void mask(const T* M, int width, int first, int last, int at, T* a, T* d, std::ptrdiff_t panel) {
  for (int r = first; r < last; r++) {
    for (int k = 0; k < width; k++) {
      const T m = M[(std::ptrdiff_t)r * width + k];
      const std::ptrdiff_t i = (k / kPanel) * panel + (std::ptrdiff_t)(r - at) * kPanel + k % kPanel;
      a[i] *= m;
      if (d) d[i] *= m;
    }
  }
}

// The same, drawn.
template <typename T>
void drop(double p, int width, std::uint64_t offset, const Step<T>& step, int first, int last, int at, T* a, T* d,
          std::ptrdiff_t panel) {
  Philox draw{{step.seed, kDropoutPurpose}, step.number, step.epoch, 0, {}};
  const T kept = T(1 / (1 - p));
  for (int r = first; r < last; r++) {
    for (int k = 0; k < width; k++) {
      const T m = draw.uniform(offset + (std::uint64_t)r * width + k) >= p ? kept : T(0);
      const std::ptrdiff_t i = (k / kPanel) * panel + (std::ptrdiff_t)(r - at) * kPanel + k % kPanel;
      a[i] *= m;
      if (d) d[i] *= m;
    }
  }
}

// ---------------------------------------------------------------------------------------------
// Rows: F0-F2, J1, B1, B2.

// F0: rows of the data into panels.
template <typename T> INLINE typename VecOf<T>::V load_as(const T* p, T) { return load(p); }
template <typename T> INLINE typename VecOf<T>::V load_as(const std::uint8_t* p, T scale) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {  // GCC 12 converts bytes one by one where it is not told how
    return (vec_f)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)p))) * scale;
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    return (vec_f)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p))) * scale;
  }
#endif
  typename VecOf<T>::V v;
  UNROLL for (int i = 0; i < Lanes<T>::width; i++) v[i] = T(p[i]);
  return v * scale;
}
template <typename T> INLINE typename VecOf<T>::V load_first_as(const T* p, int count, T) { return load_first(p, count); }
template <typename T> INLINE typename VecOf<T>::V load_first_as(const std::uint8_t* p, int count, T scale) {
  typename VecOf<T>::V v{};
  for (int i = 0; i < Lanes<T>::width && i < count; i++) v[i] = T(p[i]);
  return v * scale;
}

template <typename T, typename X> INLINE const X* row_of(const Step<T>& step, const X* x, int r) {
  return x + (step.order ? step.order[r] : r) * step.x_stride;
}

template <typename T, typename X>
INLINE void gather(const Plan<T>& plan, const Step<T>& step, const X* x, int first, int last, int at, T scale) {
  constexpr int W = Lanes<T>::width;
  const int n = plan.n_0, full = n / kPanel * kPanel;
  const std::ptrdiff_t panel = (std::ptrdiff_t)plan.capacity * kPanel;
  constexpr int kBlock = 8;  // rows at once, so that a panel's page is visited once for all of them
  for (int from = first; from < last; from += kBlock) {
    const int count = last - from < kBlock ? last - from : kBlock;
    const X* row[kBlock];
    for (int i = 0; i < count; i++) row[i] = row_of(step, x, from + i);
    T* to = plan.A0 + (std::ptrdiff_t)(from - at) * kPanel;
    int k = 0;
    for (; k < full; k += kPanel, to += panel) {
      for (int i = 0; i < count; i++) {
        UNROLL for (int v = 0; v < kPanel; v += W) store(to + i * kPanel + v, load_as<T>(row[i] + k + v, scale));
      }
    }
    if (k < n) {
      for (int i = 0; i < count; i++) {
        for (int v = 0; v < kPanel; v += W) store(to + i * kPanel + v, load_first_as<T>(row[i] + k + v, n - k - v, scale));
      }
    }
  }
}

// Layer 1 with few outputs, the data read where it lies: vectors run along the inputs, so that no
// lane is spent on outputs that are not there.
#if defined(__AVX512F__) || defined(__AVX2__)
constexpr int kWidestInPlace = 12;
// Outputs at once, with two rows or two vectors of inputs: all accumulators stay in registers.
constexpr int kOutputsAtOnce = kRegisters == 32 ? 12 : 6;

// The sums of the lanes of as many vectors as a vector has lanes, as the lanes of one.
INLINE vec_f sums_of_lanes(const vec_f* v) {
  constexpr int W = Lanes<float>::width;
  vec_f a[W];
  UNROLL for (int i = 0; i < W; i++) {  // in the order of the reversed bits, which the folding below turns back
#if defined(__AVX512F__)
    a[(i & 1) << 3 | (i & 2) << 1 | (i & 4) >> 1 | (i & 8) >> 3] = v[i];
#else
    a[(i & 1) << 2 | (i & 2) | (i & 4) >> 2] = v[i];
#endif
  }
#if defined(__AVX512F__)
  const vec_fi low8 = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23};
  const vec_fi low4 = {0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27};
  const vec_fi low2 = {0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29};
  const vec_fi low1 = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
  UNROLL for (int i = 0; i < 8; i++) a[i] = __builtin_shuffle(a[i], a[i + 8], low8) + __builtin_shuffle(a[i], a[i + 8], low8 + 8);
#else
  const vec_fi low4 = {0, 1, 2, 3, 8, 9, 10, 11};
  const vec_fi low2 = {0, 1, 4, 5, 8, 9, 12, 13};
  const vec_fi low1 = {0, 2, 4, 6, 8, 10, 12, 14};
#endif
  UNROLL for (int i = 0; i < 4; i++) a[i] = __builtin_shuffle(a[i], a[i + 4], low4) + __builtin_shuffle(a[i], a[i + 4], low4 + 4);
  UNROLL for (int i = 0; i < 2; i++) a[i] = __builtin_shuffle(a[i], a[i + 2], low2) + __builtin_shuffle(a[i], a[i + 2], low2 + 2);
  return __builtin_shuffle(a[0], a[1], low1) + __builtin_shuffle(a[0], a[1], low1 + 1);
}

// F1 of R rows for J outputs from the one numbered j0.
template <int J, int R, typename X>
INLINE void rows_in_place(const Plan<float>& plan, const X* const* x, int at, int j0, float scale, bool first) {
  constexpr int W = Lanes<float>::width;
  const Layer<float>& layer = plan.layer[0];
  const int n = layer.n, full = n / kPanel;
  vec_f acc[R][J];
  UNROLL for (int i = 0; i < R; i++) {
    UNROLL for (int j = 0; j < J; j++) acc[i][j] = vec_f{};
  }
  const float* w = layer.W_back + j0 * kPanel;
  const std::ptrdiff_t step = (std::ptrdiff_t)layer.m * kPanel;
  for (int p = 0; p < full; p++, w += step) {
    UNROLL for (int v = 0; v < kPanel; v += W) {
      vec_f xv[R];
      UNROLL for (int i = 0; i < R; i++) xv[i] = load_as<float>(x[i] + p * kPanel + v, 1.0f);
      UNROLL for (int j = 0; j < J; j++) {
        vec_f wv = load(w + j * kPanel + v);
        if (R > 1) KEEP(wv);
        UNROLL for (int i = 0; i < R; i++) acc[i][j] += xv[i] * wv;  // F1
      }
    }
    if (first) {
      UNROLL for (int i = 0; i < R; i++) __builtin_prefetch(x[i] + p * kPanel + 2 * R * n);
    }
  }
  if (full * kPanel < n) {
    UNROLL for (int v = 0; v < kPanel; v += W) {
      UNROLL for (int i = 0; i < R; i++) {
        const vec_f xv = load_first_as<float>(x[i] + full * kPanel + v, n - full * kPanel - v, 1.0f);
        UNROLL for (int j = 0; j < J; j++) acc[i][j] += xv * load(w + j * kPanel + v);
      }
    }
  }
  UNROLL for (int i = 0; i < R; i++) {
    float* to = layer.A + (std::ptrdiff_t)(at + i) * kPanel + j0;
    UNROLL for (int j = 0; j < J; j += W) {
      vec_f a[W];
      UNROLL for (int k = 0; k < W; k++) a[k] = j + k < J ? acc[i][j + k] : vec_f{};
      const vec_f sums = sums_of_lanes(a) * scale;
      UNROLL for (int k = 0; k < W; k++) {
        if (j + k < J) to[j + k] = sums[k] + layer.b[j0 + j + k];
      }
    }
  }
}

template <int M, typename X>
__attribute__((noinline)) void forward_in_place_(const Plan<float>& plan, const Step<float>& step, int first, int last,
                                                 int at, float scale) {
  constexpr int chunks = (M + kOutputsAtOnce - 1) / kOutputsAtOnce, J = (M + chunks - 1) / chunks, rest = M - J * (chunks - 1);
  constexpr int R = kRegisters == 32 && J <= 6 ? 4 : 2;
  const X* x[R];
  int r = first;
  for (; r + R <= last; r += R) {
    UNROLL for (int i = 0; i < R; i++) x[i] = row_of(step, static_cast<const X*>(step.x), r + i);
    UNROLL for (int c = 0; c + 1 < chunks; c++) rows_in_place<J, R, X>(plan, x, r - at, c * J, scale, c == 0);
    rows_in_place<rest, R, X>(plan, x, r - at, M - rest, scale, chunks == 1);
  }
  for (; r < last; r++) {
    x[0] = row_of(step, static_cast<const X*>(step.x), r);
    UNROLL for (int c = 0; c + 1 < chunks; c++) rows_in_place<J, 1, X>(plan, x, r - at, c * J, scale, c == 0);
    rows_in_place<rest, 1, X>(plan, x, r - at, M - rest, scale, chunks == 1);
  }
}

// B3 of NX vectors of inputs from input k for J outputs from the one numbered j0; the same inputs of the rows
// that lie `ahead` behind are fetched, so that the memory works while there is arithmetic to do.
template <int J, int NX, typename X>
INLINE void inputs_in_place(const Plan<float>& plan, const Step<float>& step, int first, int last, int at, int k, int j0,
                            float* G, bool add, float scale, std::ptrdiff_t ahead) {
  constexpr int W = Lanes<float>::width;
  const Layer<float>& layer = plan.layer[0];
  const float* delta = layer.delta + (std::ptrdiff_t)(first - at) * kPanel + j0;
  const int left = layer.n - k;
  vec_f acc[J][NX];
  UNROLL for (int j = 0; j < J; j++) {
    UNROLL for (int v = 0; v < NX; v++) acc[j][v] = vec_f{};
  }
  const auto rows = [&](const auto& load_x) INLINE_LAMBDA {
    for (int r = first; r < last; r++) {
      const X* x = row_of(step, static_cast<const X*>(step.x), r) + k;
      const float* d = delta + (std::ptrdiff_t)(r - first) * kPanel;
      vec_f xv[NX];
      UNROLL for (int v = 0; v < NX; v++) xv[v] = load_x(x, v * W);
      if (ahead) __builtin_prefetch(x + ahead, 0, 2);
      UNROLL for (int j = 0; j < J; j++) {
        const vec_f dv = splat(d[j]);
        UNROLL for (int v = 0; v < NX; v++) acc[j][v] += dv * xv[v];  // B3
      }
    }
  };
  if (left >= NX * W) rows([](const X* x, int v) INLINE_LAMBDA { return load_as<float>(x + v, 1.0f); });
  else rows([left](const X* x, int v) INLINE_LAMBDA { return load_first_as<float>(x + v, left - v, 1.0f); });
  UNROLL for (int v = 0; v < NX; v++) {
    const int i = k + v * W;
    if (i >= layer.n) break;
    float* g = G + (std::ptrdiff_t)(i / kPanel) * layer.m * kPanel + j0 * kPanel + i % kPanel;
    UNROLL for (int j = 0; j < J; j++) {
      store(g + j * kPanel, acc[j][v] * scale + (add ? load(g + j * kPanel) : vec_f{}));
    }
  }
}

template <int M, typename X>
__attribute__((noinline)) void gradient_in_place_(const Plan<float>& plan, const Step<float>& step, int first, int last,
                                                  int at, float* G, bool add, float scale) {
  constexpr int chunks = (M + kOutputsAtOnce - 1) / kOutputsAtOnce, J = (M + chunks - 1) / chunks, rest = M - J * (chunks - 1);
  constexpr int NX = 2, per_line = 64 / sizeof(X);
  const std::ptrdiff_t next = step.order ? 0 : (last - first) * step.x_stride;
  for (int k = 0; k < plan.layer[0].n; k += NX * Lanes<float>::width) {
    UNROLL for (int c = 0; c + 1 < chunks; c++) inputs_in_place<J, NX, X>(plan, step, first, last, at, k, c * J, G, add, scale, 0);
    const std::ptrdiff_t ahead = k % per_line ? 0 : next;
    inputs_in_place<rest, NX, X>(plan, step, first, last, at, k, M - rest, G, add, scale, ahead);
  }
}

#define EACH_WIDTH(call) \
  switch (plan.layer[0].m) { \
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
void gradient_in_place(const Plan<float>& plan, const Step<float>& step, int first, int last, int at, float* G,
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
void gradient_in_place(const Plan<float>&, const Step<float>&, int, int, int, float*, bool) {}
#endif
INLINE void forward_in_place(const Plan<double>&, const Step<double>&, int, int, int) {}
void gradient_in_place(const Plan<double>&, const Step<double>&, int, int, int, double*, bool) {}

// F0-F2; whether every z was finite.
template <typename T> bool forward(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  bool finite = true;
  if (plan.in_place) {
    forward_in_place(plan, step, first, last, at);
  } else if (plan.input == Input::uint8) {
    gather(plan, step, static_cast<const std::uint8_t*>(step.x), first, last, at, plan.scale);
  } else {
    gather(plan, step, static_cast<const T*>(step.x), first, last, at, T(1));
  }
  const std::ptrdiff_t panel = (std::ptrdiff_t)plan.capacity * kPanel, row = (std::ptrdiff_t)(first - at) * kPanel;
  std::uint64_t offset = 0;
  const auto dropped = [&](int l, double p, int width, T* a, T* d) {
    if (step.masks) {
      if (step.masks[l]) mask<T>(step.masks[l], width, first, last, at, a, d, panel);
    } else if (step.drops && p > 0) {
      drop<T>(p, width, offset, step, first, last, at, a, d, panel);
      offset += (std::uint64_t)step.rows * width;
    }
  };
  dropped(0, plan.drop_input, plan.n_0, plan.A0, nullptr);
  const T* from = plan.A0;
  for (int l = 0; l < plan.layers; l++) {
    const Layer<T>& layer = plan.layer[l];
    const Strides s = {panel, (std::ptrdiff_t)layer.n_rows * kPanel, panel};
    const int count = last - first;
    if (l > 0 || !plan.in_place) {
      blocked_product(from + row, layer.W, layer.A + row, layer.b, s, count, layer.m, layer.n);  // F1
    }
    const bool keep = plan.output_keeps_z && plan.train && l == plan.layers - 1;
    for (int p = 0; p < panels(layer.m) && !keep; p++) {
      const std::ptrdiff_t i = p * panel + row;
      const int vectors = vectors_of<T>(layer.m - p * kPanel);
      finite &= activate(layer.phi, layer.parameter, layer.A + i, plan.train ? layer.D + i : nullptr, count, vectors);  // F2
    }
    if (l + 1 < plan.layers) dropped(l + 1, layer.drop, layer.m, layer.A, plan.train ? layer.D : nullptr);
    from = layer.A;
  }
  return finite;
}

// Softmax of one row in place: Z becomes A. Its largest z and Σ e^(z - largest).
template <typename T> INLINE void softmax_row(T* z, int m, std::ptrdiff_t panel, T* largest, T* total) {
  typedef typename VecOf<T>::V V;
  constexpr int W = Lanes<T>::width, K = Lanes<T>::count;
  const int vectors = (m + W - 1) / W;
  const auto at = [&](int v) INLINE_LAMBDA { return z + (v / K) * panel + (v % K) * W; };
  T* end = at(vectors - 1);
  store(end, keep_first<T>(load(end), m - (vectors - 1) * W, -__builtin_inf()));
  V top = load(z);
  for (int v = 1; v < vectors; v++) {
    const V x = load(at(v));
    top = x > top ? x : top;
  }
  *largest = max_of<T>(top);
  V sum = V{};
  for (int v = 0; v < vectors; v++) {
    const V e = exp_v(load(at(v)) - *largest);
    store(at(v), e);
    sum += e;
  }
  *total = sum_of<T>(sum);
  const T inverse = 1 / *total;
  for (int v = 0; v < vectors; v++) store(at(v), load(at(v)) * inverse);
}

// What the loss of a group of rows needs of each.
template <typename T> struct Group {
  int rows, m;
  std::ptrdiff_t panel;
  const T* y[kRowTile];
  T scale[kRowTile];  // w / Σw
  T *a, *d, *delta;   // of the first row
};

// J1 and B1 for a group of rows: a holds Z and becomes A; delta is scaled by w / Σw; returns the group's
// share of J.
template <typename T> double softmax_loss(const Plan<T>& plan, const Group<T>& g) {
  typedef typename VecOf<T>::V V;
  constexpr int W = Lanes<T>::width, K = Lanes<T>::count, L = kRowTile > W ? kRowTile : W;
  const int vectors = (g.m + W - 1) / W;
  T largest[L], total[L], weight[L];
  for (int i = 0; i < L; i++) largest[i] = 0, total[i] = 1, weight[i] = 0;
  V value = V{};
  for (int i = 0; i < g.rows; i++) {
    T *a = g.a + i * kPanel, *delta = g.delta + i * kPanel;
    const auto at = [&](int v) INLINE_LAMBDA { return (v / K) * g.panel + (v % K) * W; };
    const T scale = g.scale[i];
    if (plan.ell == Ell::cross_entropy) {
      V y_z = V{}, sum = V{};
      for (int v = 0; v < vectors; v++) {
        const V t = load_first(g.y[i] + v * W, g.m - v * W);
        sum += t;
        y_z += t == 0 ? V{} : t * load(a + at(v));
      }
      value -= scale * y_z;
      softmax_row(a, g.m, g.panel, &largest[i], &total[i]);
      const T all = sum_of<T>(sum);
      weight[i] = scale * all;
      for (int v = 0; v < vectors; v++) {
        const V t = load_first(g.y[i] + v * W, g.m - v * W);
        store(delta + at(v), scale * (all * load(a + at(v)) - t));  // B1: (Σy) A - Y
      }
      continue;
    }
    softmax_row(a, g.m, g.panel, &largest[i], &total[i]);
    V square = V{}, ag = V{};
    for (int v = 0; v < vectors; v++) {
      const V x = load(a + at(v)), r = x - load_first(g.y[i] + v * W, g.m - v * W);
      square += r * r;
      ag += x * r;
    }
    value += scale * plan.factor * square;
    const T inner = sum_of<T>(ag);
    for (int v = 0; v < vectors; v++) {
      const V x = load(a + at(v)), r = x - load_first(g.y[i] + v * W, g.m - v * W);
      store(delta + at(v), scale * 2 * plan.factor * x * (r - inner));  // B1: a ⊙ (g - Σ a g)
    }
  }
  for (int i = 0; i < L; i += W) value += load(weight + i) * (load(largest + i) + log_v(load(total + i)));
  return double(sum_of<T>(value));
}

template <typename T> double squared_loss(const Plan<T>& plan, const Group<T>& g) {
  typedef typename VecOf<T>::V V;
  constexpr int W = Lanes<T>::width, K = Lanes<T>::count;
  V value = V{};
  for (int i = 0; i < g.rows; i++) {
    V square = V{};
    for (int v = 0; v * W < g.m; v++) {
      const std::ptrdiff_t at = i * kPanel + (v / K) * g.panel + (v % K) * W;
      // behind the end a may be φ(0): no residual there
      const V r = keep_first<T>(load(g.a + at) - load_first(g.y[i] + v * W, g.m - v * W), g.m - v * W, T(0));
      square += r * r;
      store(g.delta + at, (g.scale[i] * 2 * plan.factor) * r * load(g.d + at));  // B1
    }
    value += (g.scale[i] * plan.factor) * square;
  }
  return double(sum_of<T>(value));
}

// σ with a logarithmic loss.
template <typename T> double sigmoid_loss(const Plan<T>& plan, const Group<T>& g) {
  typedef typename VecOf<T>::V V;
  constexpr int W = Lanes<T>::width, K = Lanes<T>::count;
  V value = V{};
  for (int i = 0; i < g.rows; i++) {
    V row = V{};
    for (int v = 0; v * W < g.m; v++) {
      const std::ptrdiff_t at = i * kPanel + (v / K) * g.panel + (v % K) * W;
      const int left = g.m - v * W;
      const V y = load_first(g.y[i] + v * W, left), z = load(g.a + at);
      V s, rest;
      sigmoid_v<T>(z, &s, &rest);
      const V tail = log1p_v(exp_v(z < 0 ? z : -z));                // log(1 + e^{-|z|})
      const V minus_log = (z < 0 ? -z : V{}) + tail;                // -log σ(z)
      const V minus_log1m = (z > 0 ? z : V{}) + tail;               // -log(1 - σ(z))
      V loss, delta;
      if (plan.ell == Ell::binary_cross_entropy) {
        loss = y * minus_log + (1 - y) * minus_log1m;
        delta = (1 - y) * s - y * rest;  // B1: A - Y
      } else {
        loss = y == 0 ? V{} : y * minus_log;
        delta = -y * rest;  // B1
      }
      row += keep_first<T>(loss, left, T(0));
      store(g.delta + at, keep_first<T>(g.scale[i] * delta, left, T(0)));
      store(g.a + at, s);
    }
    value += g.scale[i] * row;
  }
  return double(sum_of<T>(value));
}

template <typename T> INLINE double group_loss(const Plan<T>& plan, const Layer<T>& out, const Group<T>& g) {
  if (out.phi == Phi::softmax) return softmax_loss(plan, g);
  if (plan.ell == Ell::squared_error) return squared_loss(plan, g);
  return sigmoid_loss(plan, g);
}

template <typename T> void rows(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  const bool finite = forward(plan, step, first, last, at);
  const std::ptrdiff_t panel = (std::ptrdiff_t)plan.capacity * kPanel;
  const Layer<T>& out = plan.layer[plan.layers - 1];
  for (int r = first; r < last; r += kRowTile) {
    const std::ptrdiff_t i = (std::ptrdiff_t)(r - at) * kPanel;
    Group<T> group = {last - r < kRowTile ? last - r : kRowTile, out.m, panel, {}, {}, out.A + i, out.D + i, out.delta + i};
    for (int k = 0; k < group.rows; k++) {
      const std::int64_t number = step.order ? step.order[r + k] : r + k;
      group.y[k] = step.y + number * out.m;
      group.scale[k] = step.w ? step.w[number] * step.inverse_weight : step.inverse_weight;
    }
    plan.loss[(r - at) / kRowTile] = group_loss(plan, out, group);
  }
  if (!finite) plan.loss[(first - at) / kRowTile] = __builtin_nan("");  // a loss may hide it
  const std::ptrdiff_t row = (std::ptrdiff_t)(first - at) * kPanel;
  for (int l = plan.layers - 1; l > 0; l--) {
    const Layer<T>& up = plan.layer[l];
    const Layer<T>& low = plan.layer[l - 1];
    const Strides s = {panel, (std::ptrdiff_t)up.m * kPanel, panel, low.D - low.delta};
    blocked_product<T>(up.delta + row, up.W_back, low.delta + row, nullptr, s, last - first, up.n, up.m);  // B2
  }
}

template <typename T> void predict(const Plan<T>& plan, const Step<T>& step, int first, int last, int at) {
  forward(plan, step, first, last, at);
  const std::ptrdiff_t panel = (std::ptrdiff_t)plan.capacity * kPanel;
  const Layer<T>& out = plan.layer[plan.layers - 1];
  for (int r = first; r < last; r++) {
    T* a = out.A + (std::ptrdiff_t)(r - at) * kPanel;
    T largest, total;
    if (out.phi == Phi::softmax) softmax_row(a, out.m, panel, &largest, &total);
    T* to = step.out + (std::ptrdiff_t)r * out.m;
    for (int k = 0; k < out.m; k++) to[k] = a[(k / kPanel) * panel + k % kPanel];
  }
}

// ---------------------------------------------------------------------------------------------
// B3 and U1.

template <typename T>
void weight_gradient(const Plan<T>& plan, int l, int count, int k0, int k1, int p0, int p1, T* G,
                     std::ptrdiff_t G_panel, bool add) {
  const std::ptrdiff_t panel = (std::ptrdiff_t)plan.capacity * kPanel;
  const T* A = l ? plan.layer[l - 1].A : plan.A0;
  const T* delta = plan.layer[l].delta + p0 * panel;
  const Strides s = {panel, panel, G_panel};
  const int columns = plan.layer[l].m - p0 * kPanel, width = columns < (p1 - p0) * kPanel ? columns : (p1 - p0) * kPanel;
  const int block = 128;  // rows whose A and Δ stay near
  constexpr int W = Lanes<T>::width;
  const int written = (width + W - 1) / W * W;
  if (!add && written % kPanel) {  // the vectors that no product writes
    for (int k = 0; k < k1 - k0; k++) {
      T* row = G + (written / kPanel) * G_panel + (std::ptrdiff_t)k * kPanel;
      for (int v = written % kPanel; v < kPanel; v += W) store(row + v, typename VecOf<T>::V{});
    }
  }
  for (int r = 0; r < count; r += block) {
    const int rs = count - r < block ? count - r : block;
    for (int k = k0; k < k1; k += kPanel) {
      const int ks = k1 - k < kPanel ? k1 - k : kPanel;
      const T* P = A + (k / kPanel) * panel + (std::ptrdiff_t)r * kPanel;
      const T* Q = delta + (std::ptrdiff_t)r * kPanel;
      T* C = G + (std::ptrdiff_t)(k - k0) * kPanel;
      if (r || add) product<T, true, Walk::down>(P, Q, C, nullptr, s, ks, width, rs);  // B3
      else product<T, false, Walk::down>(P, Q, C, nullptr, s, ks, width, rs);
    }
  }
}

template <typename T> void bias_gradient(const Plan<T>& plan, int l, int count, T* g, bool add) {
  typedef typename VecOf<T>::V V;
  constexpr int K = Lanes<T>::count, W = Lanes<T>::width;
  const std::ptrdiff_t panel = (std::ptrdiff_t)plan.capacity * kPanel;
  for (int p = 0; p < panels(plan.layer[l].m); p++) {
    V acc[K];
    for (int v = 0; v < K; v++) acc[v] = add ? load(g + p * kPanel + v * W) : V{};
    const T* d = plan.layer[l].delta + p * panel;
    for (int r = 0; r < count; r++) {
      UNROLL for (int v = 0; v < K; v++) acc[v] += load(d + (std::ptrdiff_t)r * kPanel + v * W);  // B3
    }
    for (int v = 0; v < K; v++) store(g + p * kPanel + v * W, acc[v]);
  }
}

INLINE vec_f sqrt_v(vec_f x) {
#if defined(__AVX512F__)
  return (vec_f)__builtin_ia32_sqrtps512_mask((__attribute__((vector_size(64))) float)x, (__attribute__((vector_size(64))) float)x, -1, 4);
#else
  vec_f r;
  for (unsigned i = 0; i < sizeof(x) / 4; i++) r[i] = __builtin_sqrtf(x[i]);
  return r;
#endif
}
INLINE vec_d sqrt_v(vec_d x) {
#if defined(__AVX512F__)
  return (vec_d)__builtin_ia32_sqrtpd512_mask((__attribute__((vector_size(64))) double)x, (__attribute__((vector_size(64))) double)x, -1, 4);
#else
  vec_d r;
  for (unsigned i = 0; i < sizeof(x) / 8; i++) r[i] = __builtin_sqrt(x[i]);
  return r;
#endif
}

template <typename T>
INLINE typename VecOf<T>::V whole_gradient(typename VecOf<T>::V theta, typename VecOf<T>::V g, T l1, T l2, T limit) {
  typedef typename VecOf<T>::V V;
  if (l1 != 0 || l2 != 0) {
    const V sign = theta > 0 ? splat<T>(1) : (theta < 0 ? splat<T>(-1) : V{});
    g += l1 * sign + l2 * theta;  // J2
  }
  if (limit > 0) {
    g = g > limit ? splat<T>(limit) : g;
    g = g < -limit ? splat<T>(-limit) : g;
  }
  return g;
}

template <typename T>
double finish_gradient(const Step<T>& step, const T* w, T* g_, std::ptrdiff_t count, bool weights) {
  constexpr int W = Lanes<T>::width;
  const T l1 = weights ? T(step.l1) : T(0), l2 = weights ? T(step.l2) : T(0), limit = T(step.clip_value);
  double squares = 0;
  for (std::ptrdiff_t i = 0; i < count; i += W) {
    const typename VecOf<T>::V g = whole_gradient<T>(load(w + i), load(g_ + i), l1, l2, limit);
    store(g_ + i, g);
    for (int k = 0; k < W; k++) squares += double(g[k]) * double(g[k]);
  }
  return squares;
}

template <typename T, Rule kRule>
void update_span(const Plan<T>& plan, const Step<T>& step, T* w, T* s0, T* s1, const T* g_, std::ptrdiff_t count,
                 bool weights) {
  typedef typename VecOf<T>::V V;
  constexpr int W = Lanes<T>::width;
  const T l1 = weights ? T(step.l1) : T(0), l2 = weights ? T(step.l2) : T(0), decay = weights ? T(step.decay) : T(1);
  const T rate = T(step.rate), limit = T(step.clip_value), mu = T(plan.momentum);
  const T b1 = T(plan.beta1), b2 = T(plan.beta2), eps = T(plan.epsilon);
  const T c1 = T(1 - plan.beta1), c2 = T(1 - plan.beta2);
  const T step_size = T(step.rate / step.correction1), inverse2 = T(1 / step.correction2);
  for (std::ptrdiff_t i = 0; i < count; i += W) {
    V theta = load(w + i);
    const V g = whole_gradient<T>(theta, load(g_ + i), l1, l2, limit);
    theta *= decay;
    if constexpr (kRule == Rule::sgd || kRule == Rule::nesterov) {
      const V downhill = -rate * g;
      if (s0) {
        const V velocity = mu * load(s0 + i) + downhill;
        store(s0 + i, velocity);
        theta += kRule == Rule::nesterov ? mu * velocity + downhill : velocity;
      } else {
        theta += downhill;  // U1
      }
    } else if constexpr (kRule == Rule::rmsprop) {
      const V square = b2 * load(s0 + i) + c2 * g * g;
      store(s0 + i, square);
      theta -= rate * g / (sqrt_v(square) + eps);
    } else {
      const V mean = b1 * load(s0 + i) + c1 * g;
      const V square = b2 * load(s1 + i) + c2 * g * g;
      store(s0 + i, mean);
      store(s1 + i, square);
      theta -= step_size * mean / (sqrt_v(square * inverse2) + eps);
    }
    store(w + i, theta);
  }
}

template <typename T>
void update(const Plan<T>& plan, const Step<T>& step, T* w, T* s0, T* s1, const T* g, std::ptrdiff_t count,
            bool weights) {
  switch (plan.rule) {
    case Rule::sgd: update_span<T, Rule::sgd>(plan, step, w, s0, s1, g, count, weights); break;
    case Rule::nesterov: update_span<T, Rule::nesterov>(plan, step, w, s0, s1, g, count, weights); break;
    case Rule::rmsprop: update_span<T, Rule::rmsprop>(plan, step, w, s0, s1, g, count, weights); break;
    case Rule::adam: update_span<T, Rule::adam>(plan, step, w, s0, s1, g, count, weights); break;
  }
}

// W's second copy for B2, of inputs [k0, k1) and output panels [p0, p1).
template <typename T> void transpose(const Layer<T>& layer, int k0, int k1, int p0, int p1) {
  for (int p = p0; p < p1; p++) {
    const int js = layer.m - p * kPanel < kPanel ? layer.m - p * kPanel : kPanel;
    for (int k = k0; k < k1; k++) {
      const T* from = layer.W + ((std::ptrdiff_t)p * layer.n_rows + k) * kPanel;
      T* to = layer.W_back + ((std::ptrdiff_t)(k / kPanel) * layer.m + p * kPanel) * kPanel + k % kPanel;
      for (int j = 0; j < js; j++) to[j * kPanel] = from[j];
    }
  }
}

template <typename T> void activation(Phi phi, T parameter, const T* z, T* a, T* d, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; i++) a[i] = z[i];
  activate(phi, parameter, a, d, count / kPanel, Lanes<T>::count);
}

#define CHAINRULE_STRING_(x) #x
#define CHAINRULE_STRING(x) CHAINRULE_STRING_(x)

extern const Kernels<float> kernels_f32;
const Kernels<float> kernels_f32 = {CHAINRULE_STRING(CHAINRULE_ISA), rows<float>, predict<float>, weight_gradient<float>, gradient_in_place, kWidestInPlace,
                                    bias_gradient<float>, update<float>, finish_gradient<float>, transpose<float>, activation<float>};
extern const Kernels<double> kernels_f64;
const Kernels<double> kernels_f64 = {CHAINRULE_STRING(CHAINRULE_ISA), rows<double>, predict<double>,
                                     weight_gradient<double>, gradient_in_place, 0, bias_gradient<double>, update<double>,
                                     finish_gradient<double>, transpose<double>, activation<double>};

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
