// A network prepared for training: memory, threads, and the order of the work.
//
// Two phases a step. Rows: each thread takes its own rows forward and back (F0-F2, B1, B2), with
// no barrier between layers. Weights: each thread takes blocks of W, computes their gradient over
// all rows (B3) and moves them (U1). A weight is computed by one thread in one order, so the bits
// do not depend on the number of threads.
//
// Large batches on small weights go by tiles instead: a tile of rows goes forward, back and into
// one of a fixed number of partial gradients while it is in cache; these are summed in order.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include "plan.h"
#include "pool.h"

namespace chainrule {

struct Description {
  std::vector<int> sizes;
  std::vector<int> phis;
  std::vector<double> parameters;
  int ell;
  double factor;
  int rule;
  double momentum, beta1, beta2, epsilon;
  bool has_slots;
  double weight_decay;
  double l1, l2, clip_value, clip_norm;
  std::vector<double> dropout;  // of the input and of each hidden layer
  bool uint8;
  double scale;
  int batch_rows;
  int threads;
  bool train;
};

struct Outcome {
  int batches = 0;         // passed, those of weight 0 included
  std::int64_t steps = 0;  // made
  double loss_sum = 0, weight_sum = 0;
  bool finite = true, interrupted = false;
};

template <typename T>
class Engine {
 public:
  Engine(const Description& d, const Kernels<T>& kernels) : d_(d), kernels_(kernels) {
    const int L = int(d.sizes.size()) - 1;
    std::int64_t parameters = 0;
    for (int l = 0; l < L; l++) parameters += std::int64_t(d.sizes[l] + 1) * d.sizes[l + 1];
    // by tiles where a gradient takes less room than the activations of all rows
    std::int64_t widths = 0;
    for (int width : d.sizes) widths += width;
    tiled_ = d.train && d.batch_rows >= 8 * kTileRows &&
             (parameters <= 65536 || d.batch_rows * widths >= 4 * parameters);
    if (tiled_) {
      const std::int64_t room = kPartialBytes / (parameters * int(sizeof(T)));
      chunks_ = int(std::clamp<std::int64_t>(room, 2, std::min(kChunks, (d.batch_rows + kTileRows - 1) / kTileRows)));
    }
    keep_ = d.clip_norm > 0 || (!tiled_ && 2.0 * d.batch_rows * double(parameters) > kLongPhase);
    const int views = d.train ? (tiled_ ? d.threads : 1) : d.threads;
    // odd, so that the panels of a row do not fall into one set of the first-level cache
    const int capacity = (!d.train || tiled_ ? std::min(kTileRows, d.batch_rows) : d.batch_rows) | 1;
    in_place_ = tiled_ && d.sizes[1] <= kernels.widest_in_place && (d.dropout.empty() || d.dropout[0] == 0);
    tile_rows_ = std::min(kTileRows, capacity);
    if (in_place_) {
      const int row_bytes = d.sizes[0] * int(d.uint8 ? 1 : sizeof(T));
      tile_rows_ = std::min(tile_rows_, std::max(32, kTileBytes / row_bytes / kRowTile * kRowTile));
    }
    views_.resize(views);
    for (int pass = 0; pass < 2; pass++) {  // count, then take
      taken_ = 0;
      lay_out(capacity);
      if (pass == 0) {
        bytes_ = taken_;
        memory_.reset(static_cast<char*>(std::aligned_alloc(64, round_up_64(bytes_))));
        if (!memory_) throw std::bad_alloc();
        std::memset(memory_.get(), 0, round_up_64(bytes_));
      }
    }
    cut_units();
    squares_.resize(units_.size());
    chunk_loss_.resize(chunks_ + 1);
    pool_.reset(new Pool(d.threads));  // last: the stacks of threads take what memory is left
  }

  std::size_t bytes() const { return bytes_; }
  int threads() const { return pool_->threads(); }
  bool tiled() const { return tiled_; }
  bool in_place() const { return in_place_; }

