// The kernels of one instruction set: compiled once for each, CHAINRULE_ISA names the namespace.
//
// No standard-library templates in any of these files: the linker might keep the copy compiled for a wider
// instruction set for everyone. Equation numbers are those of docs/equations.md:
//
//           in panels                                   narrow
//   F0      gather-inl.h, dropout-inl.h                 narrow-inl.h: narrow_gather, narrow_mask
//   F1      product-inl.h from rows-inl.h: forward,     narrow-inl.h: narrow_forward
//           first_layer-inl.h in place
//   F2      activations-inl.h, softmax in losses-inl.h  the same
//   J1, B1  losses-inl.h: group_loss                    losses-inl.h: narrow_loss
//   B2      rows-inl.h: back                            narrow-inl.h: narrow_back
//   B3      gradient-inl.h, first_layer-inl.h in place  narrow-inl.h: narrow_weight_gradient, narrow_bias_gradient
//   J2, U1  update-inl.h; J2 itself in core/strategy.cpp and core/narrow.cpp
//
// B4, the gradient of the input, no step needs: engines/native.py has it of Δ[1].

#include "gradient-inl.h"
#include "narrow-inl.h"
#include "rows-inl.h"
#include "update-inl.h"

namespace chainrule {
namespace CHAINRULE_ISA {

#define STRING_(x) #x
#define STRING(x) STRING_(x)

template <typename T>
constexpr Kernels<T> kKernels = {
    .isa = STRING(CHAINRULE_ISA),
    .rows = rows<T>,
    .predict = predict<T>,
    .weight_gradient = weight_gradient<T>,
    .weight_gradient_in_place = gradient_in_place,
    .widest_in_place = sizeof(T) == sizeof(float) ? kWidestInPlace : 0,
    .bias_gradient = bias_gradient<T>,
    .update = update<T>,
    .finish_gradient = finish_gradient<T>,
    .limit_norms = limit_norms<T>,
    .transpose = transpose<T>,
    .narrow_rows = narrow_rows<T>,
    .activation = activation<T>,
};

extern const Kernels<float> kernels_f32;
extern const Kernels<double> kernels_f64;
const Kernels<float> kernels_f32 = kKernels<float>;
const Kernels<double> kernels_f64 = kKernels<double>;

}  // namespace CHAINRULE_ISA
}  // namespace chainrule
