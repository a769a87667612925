// The engine against naive loops, without Python: on each instruction set of this processor.
//
// A network of two tanh layers and a linear output with squared error, row weights and L2: ∇J by
// the engine (in two phases, by tiles and narrow, one thread and two), by loops as the equations stand,
// and J after a few steps of gradient descent by both.

#include <cmath>
#include <cstdio>
#include <vector>

#include "../core/epoch.h"
#include "../core/isas.h"

using namespace chainrule;

static std::vector<int> sizes;
static const double kL2 = 0.03;

static double draw(unsigned* state) {
  *state = *state * 1664525u + 1013904223u;
  return double(*state >> 8) / double(1 << 23) - 1;
}

// F1, F2, J1, B1-B3 row by row in double; returns J.
static double naive(const std::vector<double>& theta, const std::vector<double>& x, const std::vector<double>& y,
                    const std::vector<double>& w, int rows, std::vector<double>* gradient) {
  const int L = int(sizes.size()) - 1;
  std::vector<int> at_w, at_b;
  int end = 0;
  for (int l = 0; l < L; l++) { at_w.push_back(end); end += sizes[l] * sizes[l + 1]; }
  for (int l = 0; l < L; l++) { at_b.push_back(end); end += sizes[l + 1]; }
  gradient->assign(end, 0.0);
  double total = 0, J = 0;
  for (int r = 0; r < rows; r++) total += w[r];
  for (int r = 0; r < rows; r++) {
    std::vector<std::vector<double>> a(L + 1), delta(L + 1);
    a[0].assign(x.begin() + r * sizes[0], x.begin() + (r + 1) * sizes[0]);
    for (int l = 0; l < L; l++) {
      for (int j = 0; j < sizes[l + 1]; j++) {
        double z = theta[at_b[l] + j];
        for (int k = 0; k < sizes[l]; k++) z += a[l][k] * theta[at_w[l] + j * sizes[l] + k];
        a[l + 1].push_back(l + 1 < L ? std::tanh(z) : z);
      }
    }
    for (int j = 0; j < sizes[L]; j++) {
      const double off = a[L][j] - y[r * sizes[L] + j];
      J += w[r] / total * 0.5 * off * off;
      delta[L].push_back(off);
    }
    for (int l = L - 1; l >= 0; l--) {
      for (int j = 0; j < sizes[l + 1]; j++) {
        (*gradient)[at_b[l] + j] += w[r] / total * delta[l + 1][j];
        for (int k = 0; k < sizes[l]; k++) (*gradient)[at_w[l] + j * sizes[l] + k] += w[r] / total * delta[l + 1][j] * a[l][k];
      }
      for (int k = 0; k < sizes[l]; k++) {
        double back = 0;
        for (int j = 0; j < sizes[l + 1]; j++) back += delta[l + 1][j] * theta[at_w[l] + j * sizes[l] + k];
        delta[l].push_back(back * (1 - a[l][k] * a[l][k]));
      }
    }
  }
  for (int i = 0; i < at_b[0]; i++) {
    J += 0.5 * kL2 * theta[i] * theta[i];
    (*gradient)[i] += kL2 * theta[i];
  }
  return J;
}

// What passes() keeps of each row: that it is the same step, Δ[L] = A[L] - Y to the bit, and without a penalty
// J = Σ w ℓ / Σw.
template <typename T>
static bool keeps(Engine<T>& engine, Step<T> step, double J, const std::vector<T>& gradient, double near) {
  const int L = int(sizes.size()) - 1, outputs = sizes.back();
  std::vector<std::vector<T>> arrays;
  Kept<T> kept{};
  for (T** to : {kept.Z, kept.A, kept.slope, kept.delta, kept.dA}) {
    for (int l = 0; l < L; l++) to[l] = arrays.emplace_back(std::size_t(step.rows) * sizes[l + 1]).data();
  }
  std::vector<T> row_loss(step.rows), again(gradient.size());
  kept.row_loss = row_loss.data();
  bool good = engine.passes(step, false, again.data(), kept) == J && again == gradient;
  step.l2 = 0;
  const double expected = engine.passes(step, false, again.data(), kept);
  double total = 0, sum = 0;
  for (int r = 0; r < step.rows; r++) {
    total += double(step.w[r]);
    sum += double(step.w[r]) * double(row_loss[r]);
  }
  for (int i = 0; i < step.rows * outputs; i++) good &= kept.delta[L - 1][i] == kept.A[L - 1][i] - step.y[i];
  return good && std::abs(sum / total - expected) <= near * expected;
}