  void load(const T* theta, const std::vector<T*>& slots) {
    revive();
    copy_weights(theta, &Layer<T>::W, &Layer<T>::b);
    for (std::size_t s = 0; s < slots.size(); s++) {
      each_weight(slots[s], [s](Layer<T>& layer, std::ptrdiff_t at, T* flat) { layer.slot_W[s][at] = *flat; },
                  [s](Layer<T>& layer, int j, T* flat) { layer.slot_b[s][j] = *flat; });
    }
    for (int l = in_place_ ? 0 : 1; l < plan().layers; l++) {
      const Layer<T>& layer = plan().layer[l];
      kernels_.transpose(layer, 0, layer.n, 0, panels(layer.m));
    }
    share_weights();
  }

  void unload(T* theta, const std::vector<T*>& slots) {
    each_weight(theta, [](Layer<T>& layer, std::ptrdiff_t at, T* flat) { *flat = layer.W[at]; },
                [](Layer<T>& layer, int j, T* flat) { *flat = layer.b[j]; });
    for (std::size_t s = 0; s < slots.size(); s++) {
      each_weight(slots[s], [s](Layer<T>& layer, std::ptrdiff_t at, T* flat) { *flat = layer.slot_W[s][at]; },
                  [s](Layer<T>& layer, int j, T* flat) { *flat = layer.slot_b[s][j]; });
    }
  }

  void unload_gradient(T* flat) {
    each_weight(flat, [](Layer<T>& layer, std::ptrdiff_t at, T* to) { *to = layer.grad_W[at]; },
                [](Layer<T>& layer, int j, T* to) { *to = layer.grad_b[j]; });
  }

  // Steps over batches [first, last); poll() is called about every 20 ms and says whether to stop.
  template <typename Poll>
  Outcome run(Step<T> step, std::int64_t data_rows, int batch_rows, int first, int last, const double* rates,
              std::int64_t steps_before, std::int64_t step_limit, double seconds, double loss_sum,
              double weight_sum, Poll poll) {
    typedef std::chrono::steady_clock clock;
    Outcome outcome;
    outcome.loss_sum = loss_sum;  // of the epoch so far, so that its sum is one sum however it is cut
    outcome.weight_sum = weight_sum;
    const std::int64_t* order = step.order;
    step.l1 = d_.l1;
    step.l2 = d_.l2;
    step.clip_value = d_.clip_value;
    step.drops = true;
    const auto began = clock::now();
    last_poll_ = began;
    poll_ = [&] {
      const auto now = clock::now();
      if (now - last_poll_ < std::chrono::milliseconds(20)) return false;
      last_poll_ = now;
      return poll();
    };
    for (int number = first; number < last; number++) {
      const std::int64_t start = std::int64_t(number) * batch_rows;
      step.rows = int(std::min<std::int64_t>(batch_rows, data_rows - start));
      step.order = order ? order + start : nullptr;
      step.number = number;
      const double weight = batch_weight(step);
      outcome.batches++;
      if (weight > 0) {
        const double t = double(steps_before + outcome.steps + 1);
        step.inverse_weight = T(1 / weight);
        step.rate = rates[number - first];
        step.decay = 1 - step.rate * d_.weight_decay;
        step.correction1 = 1 - std::pow(d_.beta1, t);
        step.correction2 = 1 - std::pow(d_.beta2, t);
        const double before = penalty(step);
        if (!gradient(step)) {  // stopped in the middle: the step is not made
          outcome.batches--;
          outcome.interrupted = true;
          break;
        }
        const double J = loss_ + before;
        if (!std::isfinite(outcome.loss_sum + weight * J)) {
          outcome.finite = false;
          break;
        }
        move(step);
        outcome.steps++;
        outcome.loss_sum += weight * J;
        outcome.weight_sum += weight;
      }
      if (step_limit > 0 && outcome.steps >= step_limit) break;
      if (poll_()) {
        outcome.interrupted = true;
        break;
      }
      if (seconds >= 0 && std::chrono::duration<double>(clock::now() - began).count() >= seconds) break;
    }
    poll_ = nullptr;
    return outcome;
  }

  // J, with ∇J in grad_W and grad_b; neither dropped nor clipped but for what the step says.
  double loss_and_gradient(Step<T> step) {
    revive();
    poll_ = nullptr;
    step.inverse_weight = T(1 / batch_weight(step));
    gradient_only_ = true;
    gradient(step);
    gradient_only_ = false;
    return loss_ + penalty(step);
  }

