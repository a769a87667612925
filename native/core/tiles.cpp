#include "tiles.h"

#include <algorithm>

namespace chainrule {

template <typename T> bool Tiles<T>::suits(const Description& d) {
  return d.batch_rows >= 8 * kTileRows && (d.length() <= 65536 || d.batch_rows * d.widths() >= 4 * d.length());
}

template <typename T> bool Tiles<T>::reads_in_place(const Description& d, const Kernels<T>& kernels) {
  return d.sizes[1] <= kernels.widest_in_place && d.dropped(0) == 0;
}

template <typename T>
Tiles<T>::Tiles(const Description& d, const Kernels<T>& kernels, Team& team, Interrupt& interrupt)
    // an odd number of rows, so that the panels of one do not fall into one set of the first-level cache
    : PanelStrategy<T>(d, kernels, team, interrupt, {kTileRows | 1, true, reads_in_place(d, kernels)}, d.threads),
      in_place_(this->plan().in_place),
      chunks_(int(std::clamp<std::int64_t>(kPartialBytes / (d.length() * int(sizeof(T))), 2,
                                           std::min(kMostChunks, (d.batch_rows + kTileRows - 1) / kTileRows)))),
      tile_rows_(kTileRows),
      partials_(d.layers()),
      chunk_loss_(chunks_),
      partial_memory_([&](Memory& memory) {
        for (int chunk = 0; chunk < chunks_; chunk++) {
          for (int l = 0; l < d.layers(); l++) {
            const bool turned = l == 0 && in_place_;
            const Panels<T> W = turned ? memory.take<T>(d.sizes[1], d.sizes[0]) : memory.take<T>(d.sizes[l], d.sizes[l + 1]);
            T* b = memory.take<T>(round_up(d.sizes[l + 1], kPanel));
            if (chunk == 0) partials_[l] = {W, b};
            if (chunk == 1 && l == 0) partial_size_ = W.data - partials_[0].W.data;
          }
        }
      }) {
  if (in_place_) {
    const int row_bytes = d.sizes[0] * int(d.uint8 ? 1 : sizeof(T));
    tile_rows_ = std::min(tile_rows_, std::max(32, kTileBytes / row_bytes / kRowTile * kRowTile));
  }
}

template <typename T> bool Tiles<T>::forward_and_back(const Step<T>& step, double* J) {
  this->team_.each(chunks_, [&](int chunk, int thread) { this->chunk(step, chunk, this->views_[thread]); });
  if (this->interrupt_.heard()) return false;
  *J = 0;
  for (double loss : chunk_loss_) *J += loss;
  return true;
}

template <typename T> void Tiles<T>::chunk(const Step<T>& step, int chunk, Plan<T>& view) {
  const int thread = int(&view - this->views_.data());
  const int first = int(std::int64_t(step.rows) * chunk / chunks_);
  const int last = int(std::int64_t(step.rows) * (chunk + 1) / chunks_);
  const std::ptrdiff_t offset = partial_size_ * chunk;
  chunk_loss_[chunk] = 0;
  for (int at = first; at < last; at += tile_rows_) {
    if (this->interrupt_.heard_by(thread)) return;
    const int end = std::min(at + tile_rows_, last);
    this->kernels_.rows(view, step, at, end, at);
    for (int g = 0; g * kRowTile < end - at; g++) chunk_loss_[chunk] += view.loss[g];
    for (int l = 0; l < view.layers; l++) {
      Panels<T> G = partials_[l].W;
      G.data += offset;
      if (l == 0 && in_place_) {
        this->kernels_.weight_gradient_in_place(view, step, at, end, at, G, at > first);
      } else {
        this->kernels_.weight_gradient(view, l, end - at, 0, G.rows, 0, G.panels(), G, at > first);
      }
      this->kernels_.bias_gradient(view, l, end - at, partials_[l].b + offset, at > first);
    }
  }
  if (first == last) std::fill_n(partials_[0].W.data + offset, partial_size_, T(0));
}

template <typename T> bool Tiles<T>::finish_gradient(const Step<T>& step) {
  this->team_.each(int(this->blocks_.size()), [&](int number, int) {
    const Block& block = this->blocks_[number];
    const Layer<T>& layer = this->plan().layer[block.layer];
    sum(block);
    this->finish(step, number, block.is_bias() ? Panels<T>{} : this->part(layer.grad_W, block), layer.grad_b);
  });
  return true;
}

template <typename T> void Tiles<T>::move(const Step<T>& step) {
  this->team_.each(int(this->blocks_.size()), [&](int number, int) {
    const Block& block = this->blocks_[number];
    if (!block.moves) return;
    const Layer<T>& layer = this->plan().layer[block.layer];
    sum(block);
    this->update(step, block, block.is_bias() ? Panels<T>{} : this->part(layer.grad_W, block), layer.grad_b);
  });
}

// The chunks' gradients of a block, in their order, into the layer's.
template <typename T> void Tiles<T>::sum(const Block& block) {
  const Layer<T>& layer = this->plan().layer[block.layer];
  const Partial& partial = partials_[block.layer];
  if (block.is_bias()) return sum(layer.grad_b, partial.b, round_up(layer.outputs, kPanel));
  if (block.layer == 0 && in_place_) {  // turned
    for (int k = block.k0; k < block.k1; k++) {
      for (int j = 0; j < layer.outputs; j++) sum(layer.grad_W.at(k, j), partial.W.at(j, k), 1);
    }
    return;
  }
  for (int p = block.p0; p < block.p1; p++) {
    sum(layer.grad_W.panel(p, block.k0), partial.W.panel(p, block.k0), std::ptrdiff_t(block.k1 - block.k0) * kPanel);
  }
}

template <typename T> void Tiles<T>::sum(T* to, const T* first, std::ptrdiff_t count) const {
  std::copy_n(first, count, to);
  for (int chunk = 1; chunk < chunks_; chunk++) {
    const T* from = first + partial_size_ * chunk;
    for (std::ptrdiff_t i = 0; i < count; i++) to[i] += from[i];
  }
}

template class Tiles<float>;
template class Tiles<double>;

}  // namespace chainrule