template <typename T>
static bool agrees(const Kernels<T>& kernels, const char* name, int rows, int threads, double near) {
  unsigned state = 7;
  std::vector<double> x, y, w, theta, expected;
  std::size_t count = 0;
  for (std::size_t l = 1; l < sizes.size(); l++) count += std::size_t(sizes[l - 1] + 1) * sizes[l];
  for (int i = 0; i < rows * sizes.front(); i++) x.push_back(double(float(draw(&state))));
  for (int i = 0; i < rows * sizes.back(); i++) y.push_back(double(float(draw(&state))));
  for (int i = 0; i < rows; i++) w.push_back(double(float(1.5 + draw(&state))));
  for (std::size_t i = 0; i < count; i++) theta.push_back(double(float(0.3 * draw(&state))));
  std::vector<T> x_(x.begin(), x.end()), y_(y.begin(), y.end()), w_(w.begin(), w.end()), t_(theta.begin(), theta.end());

  Description d{};
  d.sizes = sizes;
  d.phis = {int(Phi::tanh), int(Phi::tanh), int(Phi::identity)};
  d.parameters = {0, 0, 0};
  d.ell = int(Ell::squared_error);
  d.loss_parameter = 0.5;
  d.rule = int(Rule::sgd);
  d.l2 = kL2;
  d.batch_rows = rows;
  d.threads = threads;
  Engine<T> engine(d, kernels);
  Step<T> step{};
  step.x = x_.data();
  step.x_stride = sizes.front();
  step.y = y_.data();
  step.w = w_.data();
  step.rows = rows;
  step.l2 = kL2;

  engine.load(t_.data(), {});
  std::vector<T> gradient(count);
  const double J = engine.loss_and_gradient(step, false, gradient.data());
  const double expected_J = naive(theta, x, y, w, rows, &expected);
  double off = std::abs(J - expected_J) / expected_J, largest = 0;
  for (double g : expected) largest = std::max(largest, std::abs(g));
  for (std::size_t i = 0; i < count; i++) off = std::max(off, std::abs(double(gradient[i]) - expected[i]) / largest);

  const bool kept = keeps(engine, step, J, gradient, near);

  const double rate = 0.1;
  const int steps = 5;
  engine.load(t_.data(), {});
  for (int t = 0; t < steps; t++) {
    engine.run({step, false, rows, rows, 0, 1, &rate, t, 0, -1, 0, 0}, nullptr);
    naive(theta, x, y, w, rows, &expected);
    for (std::size_t i = 0; i < count; i++) theta[i] -= rate * expected[i];
  }
  engine.unload(t_.data(), {});
  double moved_off = 0;
  for (std::size_t i = 0; i < count; i++) moved_off = std::max(moved_off, std::abs(double(t_[i]) - theta[i]));
  const bool good = off <= near && moved_off <= near && kept;
  std::printf("%s %4d rows, %d thread(s), %s: gradient off by %.1e, θ after %d steps by %.1e: %s\n", name, rows, threads,
              engine.strategy().name(), off, steps, moved_off, good ? "agrees" : "DIFFERS");
  return good;
}

int main() {
  bool good = true;
  for (const Isa& isa : isas()) {
    if (!isa.here) continue;
    std::printf("kernels for %s\n", isa.name);
    for (const std::vector<int>& next : {std::vector<int>{19, 33, 17, 5}, {5, 12, 7, 3}}) {
      sizes = next;
      for (int rows : {1, 17, 100, 1500}) {
        for (int threads : {1, 2}) {
          good &= agrees<float>(*isa.f32, "float32", rows, threads, 3e-6);
          good &= agrees<double>(*isa.f64, "float64", rows, threads, 1e-13);
        }
      }
    }
  }
  std::puts(good ? "all agree" : "SOME DIFFER");
  return good ? 0 : 1;
}