  void predict(Step<T> step) {
    if (step.rows <= tile_rows_) {  // waking a thread costs more than so few rows
      const TinyIsZero flush;
      return kernels_.predict(plan(), step, 0, step.rows, 0);
    }
    revive();
    next_ = 0;
    parallel(step, [](Engine& e, Step<T>& s, int thread) {
      const int tile = e.tile_rows_;
      for (int at; (at = e.next_.fetch_add(tile)) < s.rows;) {
        e.kernels_.predict(e.views_[thread], s, at, std::min(at + tile, s.rows), at);
      }
    });
  }

 private:
  static constexpr int kTileRows = 128;
  static constexpr int kTileBytes = 160 * 1024;  // of rows read in place: this tile and the next in the second-level cache
  static constexpr int kBlockRows = 96;  // their A stays in the second-level cache; a multiple of 6, 8 and 16
  static constexpr int kChunks = 16;
  static constexpr std::int64_t kPartialBytes = 32 << 20;
  static constexpr double kLongPhase = 8e9;  // operations of B3 in which an interrupt must be noticed
  static constexpr int kUnitInputs = 112;

  struct Unit {
    int layer, k0, k1, p0, p1;  // k0 < 0: the bias
  };
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };

  static std::size_t round_up_64(std::size_t n) { return (n + 63) / 64 * 64; }
  Plan<T>& plan() { return views_[0]; }

  template <typename U> U* take(std::size_t count) {
    U* at = memory_ ? reinterpret_cast<U*>(memory_.get() + taken_) : nullptr;
    taken_ += round_up_64(count * sizeof(U));
    return at;
  }

  void lay_out(int capacity) {
    const int L = int(d_.sizes.size()) - 1;
    for (std::size_t v = 0; v < views_.size(); v++) {
      Plan<T>& p = views_[v];
      p.layers = L;
      p.n_0 = d_.sizes[0];
      p.capacity = capacity;
      p.input = d_.uint8 ? Input::uint8 : Input::same;
      p.scale = T(d_.scale);
      p.ell = Ell(d_.ell);
      p.factor = T(d_.factor);
      p.rule = Rule(d_.rule);
      p.momentum = d_.momentum; p.beta1 = d_.beta1; p.beta2 = d_.beta2; p.epsilon = d_.epsilon;
      p.train = d_.train;
      p.drop_input = d_.dropout.empty() ? 0 : d_.dropout[0];
      p.output_keeps_z = Phi(d_.phis[L - 1]) == Phi::sigmoid && p.ell != Ell::squared_error;
      p.in_place = in_place_;
      p.A0 = in_place_ ? nullptr : take<T>(std::size_t(panels(p.n_0)) * capacity * kPanel);
      p.loss = take<double>(capacity / kRowTile + 1);
      for (int l = 0; l < L; l++) {
        Layer<T>& layer = p.layer[l];
        layer.n = d_.sizes[l];
        layer.m = d_.sizes[l + 1];
        layer.n_rows = round_up(layer.n, kPanel);  // room for either layout of the gradient
        layer.phi = Phi(d_.phis[l]);
        layer.parameter = T(d_.parameters[l]);
        layer.drop = l + 1 < int(d_.dropout.size()) ? d_.dropout[l + 1] : 0;
        const std::size_t area = std::size_t(panels(layer.m)) * capacity * kPanel;
        layer.A = take<T>(area);
        layer.D = d_.train ? take<T>(area) : nullptr;
        layer.delta = d_.train ? take<T>(area) : nullptr;
        if (v > 0) continue;
        const std::size_t weights = std::size_t(panels(layer.m)) * layer.n_rows * kPanel;
        const std::size_t bias = std::size_t(panels(layer.m)) * kPanel;
        layer.W = take<T>(weights);
        layer.b = take<T>(bias);
        layer.W_back = l || in_place_ ? take<T>(std::size_t(panels(layer.n)) * layer.m * kPanel) : nullptr;
        if (!d_.train) continue;
        for (int s = 0; s < kMaxSlots; s++) {
          layer.slot_W[s] = d_.has_slots ? take<T>(weights) : nullptr;
          layer.slot_b[s] = d_.has_slots ? take<T>(bias) : nullptr;
        }
        layer.grad_W = take<T>(weights);
        layer.grad_b = take<T>(bias);
      }
    }
    share_weights();
    if (!d_.train) return;
    partial_size_ = 0;
    for (int l = 0; l < L; l++) {
      const Layer<T>& layer = plan().layer[l];
      partial_size_ += std::size_t(panels(layer.m)) * (layer.n_rows + 1) * kPanel;
    }
    partials_ = take<T>(partial_size_ * chunks_);
    scratch_size_ = std::size_t(kUnitInputs + kPanel) * 4 * kPanel;
    scratch_ = take<T>(scratch_size_ * d_.threads);
  }

