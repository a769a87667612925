// The door to JavaScript: the engine in a page, compiled to WebAssembly by tools/build_page_engine. Numbers lie in the
// page's memory; src/chainrule/show/explorer/engine.mjs allocates it and calls what is exported here.
//
// There is no operating system beneath: what the standard library would ask it for (a clock, a place to print to) is
// answered at the end of this file, so that the module imports nothing.

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <new>

#include "../core/epoch.h"
#include "../core/normal.h"
#include "../core/pcg64.h"
#include "../core/permutation.h"
#include "../core/prediction.h"
#include "../core/two_phase.h"
#include "../kernels/kernels.cpp"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace chainrule {

namespace CHAINRULE_ISA {
// What one strategy needs for a gradient in float64: a page shows its numbers, and trains in float32.
constexpr Kernels<double> kShown = [] {
  Kernels<double> some{};
  some.rows = rows<double>;
  some.weight_gradient = weight_gradient<double>;
  some.bias_gradient = bias_gradient<double>;
  some.finish_gradient = finish_gradient<double>;
  some.transpose = transpose<double>;
  return some;
}();
}  // namespace CHAINRULE_ISA
namespace kernels = CHAINRULE_ISA;

// What the engine has: of functions.def the names in their order, a line each; of Python's tables the parameters.
static const char kFunctions[] =
#define PHI(name) "phi " #name "\n"
#define PHI_OF_ROW(name) "phi " #name "\n"
#define ELL(name) "ell " #name "\n"
#define ELL_OF_LOGARITHMS(name) "ell " #name "\n"
#define RULE(name) "rule " #name " " #name "\n"
#define RULE_OF(optimizer, name) "rule " #optimizer " " #name "\n"
#include "../functions.def"
    ;
static const char kTables[] =
#include CHAINRULE_TABLES  // JSON as one string; this and the next are written by tools/build_page_engine
    ;
static const Ziggurat kZiggurat = {
#include CHAINRULE_ZIGGURAT
};

// A description as engine.mjs writes it: numbers one after the other, a list by its length first.
class Numbers {
 public:
  explicit Numbers(const double* at) : at_(at) {}
  operator double() { return *at_++; }
  template <typename U> std::vector<U> list() {
    std::vector<U> all(std::size_t(*at_++));
    for (U& one : all) one = U(*at_++);
    return all;
  }

 private:
  const double* at_;
};

static Description described(const double* numbers) {
  Numbers next(numbers);
  Description d;
  d.sizes = next.list<int>();
  d.phis = next.list<int>();
  d.parameters = next.list<double>();
  d.levels = next.list<double>();
  d.frozen = next.list<int>();
  d.dropout = next.list<double>();
  d.ell = int(double(next)), d.loss_parameter = next;
  d.rule = int(double(next)), d.has_slots = double(next) != 0;
  d.momentum = next, d.beta1 = next, d.beta2 = next, d.epsilon = next, d.weight_decay = next;
  d.l1 = next, d.l2 = next, d.alpha = next;
  d.clip_value = next, d.clip_norm = next, d.max_norm = next;
  d.batch_rows = int(double(next));
  d.keep_subnormals = true;
  return d;
}

// Rows of the data, in one precision.
template <typename T> Step<T> step_of(const Description& d, const T* x, const T* y, const T* w, int rows) {
  Step<T> step{};
  step.x = x, step.y = y, step.w = w, step.rows = rows;
  step.x_stride = d.sizes.front();
  return step;
}

template <typename T> double batch_weight(const Step<T>& step) {  // Σw
  double sum = 0;
  for (int r = 0; r < step.rows; r++) sum += step.w ? double(step.w[r]) : 1;
  return sum;
}

template <typename T> void set_penalty(const Description& d, Step<T>& step) {
  step.l1 = d.l1;
  step.l2 = d.alpha > 0 ? d.l2 + d.alpha / batch_weight(step) : d.l2;
}

// ∂ℓ/∂a of one output.
static double slope_of_loss(const Description& d, int output, double y, double a) {
  using V = kernels::vec_d;
  const double level = d.levels.empty() ? 0 : d.levels[output];
  [[maybe_unused]] V u, v, slope{};
  switch (Ell(d.ell)) {
#define ELL(name)                                                                                                  \
  case Ell::name:                                                                                                  \
    kernels::ell_##name<double>(d.loss_parameter, kernels::splat(level), kernels::splat(y), kernels::splat(a), &u, \
                                &v, &slope);                                                                       \
    return slope[0];
#include "../functions.def"
    case Ell::cross_entropy: return y == 0 ? 0 : -y / a;
    case Ell::binary_cross_entropy: return (y == 0 ? 0 : -y / a) + (y == 1 ? 0 : (1 - y) / (1 - a));
    case Ell::poisson: return 1 - (y == 0 ? 0 : y / a);
  }
  return 0;
}

