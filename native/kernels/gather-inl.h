// F0: rows of the data, as they lie or in the order of an epoch, into panels.
#pragma once

#include "../core/plan.h"
#include "vector-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

// Numbers of the data as a vector, bytes times a scale.
template <typename T> INLINE Vec<T> load_as(const T* p, T) { return load(p); }
template <typename T> INLINE Vec<T> load_as(const std::uint8_t* p, T scale) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {  // GCC 12 converts bytes one by one where it is not told how
    return (vec_f)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)p))) * scale;
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    return (vec_f)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p))) * scale;
  }
#endif
  Vec<T> v;
  UNROLL for (int i = 0; i < kLanes<T>; i++) v[i] = T(p[i]);
  return v * scale;
}
template <typename T> INLINE Vec<T> load_first_as(const T* p, int count, T) { return load_first(p, count); }
template <typename T> INLINE Vec<T> load_first_as(const std::uint8_t* p, int count, T scale) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    const __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)first_lanes(count), p);
    return (vec_f)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)) * scale;
  }
#endif
  if (count >= kLanes<T>) return load_as<T>(p, scale);
  Vec<T> v{};
  for (int i = 0; i < count; i++) v[i] = T(p[i]);
  return v * scale;
}

template <typename T, typename X> INLINE const X* row_of(const Step<T>& step, const X* x, int r) {
  return x + (step.order ? step.order[r] : r) * step.x_stride;
}

// F0: rows of the data into panels.
template <typename T, typename X>
INLINE void gather(const Plan<T>& plan, const Step<T>& step, const X* x, int first, int last, int at, T scale) {
  constexpr int lanes = kLanes<T>, together = 8;  // rows, so that a panel's page is visited once for all of them
  const int n = plan.inputs, full = n / kPanel * kPanel;
  for (int from = first; from < last; from += together) {
    const int count = last - from < together ? last - from : together;
    const X* row[together];
    for (int i = 0; i < count; i++) row[i] = row_of(step, x, from + i);
    T* to = plan.A0.panel(0, from - at);
    int k = 0;
    for (; k < full; k += kPanel, to += plan.A0.stride()) {
      for (int i = 0; i < count; i++) {
        UNROLL for (int v = 0; v < kPanel; v += lanes) store(to + i * kPanel + v, load_as<T>(row[i] + k + v, scale));
      }
    }
    for (int i = 0; i < count && k < n; i++) {
      for (int v = 0; v < kPanel; v += lanes) {
        store(to + i * kPanel + v, load_first_as<T>(row[i] + k + v, n - k - v, scale));
      }
    }
  }
}

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
