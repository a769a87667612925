// What the kernels work on: plain data, prepared once, no allocation afterwards.
//
// Layout. A matrix of R rows and C columns lies in panels of 16 columns, [panel][row][16], padded
// with zeros. W[l] (m outputs, n inputs) lies in panels of outputs, [panel][input][16], so that F1
// and B3 read and write it along vectors; B2 reads a second copy in panels of inputs,
// [panel][output][16], kept for layers 2 and up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule {

constexpr int kPanel = 16;
constexpr int kRowTile = 8;
constexpr int kMaxLayers = 64;
constexpr int kMaxSlots = 2;

enum class Phi : int { identity, sigmoid, tanh, relu, leaky_relu, elu, gelu, silu, softplus, softmax };
enum class Ell : int { squared_error, cross_entropy, binary_cross_entropy };
enum class Rule : int { sgd, nesterov, rmsprop, adam };
enum class Input : int { same, uint8 };

inline int round_up(int n, int to) { return (n + to - 1) / to * to; }
inline int panels(int n) { return (n + kPanel - 1) / kPanel; }

template <typename T>
struct Layer {
  int n, m;        // inputs, outputs
  int n_rows;      // rows of a panel of W: n rounded up to a panel
  Phi phi;
  T parameter;     // slope or alpha
  double drop;     // probability that an output of this layer is dropped
  T* W;            // [panels(m)][n_rows][16]
  T* b;            // [panels(m) * 16]
  T* W_back;       // [panels(n)][m][16]; null for layer 1, unless it reads in place
  T* slot_W[kMaxSlots];
  T* slot_b[kMaxSlots];
  T* grad_W;       // two-phase: only for clipping by norm; tiles: the sum
  T* grad_b;
  T* A;            // [panels(m)][rows][16]
  T* D;            // φ′ ⊙ M, as A
  T* delta;        // as A
};

// What one step needs to know beside the plan.
template <typename T>
struct Step {
  const void* x;           // first row of the data
  std::ptrdiff_t x_stride; // in elements
  const T* y;              // (rows of the data, n_L), contiguous
  const T* w;              // row weights or null
  const std::int64_t* order; // numbers of the batch's rows, or null for rows 0, 1, …
  int rows;
  T inverse_weight;        // 1 / Σw of the batch
  double rate;             // learning rate of this step
  double decay;            // what weights are multiplied by first
  double correction1, correction2;  // 1 - β₁ᵗ, 1 - β₂ᵗ
  double l1, l2;           // penalty
  double clip_value;       // 0: none
  bool drops;              // whether dropout is drawn, by the key (seed, epoch, number)
  std::uint64_t seed, epoch, number;
  const T* const* masks;   // or given: M[0] … M[L-1], each (rows, width) or null
  T* out;                  // prediction: (rows, n_L), contiguous
};

template <typename T>
struct Plan {
  int layers;              // L
  int n_0;
  int capacity;            // rows that the activations hold
  Input input;
  T scale;                 // uint8 input is multiplied by this
  Ell ell;
  T factor;
  Rule rule;
  double momentum, beta1, beta2, epsilon;
  bool train;              // whether D is wanted
  bool in_place;           // layer 1 reads the data where it lies: few outputs, float32, AVX-512
  bool output_keeps_z;     // σ with a logarithmic loss: the loss needs Z[L]
  double drop_input;
  T* A0;                   // [panels(n_0)][capacity][16]
  Layer<T> layer[kMaxLayers];
  double* loss;            // of groups of kRowTile rows, weighted: [capacity / kRowTile, rounded up]
};

// The functions of one instruction set and one precision.
template <typename T>
struct Kernels {
  const char* isa;
  // F0-F2, J1 and B1-B2 for rows [first, last) of a batch; writes A, D, delta at
  // [first - at, last - at), and the loss of each group of kRowTile rows from there.
  void (*rows)(const Plan<T>&, const Step<T>&, int first, int last, int at);
  // F0-F2 alone, A[L] to step.out
  void (*predict)(const Plan<T>&, const Step<T>&, int first, int last, int at);
  // B3 for inputs [k0, k1) and output panels [p0, p1) over `rows` rows: adds to or sets G,
  // [p - p0][k - k0][16]
  void (*weight_gradient)(const Plan<T>&, int l, int rows, int k0, int k1, int p0, int p1, T* G,
                          std::ptrdiff_t G_panel, bool add);
  // B3 of layer 1 from the data in place: G is [panels(n)][m][16]
  void (*weight_gradient_in_place)(const Plan<T>&, const Step<T>&, int first, int last, int at, T* G, bool add);
  int widest_in_place;  // outputs of layer 1 that this can do; 0 for none
  void (*bias_gradient)(const Plan<T>&, int l, int rows, T* g, bool add);
  // U1 for a span of entries: w, its slots, its gradient
  void (*update)(const Plan<T>&, const Step<T>&, T* w, T* slot0, T* slot1, const T* g, std::ptrdiff_t count,
                 bool weights);
  // ∂R/∂W added to g, then clipped by value: returns Σ g²
  double (*finish_gradient)(const Step<T>&, const T* w, T* g, std::ptrdiff_t count, bool weights);
  void (*transpose)(const Layer<T>&, int k0, int k1, int p0, int p1);
  // elementwise φ and φ′ for tests
  void (*activation)(Phi, T parameter, const T* z, T* a, T* d, std::ptrdiff_t count);
};

}  // namespace chainrule
