// Arrays of Python as the engine takes them, and what is required of them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../core/network.h"
#include "../core/plan.h"

namespace chainrule {

namespace nb = nanobind;

template <typename T> using Vector = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <typename T> using Const = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <typename T> using Rows = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <typename T> using Out = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <typename T> using Masks = std::optional<std::vector<std::optional<Rows<T>>>>;
using AnyRows = nb::ndarray<nb::ndim<2>, nb::c_contig, nb::device::cpu, nb::ro>;

inline void require(bool good, const char* what) {
  if (!good) throw std::invalid_argument(std::string("native engine: arrays that do not fit: ") + what);
}

inline void require_length(const Description& d, std::size_t length) {
  require(length == std::size_t(d.length()), "theta");
}

// x alone.
template <typename T> Step<T> step_of(const Description& d, const AnyRows& x) {
  require(int(x.shape(1)) == d.sizes.front(), "columns");
  require(x.dtype() == (d.uint8 ? nb::dtype<std::uint8_t>() : nb::dtype<T>()), "x's dtype");
  Step<T> step{};
  step.x = x.data();
  step.x_stride = x.shape(1);
  return step;
}

// x, y and row weights.
template <typename T>
Step<T> step_of(const Description& d, const AnyRows& x, const Rows<T>& y, const std::optional<Const<T>>& w) {
  Step<T> step = step_of<T>(d, x);
  require(int(y.shape(1)) == d.sizes.back(), "columns");
  require(x.shape(0) == y.shape(0) && (!w || w->size() == x.shape(0)), "rows");
  step.y = y.data();
  step.w = w ? w->data() : nullptr;
  return step;
}

}  // namespace chainrule
