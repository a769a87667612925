// Epochs: batch after batch by the strategy that suits them.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "network.h"
#include "plan.h"
#include "powers.h"
#include "strategy.h"
#include "team.h"

namespace chainrule {

// Batches [first, last) of an epoch.
template <typename T>
struct Batches {
  Step<T> data;  // x, y, w; order, the epoch's or null; seed, epoch
  bool draws_order;  // where none is given: else rows are taken as they lie
  std::int64_t rows;
  int batch_rows, first, last;
  const double* rates;  // of each of these batches
  std::int64_t steps_before;
  std::int64_t step_limit;  // 0: none
  double seconds;           // < 0: no limit
  double loss_sum, weight_sum;  // of the epoch so far, so that its sum is one sum however it is cut
  int before = 0;               // batches of the epoch whose rows are not among these
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
  Engine(const Description&, const Kernels<T>&);

  std::size_t bytes() const { return strategy_->bytes(); }
  int threads() const { return team_.threads(); }
  const Strategy<T>& strategy() const { return *strategy_; }

  void load(const T* theta, const std::vector<T*>& slots);
  void unload(T* theta, const std::vector<T*>& slots) { strategy_->unload(theta, slots); }

  // poll() is called about every 20 ms and says whether to stop; the step that it falls into is not made.
  Outcome run(const Batches<T>&, std::function<bool()> poll);

  // J of a batch, and ∇J as θ lies; neither dropped nor clipped but for what the step says. Of a sum, not divided by Σw.
  double loss_and_gradient(Step<T> step, bool sum, T* gradient);

  // The same; and by the same strategy and kernels Z, A, Δ and ℓ of each row, neither weighted nor divided.
  double passes(Step<T> step, bool sum, T* gradient, const Kept<T>& kept);

 private:
  static double batch_weight(const Step<T>&);
  void set_rate(Step<T>&, double rate, std::int64_t t);
  const std::int64_t* drawn_order(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch);

  Description d_;
  Powers beta1_, beta2_;
  std::vector<std::int64_t> order_;  // the last that was drawn, and from what
  std::uint64_t order_seed_ = 0, order_epoch_ = 0;
  Interrupt interrupt_;
  std::unique_ptr<Strategy<T>> strategy_;
  Team team_;  // last: the stacks of threads take what memory is left
};

}  // namespace chainrule
