#include "epoch.h"

#include <algorithm>
#include <cmath>

#include "permutation.h"

namespace chainrule {

template <typename T>
Engine<T>::Engine(const Description& d, const Kernels<T>& kernels)
    : d_(d),
      beta1_(d.beta1),
      beta2_(d.beta2),
      strategy_(strategy_for<T>(d, kernels, team_, interrupt_)),
      team_(d.threads, !d.keep_subnormals) {}

template <typename T> void Engine<T>::load(const T* theta, const std::vector<T*>& slots) {
  team_.revive();
  strategy_->load(theta, slots);
}

template <typename T> double Engine<T>::batch_weight(const Step<T>& step) {
  if (!step.w) return step.rows;
  double sum = 0;
  for (int r = 0; r < step.rows; r++) sum += step.w[step.order ? step.order[r] : r];
  return sum;
}

template <typename T> void Engine<T>::set_rate(Step<T>& step, double rate, std::int64_t t) {
  step.rate = rate;
  step.decay = 1 - rate * d_.weight_decay;
  step.correction1 = 1 - beta1_.of(t);
  step.correction2 = 1 - beta2_.of(t);
  if (Rule(d_.rule) == Rule::folded_adam) {
    step.rate *= std::sqrt(step.correction2) / step.correction1;
    step.correction1 = step.correction2 = 1;
  }
}

// An epoch may be cut into several calls: it is drawn in the first.
template <typename T>
const std::int64_t* Engine<T>::drawn_order(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch) {
  if (std::int64_t(order_.size()) != rows || order_seed_ != seed || order_epoch_ != epoch) {
    order_.resize(rows);
    order_seed_ = seed, order_epoch_ = epoch;
    draw_order(order_.data(), rows, seed, epoch);
  }
  return order_.data();
}

template <typename T> Outcome Engine<T>::run(const Batches<T>& batches, std::function<bool()> poll) {
  typedef Interrupt::Clock Clock;
  const auto began = Clock::now();
  interrupt_.listen(std::move(poll));
  Outcome outcome;
  outcome.loss_sum = batches.loss_sum;
  outcome.weight_sum = batches.weight_sum;
  Step<T> step = batches.data;
  step.l1 = d_.l1, step.clip_value = d_.clip_value;
  step.drops = true;
  const std::int64_t* order = step.order;
  if (batches.draws_order) order = drawn_order(batches.rows, step.seed, step.epoch);
  const bool gradient_first = strategy_->gradient_first();
  for (int number = batches.first; number < batches.last; number++) {
    const std::int64_t start = std::int64_t(number - batches.before) * batches.batch_rows;
    step.rows = int(std::min<std::int64_t>(batches.batch_rows, batches.rows - start));
    step.order = order ? order + start : nullptr;
    step.number = number;
    const double weight = batch_weight(step);
    if (weight > 0) {
      step.inverse_weight = T(1 / weight);  // J1
      step.l2 = d_.alpha > 0 ? d_.l2 + d_.alpha / weight : d_.l2;
      set_rate(step, batches.rates[number - batches.first], batches.steps_before + outcome.steps + 1);
      const double penalty = strategy_->penalty(step);
      double J = 0;
      if (!strategy_->forward_and_back(step, &J)) break;
      J += penalty;
      outcome.finite = std::isfinite(outcome.loss_sum + weight * J);
      if (outcome.finite && gradient_first && !strategy_->finish_gradient(step)) break;
      outcome.batches++;
      if (!outcome.finite) break;
      if (gradient_first) strategy_->move_along_gradient(step);
      else strategy_->move(step);
      if (d_.max_norm > 0) strategy_->limit_norms(T(d_.max_norm));
      outcome.steps++;
      outcome.loss_sum += weight * J;
      outcome.weight_sum += weight;
    } else {
      outcome.batches++;
    }
    if (batches.step_limit > 0 && outcome.steps >= batches.step_limit) break;
    if (interrupt_.heard_by(0)) break;
    if (batches.seconds >= 0 && std::chrono::duration<double>(Clock::now() - began).count() >= batches.seconds) break;
  }
  outcome.interrupted = interrupt_.heard();
  interrupt_.listen(nullptr);
  return outcome;
}

template <typename T> double Engine<T>::loss_and_gradient(Step<T> step, bool sum, T* gradient) {
  team_.revive();
  interrupt_.listen(nullptr);
  step.inverse_weight = sum ? T(1) : T(1 / batch_weight(step));
  double J = 0;
  strategy_->forward_and_back(step, &J);
  strategy_->finish_gradient(step);
  strategy_->unload_gradient(gradient);
  return J + strategy_->penalty(step);
}

template <typename T> double Engine<T>::passes(Step<T> step, bool sum, T* gradient, const Kept<T>& kept) {
  const double J = loss_and_gradient(step, sum, gradient);
  step.w = nullptr;
  step.inverse_weight = 1;
  step.kept = &kept;
  double of_all;
  strategy_->forward_and_back(step, &of_all);
  return J;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace chainrule
