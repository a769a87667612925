// The memory of a prepared network: one block, in which each array lies where a first round has counted.
#pragma once

#include <cstring>
#include <memory>
#include <new>

#include "network.h"
#include "plan.h"

namespace chainrule {

class Memory {
 public:
  // lay_out(memory) is called twice: to count, then to take.
  template <typename LayOut> explicit Memory(LayOut lay_out) {
    lay_out(*this);
    bytes_ = taken_;
    block_.reset(static_cast<char*>(::operator new(bytes_ ? bytes_ : kLine, kAlignment)));
    std::memset(block_.get(), 0, bytes_);
    taken_ = 0;
    lay_out(*this);
  }

  std::size_t bytes() const { return bytes_; }
  bool is_there() const { return bool(block_); }  // else it is counted
  template <typename U> U* take(std::size_t count) {
    U* at = block_ ? reinterpret_cast<U*>(block_.get() + taken_) : nullptr;
    taken_ += (count * sizeof(U) + kLine - 1) / kLine * kLine;
    return at;
  }
  template <typename U> Panels<U> take(int rows, int columns) {
    const Panels<U> empty{nullptr, rows, columns};
    return {take<U>(empty.size()), rows, columns};
  }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::align_val_t kAlignment{kLine};
  struct Free {
    void operator()(char* p) const { ::operator delete(p, kAlignment); }
  };
  std::unique_ptr<char, Free> block_;
  std::size_t bytes_ = 0, taken_ = 0;
};

// What a plan needs beside the description.
struct Room {
  int rows;       // that the activations hold
  bool train;     // slopes, Δ and the gradient are wanted
  bool in_place;  // layer 1 reads the data where it lies
};

// The network's numbers and functions.
template <typename T> Plan<T> plan_of(const Description& d, const Room& room) {
  Plan<T> p{};
  p.layers = d.layers();
  p.inputs = d.sizes[0];
  p.input = d.uint8 ? Input::uint8 : Input::same;
  p.scale = T(d.scale);
  p.ell = Ell(d.ell);
  p.parameter = T(d.loss_parameter);
  p.rule = Rule(d.rule);
  p.momentum = d.momentum, p.beta1 = d.beta1, p.beta2 = d.beta2, p.epsilon = d.epsilon;
  p.train = room.train;
  p.in_place = room.in_place;
  p.output_keeps_z = is_logarithmic(p.ell);
  p.drop_input = d.dropped(0);
  for (int l = 0; l < p.layers; l++) {
    Layer<T>& layer = p.layer[l];
    layer.inputs = d.sizes[l], layer.outputs = d.sizes[l + 1];
    layer.phi = Phi(d.phis[l]);
    layer.parameter = T(d.parameters[l]);
    layer.drop = d.dropped(l + 1);
  }
  return p;
}

// The quantile of each output, for the loss.
template <typename T> T* take_levels(Memory& memory, const Description& d) {
  const int outputs = d.sizes.back();
  T* levels = memory.take<T>(round_up(outputs, kPanel));
  for (int j = 0; j < outputs && !d.levels.empty() && memory.is_there(); j++) levels[j] = T(d.levels[j]);
  return levels;
}

// Activations of some rows.
template <typename T> void take_activations(Memory& memory, Plan<T>& p, const Room& room) {
  if (!room.in_place) p.A0 = memory.take<T>(room.rows, p.inputs);
  p.loss = memory.take<double>(room.rows / kRowTile + 1);
  for (int l = 0; l < p.layers; l++) {
    Layer<T>& layer = p.layer[l];
    layer.A = memory.take<T>(room.rows, layer.outputs);
    if (!room.train) continue;
    layer.S = memory.take<T>(room.rows, layer.outputs);
    layer.delta = memory.take<T>(room.rows, layer.outputs);
  }
}

// Weights, the optimizer's state, the gradient.
template <typename T> void take_weights(Memory& memory, Plan<T>& p, const Room& room, bool slots) {
  for (int l = 0; l < p.layers; l++) {
    Layer<T>& layer = p.layer[l];
    const int inputs = layer.inputs, outputs = layer.outputs, bias = round_up(outputs, kPanel);
    layer.W = memory.take<T>(inputs, outputs);
    layer.b = memory.take<T>(bias);
    if (l || room.in_place) layer.W_back = memory.take<T>(outputs, inputs);
    if (!room.train) continue;
    for (int s = 0; s < kMaxSlots && slots; s++) {
      layer.slot_W[s] = memory.take<T>(inputs, outputs);
      layer.slot_b[s] = memory.take<T>(bias);
    }
    layer.grad_W = memory.take<T>(inputs, outputs);
    layer.grad_b = memory.take<T>(bias);
  }
}

// The weights of a plan in another one, which has activations of its own.
template <typename T> void share_weights(const Plan<T>& from, Plan<T>& to) {
  for (int l = 0; l < from.layers; l++) {
    to.layer[l].W = from.layer[l].W;
    to.layer[l].b = from.layer[l].b;
    to.layer[l].W_back = from.layer[l].W_back;
  }
}

}  // namespace chainrule