  void share_weights() {
    for (std::size_t v = 1; v < views_.size(); v++) {
      for (int l = 0; l < plan().layers; l++) {
        const Layer<T>& from = plan().layer[l];
        Layer<T>& to = views_[v].layer[l];
        to.W = from.W;
        to.b = from.b;
        to.W_back = from.W_back;
      }
    }
  }

  void cut_units() {
    if (!d_.train) return;
    for (int l = plan().layers - 1; l >= 0; l--) {
      const Layer<T>& layer = plan().layer[l];
      units_.push_back({l, -1, 0, 0, 0});
      const int group = 3;
      for (int p = 0; p < panels(layer.m); p += group) {
        for (int k = 0; k < layer.n; k += kUnitInputs) {
          units_.push_back({l, k, std::min(k + kUnitInputs, layer.n), p, std::min(p + group, panels(layer.m))});
        }
      }
    }
  }

  // The pool of the process that we are in: threads do not survive a fork.
  void revive() {
    if (!pool_->usable()) {
      (void)pool_.release();  // its threads are the parent's: nothing of it can be ended here
      pool_.reset(new Pool(d_.threads));
    }
  }

  void parallel(Step<T>& step, void (*job)(Engine&, Step<T>&, int)) {
    struct Context {
      Engine* engine;
      Step<T>* step;
      void (*job)(Engine&, Step<T>&, int);
    } context{this, &step, job};
    pool_->run(
        [](void* c, int thread) {
          Context& x = *static_cast<Context*>(c);
          x.job(*x.engine, *x.step, thread);
        },
        &context);
  }

  double batch_weight(const Step<T>& step) const {
    if (!step.w) return step.rows;
    double sum = 0;
    for (int r = 0; r < step.rows; r++) sum += step.w[step.order ? step.order[r] : r];
    return sum;
  }

  double penalty(const Step<T>& step) {
    if (step.l1 == 0 && step.l2 == 0) return 0;
    double absolute = 0, square = 0;
    for (int l = 0; l < plan().layers; l++) {
      const Layer<T>& layer = plan().layer[l];
      const std::size_t count = std::size_t(panels(layer.m)) * layer.n_rows * kPanel;
      for (std::size_t i = 0; i < count; i++) {
        absolute += std::abs(double(layer.W[i]));
        square += double(layer.W[i]) * double(layer.W[i]);
      }
    }
    return step.l1 * absolute + 0.5 * step.l2 * square;  // J2
  }

