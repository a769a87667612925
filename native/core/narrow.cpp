#include "narrow.h"

#include <algorithm>
#include <cmath>

namespace chainrule {

template <typename T> bool Narrow<T>::suits(const Description& d) {
  const int widest = *std::max_element(d.sizes.begin() + 1, d.sizes.end());
  return widest <= 32 && d.sizes[0] <= 64;
}

template <typename T>
Narrow<T>::Narrow(const Description& d, const Kernels<T>& kernels, Team& team, Interrupt& interrupt)
    : kernels_(kernels),
      team_(team),
      interrupt_(interrupt),
      clip_norm_(d.clip_norm),
      chunks_(std::clamp(d.batch_rows / kLeastChunkRows, 1, kMostChunks)),
      views_(chunks_ == 1 ? 1 : d.threads),
      chunk_loss_(chunks_),
      memory_([&](Memory& memory) {
        const int rows = round_up(std::min(d.batch_rows, kTileRows), kPanel);
        padded_weights_ = padded_size_ = 0;
        for (NarrowPlan<T>& view : views_) {
          view.network = plan_of<T>(d, {rows, true, false});
          view.x = memory.take<T>(std::size_t(round_up(d.sizes[0], kOutputGroup)) * rows);
          view.y = memory.take<T>(std::size_t(d.sizes.back()) * rows);
          view.weight = memory.take<T>(rows);
          view.row_loss = memory.take<T>(rows);
          view.g = memory.take<T>(std::size_t(*std::max_element(d.sizes.begin() + 1, d.sizes.end())) * rows);
          std::ptrdiff_t at = 0;
          for (int l = 0; l < d.layers(); l++) {
            NarrowLayer<T>& layer = view.layer[l];
            const int outputs = round_up(d.sizes[l + 1], kOutputGroup);
            layer.A = memory.take<T>(std::size_t(outputs) * rows);
            layer.D = memory.take<T>(std::size_t(outputs) * rows);
            layer.stride = std::ptrdiff_t(round_up(d.sizes[l], kOutputGroup)) * kOutputGroup;
            layer.W = at;
            at += outputs / kOutputGroup * layer.stride;
          }
          padded_weights_ = at;
          for (int l = 0; l < d.layers(); l++) {
            view.layer[l].b = at;
            at += round_up(d.sizes[l + 1], kPanel);
          }
          padded_size_ = at;
          view.sums = memory.take<T>(std::size_t(padded_size_) * kPanel);
        }
        theta_ = memory.take<T>(padded_size_);
        for (int s = 0; s < kMaxSlots && d.has_slots; s++) slots_[s] = memory.take<T>(padded_size_);
        gradients_ = memory.take<T>(std::size_t(padded_size_) * chunks_);
        const T* levels = take_levels<T>(memory, d);
        for (NarrowPlan<T>& view : views_) view.theta = theta_, view.network.levels = levels;
      }) {
  const auto add = [&](int l, bool weights, std::ptrdiff_t last) {
    const std::ptrdiff_t first = spans_.empty() ? 0 : spans_.back().last;
    const bool moves = !d.is_frozen(l);
    if (first && spans_.back().weights == weights && spans_.back().moves == moves) spans_.back().last = last;
    else spans_.push_back({first, last, weights, moves});
  };
  const NarrowLayer<T>* layer = views_[0].layer;
  for (int l = 0; l < d.layers(); l++) add(l, true, l + 1 < d.layers() ? layer[l + 1].W : padded_weights_);
  for (int l = 0; l < d.layers(); l++) add(l, false, l + 1 < d.layers() ? layer[l + 1].b : padded_size_);
}

// move(flat, own) for each entry of θ as it lies flat (U1), and here.
template <typename T> template <typename Move> void Narrow<T>::each_entry(T* flat, T* own, Move move) const {
  for (int l = 0; l < network().layers; l++) {
    const NarrowLayer<T>& layer = views_[0].layer[l];
    for (int j = 0; j < network().layer[l].outputs; j++) {
      for (int k = 0; k < network().layer[l].inputs; k++) move(*flat++, own[layer.W + weight_at(layer.stride, k, j)]);
    }
  }
  for (int l = 0; l < network().layers; l++) {
    for (int j = 0; j < network().layer[l].outputs; j++) move(*flat++, own[views_[0].layer[l].b + j]);
  }
}

template <typename T> void Narrow<T>::load(const T* theta, const std::vector<T*>& slots) {
  const auto in = [](T& from, T& to) { to = from; };
  each_entry(const_cast<T*>(theta), theta_, in);
  for (std::size_t s = 0; s < slots.size(); s++) each_entry(slots[s], slots_[s], in);
}

template <typename T> void Narrow<T>::unload(T* theta, const std::vector<T*>& slots) {
  const auto out = [](T& to, T& from) { to = from; };
  each_entry(theta, theta_, out);
  for (std::size_t s = 0; s < slots.size(); s++) each_entry(slots[s], slots_[s], out);
}

template <typename T> void Narrow<T>::unload_gradient(T* flat) {
  each_entry(flat, gradients_, [](T& to, T& from) { to = from; });
}

template <typename T> double Narrow<T>::penalty(const Step<T>& step) {
  if (step.l1 == 0 && step.l2 == 0) return 0;
  double absolute = 0, square = 0;
  for (std::ptrdiff_t i = 0; i < padded_weights_; i++) {
    absolute += std::abs(double(theta_[i]));
    square += double(theta_[i]) * double(theta_[i]);
  }
  return step.l1 * absolute + 0.5 * step.l2 * square;  // J2
}

template <typename T> bool Narrow<T>::forward_and_back(const Step<T>& step, double* J) {
  if (chunks_ == 1) {  // waking a thread costs more than so few rows
    const TinyIsZero tiny(team_.flush());
    chunk(step, 0, 0);
  } else {
    team_.each(chunks_, [&](int number, int thread) { chunk(step, number, thread); });
  }
  if (interrupt_.heard()) return false;
  *J = 0;
  for (double loss : chunk_loss_) *J += loss;
  return true;
}

template <typename T> void Narrow<T>::chunk(const Step<T>& step, int number, int thread) {
  const int first = int(std::int64_t(step.rows) * number / chunks_);
  const int last = int(std::int64_t(step.rows) * (number + 1) / chunks_);
  T* gradient = gradients_ + padded_size_ * number;
  chunk_loss_[number] = 0;
  if (first == last) std::fill_n(gradient, padded_size_, T(0));
  for (int at = first; at < last; at += kTileRows) {
    if (interrupt_.heard_by(thread)) return;
    const int end = std::min(at + kTileRows, last);
    chunk_loss_[number] += kernels_.narrow_rows(views_[thread], step, at, end, at == first, end == last, gradient);
  }
}

// The chunks' gradients, in their order, into the first's.
template <typename T> void Narrow<T>::sum_chunks() {
  for (int chunk = 1; chunk < chunks_; chunk++) {
    const T* from = gradients_ + padded_size_ * chunk;
    for (std::ptrdiff_t i = 0; i < padded_size_; i++) gradients_[i] += from[i];
  }
}

template <typename T> void Narrow<T>::update(const Step<T>& step) {
  for (const Span& span : spans_) {
    if (!span.moves) continue;
    const auto slot = [&](int s) { return slots_[s] ? slots_[s] + span.first : nullptr; };
    kernels_.update(network(), step, theta_ + span.first, slot(0), slot(1), gradients_ + span.first,
                    span.last - span.first, span.weights);
  }
}

template <typename T> bool Narrow<T>::finish_gradient(const Step<T>& step) {
  const TinyIsZero tiny(team_.flush());
  sum_chunks();
  squares_ = 0;
  for (const Span& span : spans_) {
    const double squares = kernels_.finish_gradient(step, theta_ + span.first, gradients_ + span.first,
                                                    span.last - span.first, span.weights);
    squares_ += span.moves ? squares : 0;
  }
  return true;
}

template <typename T> void Narrow<T>::move_along_gradient(const Step<T>& whole) {
  const TinyIsZero tiny(team_.flush());
  Step<T> step = whole;
  step.l1 = step.l2 = step.clip_value = 0;  // are in it already
  const double norm = std::sqrt(squares_);
  if (clip_norm_ > 0 && norm > clip_norm_) {
    const T shrink = T(clip_norm_ / norm);
    for (std::ptrdiff_t i = 0; i < padded_size_; i++) gradients_[i] *= shrink;
  }
  update(step);
}

template <typename T> void Narrow<T>::move(const Step<T>& step) {
  const TinyIsZero tiny(team_.flush());
  sum_chunks();
  update(step);
}

template <typename T> void Narrow<T>::limit_norms(T most) {
  for (int l = 0; l < network().layers; l++) {
    const NarrowLayer<T>& layer = views_[0].layer[l];
    const bool moves = std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
      return span.first <= layer.W && layer.W < span.last && span.moves;
    });
    for (int j = 0; j < network().layer[l].outputs && moves; j++) {
      const auto w = [&](int k) -> T& { return theta_[layer.W + weight_at(layer.stride, k, j)]; };
      T squares = 0;
      for (int k = 0; k < network().layer[l].inputs; k++) squares += w(k) * w(k);
      const T norm = std::sqrt(squares);
      for (int k = 0; k < network().layer[l].inputs && norm > most; k++) w(k) *= most / norm;
    }
  }
}

template class Narrow<float>;
template class Narrow<double>;

}  // namespace chainrule
