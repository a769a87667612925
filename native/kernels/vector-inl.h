// Vectors of one instruction set: how wide, loads and stores, a multiply-add, sums over lanes.
#pragma once

#include <cstdint>

#include "../core/panels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef CHAINRULE_ISA
#error "CHAINRULE_ISA is the name of the instruction set"
#endif

#define INLINE CHAINRULE_INLINE
#define INLINE_LAMBDA __attribute__((always_inline))
// A loop left rolled would keep an array of vectors in memory.
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_4 _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL_4 _Pragma("GCC unroll 4")
#endif
#define LIKELY(condition) __builtin_expect(static_cast<bool>(condition), 1)
// Keeps a vector in a register where the compiler would load it again for each use.
#if defined(__AVX512F__)
#define KEEP(v) __asm__("" : "+v"(v))
#elif defined(__x86_64__)
#define KEEP(v) __asm__("" : "+x"(v))
#elif defined(__aarch64__)
#define KEEP(v) __asm__("" : "+w"(v))
#else
#define KEEP(v)
#endif

namespace chainrule {
namespace CHAINRULE_ISA {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif

// Numbers of a vector, and vectors of a panel's row of 16 numbers.
template <typename T> constexpr int kLanes = kBytes / int(sizeof(T));
template <typename T> constexpr int kVectors = kPanel / kLanes<T>;

typedef float vec_f __attribute__((vector_size(kBytes), may_alias, aligned(4)));
typedef double vec_d __attribute__((vector_size(kBytes), may_alias, aligned(8)));
typedef std::int32_t vec_fi __attribute__((vector_size(kBytes), may_alias, aligned(4)));
typedef std::int64_t vec_di __attribute__((vector_size(kBytes), may_alias, aligned(8)));
template <typename T> struct VecOf;
template <> struct VecOf<float> { typedef vec_f V; typedef vec_fi I; typedef std::int32_t Int; };
template <> struct VecOf<double> { typedef vec_d V; typedef vec_di I; typedef std::int64_t Int; };
template <typename T> using Vec = typename VecOf<T>::V;
// The same as a member of a structure, aligned by its own size: loads and stores of vectors ask for no alignment, but
// GCC moves a structure of them as if it had it.
typedef float member_f __attribute__((vector_size(kBytes)));
typedef double member_d __attribute__((vector_size(kBytes)));
template <typename T> struct MemberOf;
template <> struct MemberOf<float> { typedef member_f M; };
template <> struct MemberOf<double> { typedef member_d M; };
template <typename T> using Member = typename MemberOf<T>::M;
template <typename T> using IntVec = typename VecOf<T>::I;
template <typename T> using Int = typename VecOf<T>::Int;

template <typename T> INLINE Vec<T> load(const T* p) { return *reinterpret_cast<const Vec<T>*>(p); }
template <typename T> INLINE void store(T* p, Vec<T> v) { *reinterpret_cast<Vec<T>*>(p) = v; }
template <typename T> INLINE Vec<T> splat(T x) { return x - Vec<T>{}; }

// Where vector v of a row of panels lies from the row's start, and how many vectors hold `columns` columns.
template <typename T> INLINE std::ptrdiff_t vector_at(const Panels<T>& M, int v) {
  return (v / kVectors<T>) * M.stride() + (v % kVectors<T>) * kLanes<T>;
}
template <typename T> INLINE int vectors_of(int columns) { return (columns + kLanes<T> - 1) / kLanes<T>; }

#if defined(__AVX512F__)
// A mask of the first `count` lanes, of up to 16.
INLINE unsigned first_lanes(int count) { return count <= 0 ? 0 : count < 16 ? (1u << count) - 1 : 0xffff; }
#endif
// The first `count` numbers, zeros behind them; nothing behind them is read.
template <typename T> INLINE Vec<T> load_first(const T* p, int count) {
  constexpr int lanes = kLanes<T>;
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return (vec_f)_mm512_maskz_loadu_ps((__mmask16)first_lanes(count), p);
  else return (vec_d)_mm512_maskz_loadu_pd((__mmask8)first_lanes(count), p);
#elif defined(__AVX2__)
  if (count >= lanes) return load(p);
  IntVec<T> lane;
  UNROLL for (int i = 0; i < lanes; i++) lane[i] = i;
  const IntVec<T> mask = lane < (Int<T>)count;
  if constexpr (sizeof(T) == 4) return (vec_f)_mm256_maskload_ps(p, (__m256i)mask);
  else return (vec_d)_mm256_maskload_pd(p, (__m256i)mask);
#else
  if (count >= lanes) return load(p);
  Vec<T> v{};
  UNROLL for (int i = 0; i < lanes; i++) {
    if (i < count) v[i] = p[i];
  }
  return v;
#endif
}
// The first `count` lanes of v, `other` in the rest.
template <typename T> INLINE Vec<T> keep_first(Vec<T> v, int count, T other) {
  IntVec<T> lane;
  UNROLL for (int i = 0; i < kLanes<T>; i++) lane[i] = i;
  return lane < (Int<T>)count ? v : splat<T>(other);
}

// a b + c: in one rounding where the instruction set has it, else (x86-64 without FMA, wasm32) the product rounded,
// then the sum. Compilers are told to contract nothing, so that no other place of the kernels has fused arithmetic.
INLINE vec_f multiply_add(vec_f a, vec_f b, vec_f c) {
#if defined(__AVX512F__)
  return (vec_f)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (vec_f)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (vec_f)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}
INLINE vec_d multiply_add(vec_d a, vec_d b, vec_d c) {
#if defined(__AVX512F__)
  return (vec_d)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
  return (vec_d)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
  return (vec_d)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}
INLINE vec_f multiply_add(vec_f a, float b, float c) { return multiply_add(a, splat(b), splat(c)); }
INLINE vec_f multiply_add(vec_f a, vec_f b, float c) { return multiply_add(a, b, splat(c)); }
INLINE vec_f multiply_add(vec_f a, float b, vec_f c) { return multiply_add(a, splat(b), c); }
INLINE vec_d multiply_add(vec_d a, double b, double c) { return multiply_add(a, splat(b), splat(c)); }
INLINE vec_d multiply_add(vec_d a, vec_d b, double c) { return multiply_add(a, b, splat(c)); }
INLINE vec_d multiply_add(vec_d a, double b, vec_d c) { return multiply_add(a, splat(b), c); }

INLINE vec_f square_root(vec_f x) {
#if defined(__AVX512F__)
  return (vec_f)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
  return (vec_f)_mm256_sqrt_ps((__m256)x);
#elif defined(__x86_64__)
  return (vec_f)_mm_sqrt_ps((__m128)x);
#else
  UNROLL for (int i = 0; i < kLanes<float>; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}
INLINE vec_d square_root(vec_d x) {
#if defined(__AVX512F__)
  return (vec_d)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
  return (vec_d)_mm256_sqrt_pd((__m256d)x);
#elif defined(__x86_64__)
  return (vec_d)_mm_sqrt_pd((__m128d)x);
#else
  UNROLL for (int i = 0; i < kLanes<double>; i++) x[i] = __builtin_sqrt(x[i]);
  return x;
#endif
}

// The lanes of a, then of b, that I names.
template <int... I, typename V> INLINE V lanes_of(V a, V b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, I...);
#else
  if constexpr (sizeof(a[0]) == 4) return __builtin_shuffle(a, b, vec_fi{I...});
  else return __builtin_shuffle(a, b, vec_di{I...});
#endif
}
template <int... I> struct Lanes {};
template <int n, int... I> struct LanesUpTo : LanesUpTo<n - 1, n - 1, I...> {};
template <int... I> struct LanesUpTo<0, I...> { typedef Lanes<I...> All; };
// Lanes of a whose number has the bit `step` clear, else of b; to each the one `step` away is added.
template <typename T, int step, int... I> INLINE Vec<T> folded(Vec<T> a, Vec<T> b, Lanes<I...>) {
  constexpr int width = sizeof...(I);
  return lanes_of<(I & step ? width + I : I)...>(a, b) + lanes_of<(I & step ? width + (I ^ step) : I ^ step)...>(a, b);
}
// The sums of the lanes of as many vectors as a vector has lanes, as the lanes of one.
template <typename T, int step = kLanes<T> / 2> INLINE Vec<T> sums_of_lanes(const Vec<T>* v) {
  Vec<T> a[step];
  UNROLL for (int i = 0; i < step; i++) a[i] = folded<T, step>(v[i], v[i + step], typename LanesUpTo<kLanes<T>>::All{});
  if constexpr (step > 1) return sums_of_lanes<T, step / 2>(a);
  else return a[0];
}
// The numbers of a, then of b: every other one from the first, and the others.
template <typename T, int... I>
INLINE void every_other(Vec<T> a, Vec<T> b, Vec<T>* even, Vec<T>* odd, Lanes<I...>) {
  *even = lanes_of<(2 * I)...>(a, b);
  *odd = lanes_of<(2 * I + 1)...>(a, b);
}
template <typename T> INLINE void every_other(Vec<T> a, Vec<T> b, Vec<T>* even, Vec<T>* odd) {
  every_other<T>(a, b, even, odd, typename LanesUpTo<kLanes<T>>::All{});
}
// As many vectors as a vector has lanes, turned: lane i of vector j goes to lane j of vector i.
template <typename T, int... I> INLINE void interleave(Vec<T> a, Vec<T> b, Vec<T>* low, Vec<T>* high, Lanes<I...>) {
  constexpr int width = sizeof...(I);
  *low = lanes_of<(I % 2 ? width : 0) + I / 2 ...>(a, b);
  *high = lanes_of<(I % 2 ? width : 0) + (I + width) / 2 ...>(a, b);
}
template <typename T, int rounds = kLanes<T>> INLINE void turn(Vec<T>* v) {
  constexpr int half = kLanes<T> / 2;
  Vec<T> w[2 * half];
  UNROLL for (int i = 0; i < half; i++) {
    interleave<T>(v[i], v[i + half], w + 2 * i, w + 2 * i + 1, typename LanesUpTo<kLanes<T>>::All{});
  }
  UNROLL for (int i = 0; i < 2 * half; i++) v[i] = w[i];
  if constexpr (rounds > 2) turn<T, rounds / 2>(v);
}
// Lane i goes where i ^ step is.
template <int step, typename V> INLINE V exchanged(V v) {
  constexpr int width = sizeof(V) / sizeof(v[0]), s = step;
  if constexpr (width == 2) return lanes_of<0 ^ s, 1 ^ s>(v, v);
  else if constexpr (width == 4) return lanes_of<0 ^ s, 1 ^ s, 2 ^ s, 3 ^ s>(v, v);
  else if constexpr (width == 8) return lanes_of<0 ^ s, 1 ^ s, 2 ^ s, 3 ^ s, 4 ^ s, 5 ^ s, 6 ^ s, 7 ^ s>(v, v);
  else return lanes_of<0 ^ s, 1 ^ s, 2 ^ s, 3 ^ s, 4 ^ s, 5 ^ s, 6 ^ s, 7 ^ s, 8 ^ s, 9 ^ s, 10 ^ s, 11 ^ s, 12 ^ s,
                       13 ^ s, 14 ^ s, 15 ^ s>(v, v);
}
template <typename T, int step = kLanes<T> / 2> INLINE T sum_of(Vec<T> v) {
  v += exchanged<step>(v);
  if constexpr (step > 1) return sum_of<T, step / 2>(v);
  else return v[0];
}
template <typename T, int step = kLanes<T> / 2> INLINE T max_of(Vec<T> v) {
  const Vec<T> other = exchanged<step>(v);
  v = other > v ? other : v;
  if constexpr (step > 1) return max_of<T, step / 2>(v);
  else return v[0];
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