  // Phase of the rows; by tiles the weights' too. False where it was stopped.
  bool gradient(Step<T>& step) {
    stop_ = false;
    if (tiled_) {
      next_ = 0;
      parallel(step, [](Engine& e, Step<T>& s, int thread) { e.tiles(s, thread); });
      if (stop_) return false;
      loss_ = 0;
      for (int c = 0; c < chunks_; c++) loss_ += chunk_loss_[c];
      if (std::isfinite(loss_)) {
        next_ = 0;
        parallel(step, [](Engine& e, Step<T>& s, int thread) { e.sum_partials(s, thread); });
      }
      return true;
    }
    parallel(step, [](Engine& e, Step<T>& s, int thread) {
      const int tiles = (s.rows + kRowTile - 1) / kRowTile, threads = e.pool_->threads();
      const int first = tiles * thread / threads * kRowTile;
      const int last = std::min(tiles * (thread + 1) / threads * kRowTile, s.rows);
      for (int at = first; at < last && !e.stop_; at += kBlockRows) {
        e.kernels_.rows(e.views_[0], s, at, std::min(at + kBlockRows, last), 0);
        if (thread == 0 && at + kBlockRows < last && e.poll_ && e.poll_()) e.stop_ = true;
      }
    });
    if (stop_) return false;
    loss_ = 0;
    for (int g = 0; g * kRowTile < step.rows; g++) loss_ += plan().loss[g];
    if (keep_ || gradient_only_) {
      next_ = 0;
      parallel(step, [](Engine& e, Step<T>& s, int thread) { e.weights(s, thread, true); });
    } else if (poll_ && poll_()) {
      stop_ = true;
    }
    return !stop_;
  }

  void move(Step<T>& step) {
    next_ = 0;
    if (keep_) {
      double total = 0;
      for (double square : squares_) total += square;
      const double norm = std::sqrt(total);
      shrink_ = d_.clip_norm > 0 && norm > d_.clip_norm ? T(d_.clip_norm / norm) : T(1);
      parallel(step, [](Engine& e, Step<T>& s, int thread) { e.move_kept(s, thread); });
    } else if (!tiled_) {
      parallel(step, [](Engine& e, Step<T>& s, int thread) { e.weights(s, thread, false); });
    }
  }

  // Two phases, the second: B3 and U1 of blocks of W; or B3 alone, into grad_W.
  void weights(Step<T>& step, int thread, bool keep) {
    Plan<T>& p = plan();
    for (int u; (u = next_.fetch_add(1)) < int(units_.size());) {
      if (keep && thread == 0 && poll_ && poll_()) stop_ = true;  // nothing has moved yet
      if (stop_) return;
      const Unit& unit = units_[u];
      Layer<T>& layer = p.layer[unit.layer];
      if (unit.k0 < 0) {
        kernels_.bias_gradient(p, unit.layer, step.rows, layer.grad_b, false);
        finish(step, u, layer.grad_b, 0, keep);
        continue;
      }
      const std::ptrdiff_t G_panel =
          keep ? std::ptrdiff_t(layer.n_rows) * kPanel : std::ptrdiff_t(unit.k1 - unit.k0) * kPanel;
      T* G = keep ? layer.grad_W + (std::ptrdiff_t(unit.p0) * layer.n_rows + unit.k0) * kPanel
                  : scratch_ + scratch_size_ * thread;
      kernels_.weight_gradient(p, unit.layer, step.rows, unit.k0, unit.k1, unit.p0, unit.p1, G, G_panel, false);
      finish(step, u, G, G_panel, keep);
    }
  }

  // What follows B3 for a unit: U1, or the penalty's gradient and the sum of squares.
  void finish(Step<T>& step, int u, T* G, std::ptrdiff_t G_panel, bool keep) {
    const Unit& unit = units_[u];
    Layer<T>& layer = plan().layer[unit.layer];
    squares_[u] = 0;
    if (unit.k0 < 0) {
      const std::ptrdiff_t count = std::ptrdiff_t(panels(layer.m)) * kPanel;
      if (keep) squares_[u] = kernels_.finish_gradient(step, layer.b, G, count, false);
      else kernels_.update(plan(), step, layer.b, layer.slot_b[0], layer.slot_b[1], G, count, false);
      return;
    }
    const std::ptrdiff_t count = std::ptrdiff_t(unit.k1 - unit.k0) * kPanel;
    for (int q = unit.p0; q < unit.p1; q++) {
      const std::ptrdiff_t at = (std::ptrdiff_t(q) * layer.n_rows + unit.k0) * kPanel;
      T* g = G + (q - unit.p0) * G_panel;
      if (keep) {
        squares_[u] += kernels_.finish_gradient(step, layer.W + at, g, count, true);
      } else {
        kernels_.update(plan(), step, layer.W + at, slot(layer.slot_W[0], at), slot(layer.slot_W[1], at), g, count,
                        true);
      }
    }
    if (!keep && layer.W_back) kernels_.transpose(layer, unit.k0, unit.k1, unit.p0, unit.p1);
  }

