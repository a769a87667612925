// What the kernels work on, and the kernels: plain data, prepared once, no allocation afterwards.
//
// Δ is here s Δ of the equations, with the row's share s = w / Σw (J1) in it from B1 on, so that B3 is a plain product;
// where numbers are kept for someone to see (Kept), s = 1.
//
// W[l] lies as (inputs, outputs), so that F1 and B3 read and write it along vectors; B2 reads a second copy as
// (outputs, inputs), kept for layers 2 and up, and for a layer 1 that reads the data in place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "functions.h"
#include "panels.h"

namespace chainrule {

constexpr int kRowTile = 8;
constexpr int kMaxLayers = 64;
constexpr int kMaxSlots = 2;

enum class Input : int { same, uint8 };

template <typename T>
struct Layer {
  int inputs, outputs;
  Phi phi;
  T parameter;                  // slope or alpha
  double drop;                  // probability that an output of this layer is dropped
  Panels<T> W;                  // (inputs rounded up, outputs)
  T* b;                         // outputs, rounded up
  Panels<T> W_back;             // (outputs, inputs), or nothing
  Panels<T> slot_W[kMaxSlots];  // the optimizer's state, as W and b
  T* slot_b[kMaxSlots];
  Panels<T> grad_W;  // the whole gradient, where it is wanted before anything moves; as W and b
  T* grad_b;
  Panels<T> A;      // (rows, outputs)
  Panels<T> S;      // slopes: φ′(Z) ⊙ M, as A; nothing where none are wanted
  Panels<T> delta;  // Δ, as A
};

// Where `rows` leaves what it computed, beside doing it: row by row, (rows of the batch, width) or null, layer 1 first.
template <typename T>
struct Kept {
  T *Z[kMaxLayers], *A[kMaxLayers], *delta[kMaxLayers];
  T* slope[kMaxLayers];  // φ′(Z), without M
  T* dA[kMaxLayers];     // ∂ℓ/∂A of hidden layers
  T* row_loss;           // ℓ of each row
};

// What one step needs to know beside the plan.
template <typename T>
struct Step {
  const void* x;              // first row of the data
  std::ptrdiff_t x_stride;    // in elements
  const T* y;                 // (rows of the data, n_L), contiguous
  const T* w;                 // row weights or null
  const std::int64_t* order;  // numbers of the batch's rows, or null for rows 0, 1, …
  int rows;
  T inverse_weight;                 // 1 / Σw of the batch
  double rate;                      // learning rate of this step
  double decay;                     // what weights are multiplied by first
  double correction1, correction2;  // 1 - β₁ᵗ, 1 - β₂ᵗ
  double l1, l2;                    // penalty
  double clip_value;                // 0: none
  bool drops;                       // whether dropout is drawn, by the key (seed, epoch, number)
  std::uint64_t seed, epoch, number;
  const T* const* masks;  // or given: M[0] … M[L-1], each (rows, width) or null
  T* out;                 // prediction: (rows, n_L), contiguous
  const Kept<T>* kept;    // or null
};

template <typename T>
struct Plan {
  int layers;  // L
  int inputs;  // n_0
  Input input;
  T scale;  // uint8 input is multiplied by this
  Ell ell;
  T parameter;      // of the loss: its factor or threshold
  const T* levels;  // the quantile of each output, rounded up
  Rule rule;
  double momentum, beta1, beta2, epsilon;
  bool train;           // whether Δ is wanted
  bool in_place;        // layer 1 reads the data where it lies: few outputs, float32, AVX2 or wider
  bool output_keeps_z;  // the loss has log a, which it takes from Z[L]
  double drop_input;
  Panels<T> A0;  // (rows, n_0)
  Layer<T> layer[kMaxLayers];
  double* loss;  // of groups of kRowTile rows, weighted: [rows / kRowTile, rounded up]
};

template <typename T> struct NarrowPlan;

// The functions of one instruction set and one precision. Rows [first, last) are those of a batch; what belongs to
// row r lies in row r - at of A, S and delta.
template <typename T>
struct Kernels {
  const char* isa;
  // F0-F2, J1, B1-B2: A, S, delta, and the loss of each group of kRowTile rows; what is to be kept of each row.
  void (*rows)(const Plan<T>&, const Step<T>&, int first, int last, int at);
  // F0-F2 alone, A[L] to step.out
  void (*predict)(const Plan<T>&, const Step<T>&, int first, int last, int at);
  // B3 for inputs [k0, k1) and output panels [p0, p1) over `rows` rows: adds to or sets G, whose row 0 is k0 and
  // whose panel 0 is p0
  void (*weight_gradient)(const Plan<T>&, int l, int rows, int k0, int k1, int p0, int p1, Panels<T> G, bool add);
  // B3 of layer 1 from the data in place: G is (outputs, inputs)
  void (*weight_gradient_in_place)(const Plan<T>&, const Step<T>&, int first, int last, int at, Panels<T> G, bool add);
  int widest_in_place;  // outputs of layer 1 that this can do; 0 for none
  void (*bias_gradient)(const Plan<T>&, int l, int rows, T* g, bool add);
  // U1 for a span of entries: θ, its slots (null for none), its gradient
  void (*update)(const Plan<T>&, const Step<T>&, T* theta, T* slot0, T* slot1, const T* g, std::ptrdiff_t count,
                 bool weights);
  // ∂R/∂W added to g, then clipped by value: returns Σ g²
  double (*finish_gradient)(const Step<T>&, const T* theta, T* g, std::ptrdiff_t count, bool weights);
  // The columns of a panel of W scaled down to a norm of `most`
  void (*limit_norms)(T* panel, int rows, T most);
  // W's second copy, of inputs [k0, k1) and output panels [p0, p1)
  void (*transpose)(const Layer<T>&, int k0, int k1, int p0, int p1);
  // F0-F2, J1, B1-B3 of a tile of a narrow network: its share of J. The first tile starts the sums, the last ends them in `to`
  double (*narrow_rows)(const NarrowPlan<T>&, const Step<T>&, int first, int last, bool starts, bool ends, T* to);
  // elementwise φ and φ′ for tests
  void (*activation)(Phi, T parameter, const T* z, T* a, T* slope, std::ptrdiff_t count);
};

}  // namespace chainrule