// φ′ of `count` numbers.
static void slopes(Phi phi, double parameter, const double* z, double* slope, int count) {
  for (int i = 0; i < count; i += kPanel) {
    double from[kPanel] = {}, a[kPanel], to[kPanel];
    const int some = std::min(kPanel, count - i);
    std::copy_n(z + i, some, from);
    kernels::activation<double>(phi, parameter, from, a, to, kPanel);
    std::copy_n(to, some, slope + i);
  }
}

// A network with the engine that steps it, which depends on the rows of a batch.
struct Page {
  Description d;
  std::unique_ptr<Engine<float>> engine;

  Engine<float>& of_batches(int rows) {
    if (!engine || d.batch_rows != rows) {
      engine.reset();
      d.batch_rows = rows;
      engine = std::make_unique<Engine<float>>(d, kernels::kernels_f32);
    }
    return *engine;
  }
};

// Numbers of one stream of draws, as numpy.random.Generator makes them.
struct Draws {
  bool keyed;
  PhiloxStream philox;
  Pcg64 pcg;

  std::uint64_t next64() { return keyed ? philox.next64() : pcg.next64(); }
};

EXPORT(functions) const char* functions() { return kFunctions; }
EXPORT(tables) const char* tables() { return kTables; }
EXPORT(allocate) void* allocate(std::size_t bytes) { return ::operator new(bytes, std::align_val_t{64}); }
EXPORT(release) void release(void* at) { ::operator delete(at, std::align_val_t{64}); }

EXPORT(new_network) Page* new_network(const double* numbers) { return new Page{described(numbers), nullptr}; }
EXPORT(delete_network) void delete_network(Page* page) { delete page; }
EXPORT(strategy) int strategy(Page* page, int batch_rows) {  // 0: narrow, 1: tiles, 2: two phases
  Description d = page->d;
  d.batch_rows = batch_rows;
  return strategy_name(d)[0] == 'n' ? 0 : strategy_name(d)[1] == 'i' ? 1 : 2;
}

// Batches [first, last) of an epoch. θ and slots move; outcome: batches, steps, Σ wJ, Σw, whether all was finite.
EXPORT(run) void run(Page* page, const float* x, const float* y, const float* w, int rows, const std::int64_t* order,
                     int draws_order, int batch_rows, int first, int last, const double* rates, float* theta,
                     float* slot0, float* slot1, double steps_before, double loss_sum, double weight_sum,
                     std::uint64_t seed, std::uint64_t epoch, double* outcome) {
  Engine<float>& engine = page->of_batches(batch_rows);
  std::vector<float*> slots;
  for (float* slot : {slot0, slot1}) {
    if (slot) slots.push_back(slot);
  }
  Step<float> step = step_of(page->d, x, y, w, rows);
  step.order = order, step.seed = seed, step.epoch = epoch;
  engine.load(theta, slots);
  const Outcome done = engine.run({.data = step, .draws_order = draws_order != 0, .rows = rows, .batch_rows = batch_rows,
                                   .first = first, .last = last, .rates = rates,
                                   .steps_before = std::int64_t(steps_before), .step_limit = 0, .seconds = -1,
                                   .loss_sum = loss_sum, .weight_sum = weight_sum},
                                  nullptr);
  engine.unload(theta, slots);
  bool finite = done.finite;
  for (std::int64_t i = 0; i < page->d.length(); i++) finite &= std::isfinite(theta[i]);
  outcome[0] = done.batches, outcome[1] = double(done.steps), outcome[2] = done.loss_sum;
  outcome[3] = done.weight_sum, outcome[4] = finite;
}

EXPORT(predict) void predict(Page* page, const float* x, int rows, const float* theta, float* out) {
  Prediction<float> prediction(page->d, kernels::kernels_f32);
  Step<float> step = step_of<float>(page->d, x, nullptr, nullptr, rows);
  step.out = out;
  prediction.load(theta);
  prediction.predict(step);
}

// J of rows as one batch, in float32, and its gradient as θ lies.
EXPORT(loss) double loss(Page* page, const float* x, const float* y, const float* w, int rows, const float* theta,
                         float* gradient) {
  Description d = page->d;
  d.batch_rows = rows;
  Engine<float> engine(d, kernels::kernels_f32);
  Step<float> step = step_of(d, x, y, w, rows);
  set_penalty(d, step);
  engine.load(theta, {});
  return engine.loss_and_gradient(step, false, gradient);
}