  static T* slot(T* base, std::ptrdiff_t at) { return base ? base + at : nullptr; }

  // U1 along grad_W scaled down; penalty and value clipping are in it already.
  void move_kept(const Step<T>& whole, int) {
    Step<T> step = whole;
    step.l1 = step.l2 = step.clip_value = 0;
    for (int u; (u = next_.fetch_add(1)) < int(units_.size());) {
      const Unit& unit = units_[u];
      Layer<T>& layer = plan().layer[unit.layer];
      if (unit.k0 < 0) {
        const std::ptrdiff_t count = std::ptrdiff_t(panels(layer.m)) * kPanel;
        scale(layer.grad_b, count);
        kernels_.update(plan(), step, layer.b, layer.slot_b[0], layer.slot_b[1], layer.grad_b, count, false);
        continue;
      }
      const std::ptrdiff_t count = std::ptrdiff_t(unit.k1 - unit.k0) * kPanel;
      for (int q = unit.p0; q < unit.p1; q++) {
        const std::ptrdiff_t at = (std::ptrdiff_t(q) * layer.n_rows + unit.k0) * kPanel;
        scale(layer.grad_W + at, count);
        kernels_.update(plan(), step, layer.W + at, slot(layer.slot_W[0], at), slot(layer.slot_W[1], at),
                        layer.grad_W + at, count, true);
      }
      if (layer.W_back) kernels_.transpose(layer, unit.k0, unit.k1, unit.p0, unit.p1);
    }
  }

  void scale(T* g, std::ptrdiff_t count) const {
    if (shrink_ != T(1)) for (std::ptrdiff_t i = 0; i < count; i++) g[i] *= shrink_;
  }

  // By tiles: all of a chunk's rows into its partial gradient.
  void tiles(Step<T>& step, int thread) {
    Plan<T>& p = views_[thread];
    for (int c; (c = next_.fetch_add(1)) < chunks_;) {
      const int first = int(std::int64_t(step.rows) * c / chunks_), last = int(std::int64_t(step.rows) * (c + 1) / chunks_);
      double loss = 0;
      if (first == last) std::memset(partials_ + partial_size_ * c, 0, partial_size_ * sizeof(T));
      for (int at = first; at < last; at += tile_rows_) {
        if (thread == 0 && poll_ && poll_()) stop_ = true;
        if (stop_) return;
        const int end = std::min(at + tile_rows_, last);
        kernels_.rows(p, step, at, end, at);
        for (int g = 0; g * kRowTile < end - at; g++) loss += p.loss[g];
        T* G = partials_ + partial_size_ * c;
        for (int l = 0; l < p.layers; l++) {
          const Layer<T>& layer = p.layer[l];
          const std::ptrdiff_t G_panel = std::ptrdiff_t(layer.n_rows) * kPanel;
          if (l == 0 && in_place_) kernels_.weight_gradient_in_place(p, step, at, end, at, G, at > first);
          else kernels_.weight_gradient(p, l, end - at, 0, layer.n, 0, panels(layer.m), G, G_panel, at > first);
          G += panels(layer.m) * G_panel;
          kernels_.bias_gradient(p, l, end - at, G, at > first);
          G += panels(layer.m) * kPanel;
        }
      }
      chunk_loss_[c] = loss;
    }
  }