// The same in float64 with all that lies between. `to` has J, its penalty, ∇J, ℓ of each row, then of each layer,
// (rows, width) each: Z, A, φ′(Z), ∂ℓ/∂A, Δ. A softmax has no φ′: there its A stands.
// masks: M[0] … M[L-1] of dropout, each or all of them null for none.
EXPORT(trace) void trace(Page* page, const double* x, const double* y, const double* w, int rows, const double* theta,
                         const double* const* masks, double* to) {
  Description d = page->d;
  d.batch_rows = rows;
  Team team(1, false);
  Interrupt interrupt;
  TwoPhase<double> strategy(d, kernels::kShown, team, interrupt);
  Step<double> step = step_of(d, x, y, w, rows);
  set_penalty(d, step);
  step.inverse_weight = 1 / batch_weight(step);
  step.masks = masks;
  double *J = to, *penalty = to + 1, *gradient = to + 2, unweighted;
  Kept<double> kept{};
  kept.row_loss = gradient + d.length();
  to = kept.row_loss + rows;
  const int layers = d.layers();
  for (int l = 0; l < layers; l++) {
    const std::ptrdiff_t count = std::ptrdiff_t(rows) * d.sizes[l + 1];
    kept.Z[l] = to, kept.A[l] = to + count, kept.slope[l] = to + 2 * count, kept.dA[l] = to + 3 * count;
    kept.delta[l] = to + 4 * count;
    to += 5 * count;
  }
  strategy.load(theta, {});
  *penalty = strategy.penalty(step);
  strategy.forward_and_back(step, J);
  *J += *penalty;
  strategy.finish_gradient(step);
  strategy.unload_gradient(gradient);
  step.w = nullptr, step.inverse_weight = 1, step.kept = &kept;
  strategy.forward_and_back(step, &unweighted);
  const int outputs = d.sizes.back(), top = layers - 1;
  for (int i = 0; i < rows * outputs; i++) {
    kept.dA[top][i] = slope_of_loss(d, i % outputs, y[i], kept.A[top][i]);
  }
  for (int l = 0; l < layers; l++) {
    const int count = rows * d.sizes[l + 1];
    if (Phi(d.phis[l]) == Phi::softmax) std::copy_n(kept.A[l], count, kept.slope[l]);
    else slopes(Phi(d.phis[l]), d.parameters[l], kept.Z[l], kept.slope[l], count);
  }
}

EXPORT(order) void order(std::int64_t* to, int rows, std::uint64_t seed, std::uint64_t epoch) {
  draw_order(to, rows, seed, epoch);
}

// By a key (seed, purpose, epoch, step), or as numpy.random.default_rng(seed).
EXPORT(new_draws) Draws* new_draws(int keyed, std::uint64_t seed, std::uint64_t purpose, std::uint64_t epoch,
                                   std::uint64_t step) {
  return new Draws{keyed != 0, PhiloxStream(seed, purpose, epoch, step), Pcg64(seed)};
}
EXPORT(delete_draws) void delete_draws(Draws* draws) { delete draws; }
EXPORT(draw_uniform) void draw_uniform(Draws* draws, double* to, int count) {
  for (int i = 0; i < count; i++) to[i] = uniform_of(*draws);
}
EXPORT(draw_normal) void draw_normal(Draws* draws, double* to, int count) {
  for (int i = 0; i < count; i++) to[i] = normal_of(kZiggurat, *draws);
}
EXPORT(draw_permutation) void draw_permutation(Draws* draws, std::int64_t* to, int count) {
  Generator(*draws).permute(to, count);
}

}  // namespace chainrule

// Instead of an operating system. A failure ends the module: JavaScript sees a RuntimeError.
extern "C" int clock_gettime(clockid_t, timespec* now) {
  *now = {};
  return 0;
}
extern "C" [[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const std::size_t to = std::size_t(alignment);
  void* at = std::aligned_alloc(to, (bytes + to - 1) / to * to);
  if (!at) __builtin_trap();
  return at;
}
void* operator new(std::size_t bytes) { return ::operator new(bytes, std::align_val_t{16}); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete(void* at, std::align_val_t) noexcept { std::free(at); }
namespace std {
inline namespace __1 {
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
[[noreturn]] void __throw_system_error(int, const char*) { __builtin_trap(); }
}  // namespace __1
}  // namespace std