  void sum_partials(Step<T>& step, int) {
    const bool keep = gradient_only_ || keep_;
    for (int u; (u = next_.fetch_add(1)) < int(units_.size());) {
      const Unit& unit = units_[u];
      Layer<T>& layer = plan().layer[unit.layer];
      std::size_t base = 0;
      for (int l = 0; l < unit.layer; l++) {
        base += std::size_t(panels(plan().layer[l].m)) * (plan().layer[l].n_rows + 1) * kPanel;
      }
      const std::ptrdiff_t G_panel = std::ptrdiff_t(layer.n_rows) * kPanel;
      if (unit.k0 < 0) {
        add_up(layer.grad_b, base + panels(layer.m) * G_panel, std::ptrdiff_t(panels(layer.m)) * kPanel);
        finish(step, u, layer.grad_b, 0, keep);
        continue;
      }
      if (unit.layer == 0 && in_place_) {
        add_up_in_place(layer, unit.k0, unit.k1);
        finish(step, u, layer.grad_W + std::ptrdiff_t(unit.k0) * kPanel, G_panel, keep);
        continue;
      }
      for (int q = unit.p0; q < unit.p1; q++) {
        const std::ptrdiff_t at = (std::ptrdiff_t(q) * layer.n_rows + unit.k0) * kPanel;
        add_up(layer.grad_W + at, base + at, std::ptrdiff_t(unit.k1 - unit.k0) * kPanel);
      }
      finish(step, u, layer.grad_W + (std::ptrdiff_t(unit.p0) * layer.n_rows + unit.k0) * kPanel, G_panel, keep);
    }
  }

  void add_up(T* to, std::size_t offset, std::ptrdiff_t count) const {
    std::memcpy(to, partials_ + offset, count * sizeof(T));
    for (int c = 1; c < chunks_; c++) {
      const T* from = partials_ + partial_size_ * c + offset;
      for (std::ptrdiff_t i = 0; i < count; i++) to[i] += from[i];
    }
  }

  // From [panels(n)][m][16], as layer 1 leaves it where it reads in place.
  void add_up_in_place(Layer<T>& layer, int k0, int k1) const {
    for (int k = k0; k < k1; k++) {
      for (int j = 0; j < layer.m; j++) {
        const std::size_t at = (std::size_t(k / kPanel) * layer.m + j) * kPanel + k % kPanel;
        T sum = partials_[at];
        for (int c = 1; c < chunks_; c++) sum += partials_[partial_size_ * c + at];
        layer.grad_W[std::size_t(k) * kPanel + j] = sum;
      }
    }
  }

  // Flat θ (row by row, U1) beside the panels.
  template <typename OnWeight, typename OnBias> void each_weight(T* flat, OnWeight on_weight, OnBias on_bias) {
    for (int l = 0; l < plan().layers; l++) {
      Layer<T>& layer = plan().layer[l];
      for (int j0 = 0; j0 < layer.m; j0 += kPanel, flat += std::ptrdiff_t(kPanel) * layer.n) {  // panel by panel
        const int js = std::min(kPanel, layer.m - j0);
        for (int k = 0; k < layer.n; k++) {
          const std::ptrdiff_t at = (std::ptrdiff_t(j0 / kPanel) * layer.n_rows + k) * kPanel;
          for (int j = 0; j < js; j++) on_weight(layer, at + j, flat + std::ptrdiff_t(j) * layer.n + k);
        }
      }
      flat -= std::ptrdiff_t(round_up(layer.m, kPanel) - layer.m) * layer.n;
    }
    for (int l = 0; l < plan().layers; l++) {
      for (int j = 0; j < plan().layer[l].m; j++) on_bias(plan().layer[l], j, flat++);
    }
  }

  void copy_weights(const T* theta, T* Layer<T>::* W, T* Layer<T>::* b) {
    each_weight(const_cast<T*>(theta), [W](Layer<T>& layer, std::ptrdiff_t at, T* flat) { (layer.*W)[at] = *flat; },
                [b](Layer<T>& layer, int j, T* flat) { (layer.*b)[j] = *flat; });
  }

  Description d_;
  const Kernels<T>& kernels_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<char, Free> memory_;
  std::size_t bytes_ = 0, taken_ = 0;
  std::vector<Plan<T>> views_;
  std::vector<Unit> units_;
  std::vector<double> squares_, chunk_loss_;
  T* partials_ = nullptr;
  T* scratch_ = nullptr;
  std::size_t partial_size_ = 0, scratch_size_ = 0;
  bool tiled_ = false, in_place_ = false, gradient_only_ = false;
  bool keep_ = false;  // whether the whole gradient is there before anything moves
  int chunks_ = 0, tile_rows_ = 0;
  double loss_ = 0;
  T shrink_ = T(1);
  std::atomic<int> next_{0};
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::time_point last_poll_;
  std::function<bool()> poll_;
};

}  // namespace chainrule
